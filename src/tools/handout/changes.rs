//! What a hand-in has changed outside of the marked functions.
//!
//! Helpers beside a marked function are allowed, and so are imports. The instructor sees them: a change in a
//! place where nothing was to be done is worth a look.

use super::mark::{Mark, marks};

/// The most pairs of lines that are compared. Files that differ in more are listed as a whole.
const MOST: usize = 4_000_000;

/// Lists the lines of a file that were added (`+ 12: text`) or removed (`- text`) outside of the marked functions.
///
/// `given` is the text of the solution, and `handed_in` that of the student. Blank lines are not compared, nor are
/// spaces at the ends of lines. The bodies of marked functions are left out on both sides, so the list shows nothing of
/// the solution that students do not have.
pub fn changes(given: &str, handed_in: &str) -> Vec<String> {
    let known = outside(given, &marks(given).unwrap_or_default());
    let Ok(found) = marks(handed_in) else {
        let all = difference(&known, &outside(handed_in, &[]));
        let head = "its marked functions cannot be told apart, so all of it is compared".to_owned();
        return [vec![head], all].concat();
    };
    difference(&known, &outside(handed_in, &found))
}

/// The lines of a source outside of the bodies of its marked functions, with their numbers. A mark has no stand-in
/// here, for students do not get it.
fn outside<'a>(source: &'a str, marks: &[Mark]) -> Vec<(usize, &'a str)> {
    let mut lines = Vec::new();
    let mut at = 0;
    for (number, line) in source.split_inclusive('\n').enumerate() {
        let is_inside = marks.iter().any(|mark| mark.body.start < at && at < mark.body.end);
        let is_mark = marks.iter().any(|mark| (at..at + line.len()).contains(&mark.comment.start));
        let text = if is_mark { line.split(" => ").next().unwrap_or(line) } else { line };
        if !is_inside && !text.trim().is_empty() {
            lines.push((number + 1, text.trim_end()));
        }
        at += line.len();
    }
    lines
}

/// The lines that only one of two texts has, in their order. The rest is a longest common subsequence.
///
/// What both texts begin with is not compared twice. Files that differ too much are listed line by line: a table for
/// them would need more memory than it is worth.
fn difference(before: &[(usize, &str)], after: &[(usize, &str)]) -> Vec<String> {
    let added = |line: &(usize, &str)| format!("+ {}: {}", line.0, line.1);
    let removed = |line: &(usize, &str)| format!("- {}", line.1);
    let same = |one: &(usize, &str), other: &(usize, &str)| one.1 == other.1;
    let begin = before.iter().zip(after).take_while(|(one, other)| same(one, other)).count();
    let (before, after) = (&before[begin..], &after[begin..]);
    let (rows, columns) = (before.len(), after.len());
    if rows.saturating_mul(columns) > MOST {
        return before.iter().map(removed).chain(after.iter().map(added)).collect();
    }
    // lengths[row][column]: how many lines the two rests have in common.
    let mut lengths = vec![vec![0_usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            lengths[row][column] = if same(&before[row], &after[column]) {
                lengths[row + 1][column + 1] + 1
            } else {
                lengths[row + 1][column].max(lengths[row][column + 1])
            };
        }
    }
    let (mut row, mut column, mut lines) = (0, 0, Vec::new());
    while row < rows || column < columns {
        if row < rows && column < columns && same(&before[row], &after[column]) {
            (row, column) = (row + 1, column + 1);
        } else if column == columns
            || row < rows && lengths[row + 1][column] >= lengths[row][column + 1]
        {
            lines.push(removed(&before[row]));
            row += 1;
        } else {
            lines.push(added(&after[column]));
            column += 1;
        }
    }
    lines
}
