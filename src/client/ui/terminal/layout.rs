//! Where the characters of a line stand on a screen: the row and the column of each, and the width of a
//! character.

use crate::wire::invisible::judged;
use crate::wire::text::code;

/// A line on a screen. Rows and columns count from where the line begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// The characters to write from the first column on. The terminal breaks the rows by itself.
    pub shown: String,
    /// The last row of the line.
    pub last: usize,
    /// The row of the cursor.
    pub row: usize,
    /// The column of the cursor.
    pub column: usize,
}

/// Lays out `text`, in which an end of line begins another row, on so many columns and rows, with the cursor before the
/// byte `cursor`. The text is escaped, as others will see it. Of a text that is longer than the screen it shows the
/// rows that fit, down to the cursor's row.
pub fn layout(text: &str, cursor: usize, (columns, rows): (usize, usize)) -> Layout {
    let (mut shown, mut starts, mut column) = (String::new(), vec![0], 0);
    let mut at = None;
    for (index, c, escaped) in judged(text) {
        if c == '\n' {
            shown.push(c);
            starts.push(shown.len());
            column = 0;
            continue;
        }
        let letters = if escaped { code(c) } else { c.to_string() };
        for (part, c) in letters.chars().enumerate() {
            if column + width(c) > columns {
                starts.push(shown.len());
                column = 0;
            }
            if index == cursor && part == 0 {
                at = Some((starts.len() - 1, column));
            }
            shown.push(c);
            column += width(c);
        }
    }
    if column >= columns {
        // The cursor of a terminal waits at the end of a full row; this moves it into the next one.
        starts.push(shown.len());
        shown.push_str(" \r");
        column = 0;
    }
    let (row, column) = at.unwrap_or((starts.len() - 1, column));
    let first = (row + 1).saturating_sub(rows);
    let end = starts.get(first + rows).copied().unwrap_or(shown.len());
    let last = starts.len().min(first + rows) - first - 1;
    Layout { shown: shown[starts[first]..end].to_owned(), last, row: row - first, column }
}

/// How many columns a character takes: 2 for East Asian characters and emoji (Unicode Standard Annex 11), 0
/// for one that joins the character before it, else 1.
///
/// The tables hold the blocks of Unicode with most of these characters. Characters of rare scripts count as
/// 1. Emoji that are joined to one count as their parts. Terminals differ there, too.
///
/// ```
/// use p2p_chat::client::ui::terminal::layout::width;
///
/// let columns = |text: &str| -> usize { text.chars().map(width).sum() };
/// assert_eq!(["a", "é", "世", "e\u{301}"].map(columns), [1, 1, 2, 1]);
/// ```
pub fn width(c: char) -> usize {
    match u32::from(c) {
        ..0x300 => 1,
        code if is_joining(code) => 0,
        code if is_wide(code) => 2,
        _ => 1,
    }
}

/// Whether a character joins the one before it, as an accent does.
#[rustfmt::skip]
fn is_joining(code: u32) -> bool {
    matches!(code, 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x5BF | 0x5C1..=0x5C2 | 0x5C4..=0x5C5
        | 0x610..=0x61A | 0x64B..=0x65F | 0x670 | 0x6D6..=0x6DC | 0x6DF..=0x6E4 | 0x6E7..=0x6E8
        | 0x900..=0x902 | 0x93A | 0x93C | 0x941..=0x948 | 0x94D | 0xE31 | 0xE34..=0xE3A | 0xE47..=0xE4E
        | 0x1160..=0x11FF | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x200C..=0x200D | 0x2060..=0x2064
        | 0x20D0..=0x20FF | 0x302A..=0x302D | 0x3099..=0x309A | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F
        | 0xE0000..=0xE01EF)
}

/// Whether a character takes two columns.
#[rustfmt::skip]
fn is_wide(code: u32) -> bool {
    matches!(code, 0x1100..=0x115F | 0x231A..=0x231B | 0x23E9..=0x23EC | 0x23F0 | 0x23F3
        | 0x25FD..=0x25FE | 0x2614..=0x2615 | 0x2648..=0x2653 | 0x267F | 0x2693 | 0x26A1 | 0x26AA..=0x26AB
        | 0x26BD..=0x26BE | 0x26C4..=0x26C5 | 0x26CE | 0x26D4 | 0x26EA | 0x26F2..=0x26F3 | 0x26F5 | 0x26FA
        | 0x26FD | 0x2705 | 0x270A..=0x270B | 0x2728 | 0x274C | 0x274E | 0x2753..=0x2755 | 0x2757
        | 0x2795..=0x2797 | 0x27B0 | 0x27BF | 0x2B1B..=0x2B1C | 0x2B50 | 0x2B55 | 0x2E80..=0x303E
        | 0x3041..=0xA4CF | 0xA960..=0xA97F | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE10..=0xFE19
        | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x16FE0..=0x1B2FF | 0x1F004 | 0x1F0CF
        | 0x1F18E | 0x1F191..=0x1F19A | 0x1F200..=0x1F320 | 0x1F32D..=0x1F335 | 0x1F337..=0x1F37C
        | 0x1F37E..=0x1F393 | 0x1F3A0..=0x1F3CA | 0x1F3CF..=0x1F3D3 | 0x1F3E0..=0x1F3F0 | 0x1F3F4
        | 0x1F3F8..=0x1F43E | 0x1F440 | 0x1F442..=0x1F4FC | 0x1F4FF..=0x1F53D | 0x1F54B..=0x1F54E
        | 0x1F550..=0x1F567 | 0x1F57A | 0x1F595..=0x1F596 | 0x1F5A4 | 0x1F5FB..=0x1F64F
        | 0x1F680..=0x1F6C5 | 0x1F6CC | 0x1F6D0..=0x1F6DF | 0x1F6EB..=0x1F6EC | 0x1F6F4..=0x1F6FC
        | 0x1F7E0..=0x1F7F0 | 0x1F90C..=0x1F9FF | 0x1FA70..=0x1FAFF | 0x20000..=0x3FFFD)
}
