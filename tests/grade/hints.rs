//! Help in three steps: where to look, what to think of, how it is done. The words are in `hints.txt`.

/// The page of hints: a check's name at the beginning of a line, then its steps, indented.
const PAGE: &str = include_str!("hints.txt");

/// The steps of help for a check.
pub fn hints(check: &str) -> Vec<&'static str> {
    let mut lines = PAGE.lines().skip_while(|line| *line != check);
    let steps = lines.by_ref().skip(1).take_while(|line| line.starts_with(' '));
    steps.map(str::trim).collect()
}
