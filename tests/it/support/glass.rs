//! A tiny terminal: what a person sees after these bytes. Only a pty's output and the sequences that a prompt needs.

/// A terminal's glass. Rows that have left it at the top are kept, but no cursor gets there.
#[derive(Debug)]
pub struct Glass {
    columns: usize,
    height: usize,
    /// The right half of a wide character is `None`.
    rows: Vec<Vec<Option<String>>>,
    row: usize,
    column: usize,
}

impl Glass {
    /// An empty one of that size.
    pub fn new(columns: usize, height: usize) -> Self {
        Self { columns, height, rows: vec![Vec::new()], row: 0, column: 0 }
    }

    /// The glass after these bytes.
    pub fn after(columns: usize, height: usize, bytes: &[u8]) -> Self {
        let mut glass = Self::new(columns, height);
        glass.write(&String::from_utf8_lossy(bytes));
        glass
    }

    /// Takes what a program writes.
    #[track_caller]
    pub fn write(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\x07' => {}
                '\r' => self.column = 0,
                '\n' => self.down(),
                '\x1b' => {
                    // One that is not whole yet has no effect.
                    let Some(sequence) = rest.as_str().strip_prefix('[') else { return };
                    let Some(end) = sequence.find(|c: char| c.is_ascii_alphabetic()) else {
                        return;
                    };
                    self.sequence(&sequence[..end], char::from(sequence.as_bytes()[end]));
                    rest = sequence[end + 1..].chars();
                }
                c => self.put(c),
            }
        }
    }

    /// All rows from the first on, without blanks at their ends.
    pub fn rows(&self) -> Vec<String> {
        let row = |row: &Vec<Option<String>>| row.iter().flatten().cloned().collect::<String>();
        self.rows.iter().map(|cells| row(cells).trim_end().to_owned()).collect()
    }

    /// The cursor's row, counted as [`Glass::rows`] has them, and column.
    pub fn cursor(&self) -> (usize, usize) {
        (self.row, self.column)
    }

    /// Whether the last rows are these and the cursor stands in the last, in that column.
    pub fn ends_with(&self, rows: &[&str], column: usize) -> bool {
        self.rows().ends_with(&rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>())
            && self.cursor() == (self.rows.len() - 1, column)
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Vec::new());
        }
    }

    fn put(&mut self, c: char) {
        let width = width(c);
        if width == 0 {
            // It joins what stands before the cursor.
            if let Some(cell) = self.rows[self.row][..self.column].iter_mut().rev().flatten().next()
            {
                cell.push(c);
            }
            return;
        }
        // Behind a full row the cursor waits for the next character, and only then goes on.
        if self.column + width > self.columns {
            self.down();
            self.column = 0;
        }
        let row = &mut self.rows[self.row];
        if row.len() < self.column + width {
            row.resize(self.column + width, Some(" ".to_owned()));
        }
        row[self.column] = Some(c.to_string());
        row[self.column + 1..self.column + width].fill(None);
        self.column += width;
    }

    #[track_caller]
    fn sequence(&mut self, body: &str, end: char) {
        let count = body.parse().unwrap_or(1);
        let at = self.column.min(self.columns - 1); // also behind a full row
        match (body, end) {
            (_, 'A') => {
                let top = self.rows.len().saturating_sub(self.height);
                (self.row, self.column) = (self.row.saturating_sub(count).max(top), at);
            }
            (_, 'C') => self.column = (at + count).min(self.columns - 1),
            ("", 'J') => {
                self.rows.truncate(self.row + 1);
                self.rows[self.row].truncate(at);
            }
            (_, 'm') | ("?2004", 'h' | 'l') => {}
            _ => panic!("this glass does not know ESC [ {body} {end}"),
        }
    }
}

/// How wide the few characters are that tests use.
fn width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36F}' | '\u{200D}' | '\u{FE0F}' => 0,
        '一'..='鿿' | '가'..='힣' | '🌀'..='🫿' => 2,
        _ => 1,
    }
}
