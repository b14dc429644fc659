//! Marks: a comment line right above a function gives the function's body to a lab.
//!
//! A *loud* mark tells the task, and its stub panics. A *quiet* mark adds a stand-in after `=>`: its stub
//! returns that value, so that the rest of the program works without the function.
//!
//! ```text
//! // LAB 3: list everybody in order
//! // LAB 8: note a sign of life => false
//! ```
//!
//! Marked sources must be formatted by rustfmt. So the body begins at the first `{` below the mark, which ends
//! its line, and it ends at the first `}` with the indentation of the mark. Any other format is an error, and so
//! is every mark that cannot be obeyed: a wrong tree must never reach a class.

use std::ops::Range;

use super::scanner::{code, is_letter, letters, line};

/// The numbers of the labs.
pub const LABS: std::ops::RangeInclusive<u32> = 0..=12;

/// The message for a mark that does not look like one.
const SHAPE: &str =
    "a mark is `// LAB N: what is to be done`, or that and ` => what is given meanwhile`";
/// The message for a mark without a function.
const NO_FUNCTION: &str = "there is no function right below this mark";
/// The message for a function whose end is not where rustfmt puts it.
const NO_END: &str = "the function below this mark has no end at its own indentation";

/// A mark, and the function that it leaves to the students. All positions are bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The number of the lab.
    pub lab: u32,
    /// The task in a few words. The student reads it above the stub, and when the stub is called.
    pub task: String,
    /// The value that a quiet stub returns.
    pub stand_in: Option<String>,
    /// The line of the mark, from 1.
    pub line: usize,
    /// The name of the function, behind the type that it belongs to: `Registry::join`.
    pub function: String,
    /// The names of the arguments, with `self` and without `_`. The stub uses them.
    pub arguments: Vec<String>,
    /// The number of lines between the braces of the body.
    pub lines: usize,
    /// The position of the mark in the source.
    pub comment: Range<usize>,
    /// The position of the body in the source, with its braces.
    pub body: Range<usize>,
}

/// Finds the marks of a source, from top to bottom.
///
/// # Errors
/// The line and the reason: an unknown lab, two marks for one function, a mark without a function, a mark in a
/// marked function, a second lab in the same file, or a function that cannot be left open.
pub fn marks(source: &str) -> Result<Vec<Mark>, (usize, String)> {
    let code = code(source).map_err(|line| (line, "this has no end, or is no Rust".to_owned()))?;
    let slashes = code.match_indices("//").map(|(at, _)| at);
    let mut found: Vec<Mark> = Vec::new();
    for at in slashes.filter(|at| !code[..*at].ends_with('/')) {
        let comment = first_line(&source[at..]);
        if !is_mark(comment) {
            continue;
        }
        let wrong = |what: &str| (line(source, at), what.to_owned());
        if found.last().is_some_and(|last| at < last.body.end) {
            return Err(wrong("a mark stands in a function that is marked itself"));
        }
        let mark = Mark::read(source, &code, at..at + comment.len()).map_err(wrong)?;
        if found.first().is_some_and(|first| first.lab != mark.lab) {
            return Err(wrong("another lab has marks in this file already"));
        }
        found.push(mark);
    }
    Ok(found)
}

/// The first line of a text.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Whether a comment is meant as a mark: after `LAB` comes a number, a blank or a colon (not so in `LAB.md`).
fn is_mark(comment: &str) -> bool {
    let rest = comment.trim_start_matches('/').trim_start().strip_prefix("LAB");
    rest.is_some_and(|rest| rest.starts_with([' ', ':']) || rest.starts_with(char::is_numeric))
}

/// The lab, the task and the stand-in of a mark.
///
/// # Errors
/// The comment has another form, or the number belongs to no lab.
fn parse(comment: &str) -> Result<(u32, String, Option<String>), &'static str> {
    let rest = comment.strip_prefix("// LAB ").ok_or(SHAPE)?;
    let (number, rest) = rest.split_once(": ").ok_or(SHAPE)?;
    let lab = number.parse().map_err(|_| SHAPE)?;
    if !LABS.contains(&lab) {
        return Err("there is no such lab");
    }
    let (task, stand_in) = match rest.split_once(" => ") {
        Some((task, stand_in)) => (task, Some(stand_in.trim().to_owned())),
        None => (rest, None),
    };
    if task.trim().is_empty() || stand_in.as_ref().is_some_and(String::is_empty) {
        return Err(SHAPE);
    }
    Ok((lab, task.trim().to_owned(), stand_in))
}

impl Mark {
    /// Reads the mark at this position, and the function below it.
    fn read(source: &str, code: &str, comment: Range<usize>) -> Result<Mark, &'static str> {
        let indent = code[..comment.start].rsplit('\n').next().unwrap_or_default();
        if !indent.trim().is_empty() {
            return Err("a mark stands on a line of its own");
        }
        let (lab, task, stand_in) = parse(&source[comment.clone()])?;
        let (_, below) = code[comment.end..].split_once('\n').ok_or(NO_FUNCTION)?;
        let begin = source.len() - below.len();
        if is_mark(first_line(&source[begin..]).trim_start()) {
            return Err("two marks for one function");
        }
        let name = name(below)?;
        let body = body(below, indent)?;
        Ok(Mark {
            lab,
            task,
            stand_in,
            line: line(source, comment.start),
            function: owner(&code[..comment.start], indent) + name,
            arguments: arguments(&below[..body.start])?,
            lines: below[body.clone()].matches('\n').count() - 1,
            comment,
            body: begin + body.start..begin + body.end,
        })
    }
}

/// The name of the function that begins in the first line of this code.
///
/// # Errors
/// No function begins there, or it has another keyword than `pub` before `fn`. A stub is not `const`.
fn name(code: &str) -> Result<&str, &'static str> {
    let (before, rest) = first_line(code).trim_start().split_once("fn ").ok_or(NO_FUNCTION)?;
    match before {
        "" | "pub " => Ok(&rest[..letters(rest)]),
        _ if before.starts_with("pub(") && before.ends_with(") ") => Ok(&rest[..letters(rest)]),
        _ => Err("only a plain function can be marked"),
    }
}

/// The position of the body of the function that begins in the first line of this code.
///
/// # Errors
/// The function has no body, or rustfmt would format it otherwise.
fn body(code: &str, indent: &str) -> Result<Range<usize>, &'static str> {
    let open = code.find('{').unwrap_or(code.len());
    if code[..open].contains(";\n") {
        return Err("this function has no body");
    }
    let (brace, inside) = code[open..].split_once('\n').ok_or(NO_END)?;
    if !brace[1..].trim_end_matches('/').trim().is_empty() {
        return Err("the body of this function has no lines of its own");
    }
    let deeper = format!("{indent} ");
    // A line of a longer literal lies anywhere.
    let is_inside =
        |line: &&str| line.trim().is_empty() || line.starts_with(&deeper) || line.starts_with('"');
    let length: usize = inside.split_inclusive('\n').take_while(is_inside).map(str::len).sum();
    let end = inside[length..].strip_prefix(indent).ok_or(NO_END)?;
    if first_line(end) != "}" {
        return Err(NO_END);
    }
    Ok(open..code.len() - end.len() + 1)
}

/// The names of the arguments in the head of a function: a word before `: `, and the receiver.
///
/// # Errors
/// A stub for this head would not compile, or not without a warning.
fn arguments(head: &str) -> Result<Vec<String>, &'static str> {
    let (_, head) = head.split_once("fn ").ok_or(NO_FUNCTION)?;
    let open = if head[letters(head)..].starts_with('<') { ">(" } else { "(" };
    let (_, list) = head.split_once(open).ok_or(NO_END)?;
    let list = list.split("where\n").next().unwrap_or(list);
    if list.contains(") -> impl ") {
        return Err("a function that gives `impl …` cannot be left open");
    }
    let receiver = list.split([',', ')', ':']).next().filter(|first| first.ends_with("self"));
    let colons = list.match_indices(": ").map(|(at, _)| at);
    let mut found = Vec::new();
    for end in receiver.map(str::len).into_iter().chain(colons) {
        let before = list[..end].trim_end_matches(is_letter);
        match &list[before.len()..end] {
            "" => return Err("an argument must have a name"),
            "_" => {}
            "self" if before.contains('&') => found.push("self".to_owned()),
            _ if before.ends_with("mut ") => {
                return Err("an argument that is `mut` would be a warning in its stub");
            }
            name => found.push(name.to_owned()),
        }
    }
    found.dedup(); // `self: Arc<Self>` is a receiver and has a colon
    Ok(found)
}

/// The prefix for the name of a function: `Registry::` inside `impl Registry` or `impl Directory for Registry`,
/// and nothing outside of any `impl`. The code `above` the function ends at its mark.
fn owner(above: &str, indent: &str) -> String {
    let Some(outer) = indent.strip_suffix("    ") else { return String::new() };
    let heads = above.lines().rev().filter_map(|line| line.strip_prefix(outer));
    let mut heads = heads.filter(|line| line.starts_with(is_letter) && !line.starts_with("where"));
    let Some(head) = heads.next().and_then(|head| head.strip_prefix("impl")) else {
        return String::new();
    };
    let head = if head.starts_with('<') { head.split_once("> ") } else { head.split_once(' ') };
    let of = head.map_or("", |(_, of)| of.split_once(" for ").map_or(of, |(_, of)| of));
    format!("{}::", &of[..letters(of)])
}
