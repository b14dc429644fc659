//! Marks: one comment line above a function says which lab leaves its body to the students.
//!
//! A *loud* one says what is to be done, and its stub panics. A *quiet* one says besides, after `=>`, what
//! its stub gives, for what must go on without it.

use super::lexer::{Token, TokenKind, closing, tokens};
use std::ops::Range;

/// The labs that there are.
pub const LABS: std::ops::RangeInclusive<u32> = 1..=9;

/// A function that a lab leaves to the students.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The lab's number.
    pub lab: u32,
    /// What is to be done.
    pub task: String,
    /// What a quiet stub gives.
    pub stand_in: Option<String>,
    /// The line of the mark, from 1.
    pub line: usize,
    /// The function, with the type that it belongs to: `Registry::join`.
    pub function: String,
    /// Its arguments, without their types.
    pub arguments: Vec<String>,
    /// How many lines the body has.
    pub lines: usize,
    /// Where the mark's comment stands.
    pub comment: Range<usize>,
    /// Where the body stands, with its braces.
    pub body: Range<usize>,
}

/// The marks of a source, in its order.
///
/// # Errors
/// The line and what is wrong there: an unknown lab, two marks for one function, none below a mark, or one
/// that cannot be left open.
pub fn marks(source: &str) -> Result<Vec<Mark>, (usize, String)> {
    let line = |at: usize| source[..at].matches('\n').count() + 1;
    let tokens = tokens(source).map_err(|at| (line(at), "this has no end".to_owned()))?;
    let mut found: Vec<Mark> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::LineComment || !is_mark(token.text) {
            continue;
        }
        let wrong = |what: &str| (line(token.start), what.to_owned());
        let before = source[..token.start].rsplit('\n').next().unwrap_or("");
        if !before.trim().is_empty() {
            return Err(wrong("a mark stands on a line of its own"));
        }
        if found.last().is_some_and(|last| token.start < last.body.end) {
            return Err(wrong("a mark stands in a function that is marked itself"));
        }
        let (lab, task, stand_in) = parse(token.text).map_err(wrong)?;
        let function = Function::after(&tokens, index).map_err(wrong)?;
        found.push(Mark {
            lab,
            task,
            stand_in,
            line: line(token.start),
            function: function.name,
            arguments: function.arguments,
            lines: source[function.body.clone()].matches('\n').count().saturating_sub(1),
            comment: token.start..token.end,
            body: function.body,
        });
    }
    if let Some(other) = found.iter().find(|mark| mark.lab != found[0].lab) {
        return Err((other.line, "another lab has marks in this file already".to_owned()));
    }
    Ok(found)
}

/// Whether a comment is meant to be a mark: it speaks of `LAB` and no word goes on there (`LAB.md`).
fn is_mark(comment: &str) -> bool {
    let rest = comment.trim_start_matches('/').trim_start().strip_prefix("LAB");
    rest.is_some_and(|rest| rest.starts_with([' ', ':']) || rest.starts_with(char::is_numeric))
}

/// Lab, task and stand-in of a mark.
fn parse(comment: &str) -> Result<(u32, String, Option<String>), &'static str> {
    let shape =
        "a mark is `// LAB N: what is to be done`, or that and ` => what is given meanwhile`";
    let (number, rest) =
        comment.strip_prefix("// LAB ").and_then(|rest| rest.split_once(": ")).ok_or(shape)?;
    let lab = number.parse().map_err(|_| shape)?;
    if !LABS.contains(&lab) {
        return Err("there is no such lab");
    }
    let (task, stand_in) = match rest.split_once(" => ") {
        Some((task, stand_in)) => (task, Some(stand_in.trim().to_owned())),
        None => (rest, None),
    };
    if task.trim().is_empty() || stand_in.as_ref().is_some_and(String::is_empty) {
        return Err(shape);
    }
    Ok((lab, task.trim().to_owned(), stand_in))
}

/// What is known of a function.
struct Function {
    name: String,
    arguments: Vec<String>,
    body: Range<usize>,
}

impl Function {
    /// The function below the mark with this index.
    fn after(tokens: &[Token], mark: usize) -> Result<Function, &'static str> {
        let mut at = mark + 1;
        let word = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
        while !word(at, "fn") {
            let token = tokens.get(at).ok_or("there is no function below this mark")?;
            match token.text {
                text if token.kind == TokenKind::LineComment && is_mark(text) => {
                    return Err("two marks for one function");
                }
                _ if token.is_comment() => at += 1,
                "pub" if word(at + 1, "(") => at = closing(tokens, at + 1).ok_or(UNCLOSED)? + 1,
                "pub" => at += 1,
                "#" if word(at + 1, "[") => at = closing(tokens, at + 1).ok_or(UNCLOSED)? + 1,
                "const" | "async" | "extern" => return Err("only a plain function can be marked"),
                _ => return Err("there is no function below this mark"),
            }
        }
        let name = tokens.get(at + 1).ok_or(UNCLOSED)?.text.to_owned();
        let open =
            at + 2 + tokens[at + 2..].iter().position(|token| token.is("(")).ok_or(UNCLOSED)?;
        let close = closing(tokens, open).ok_or(UNCLOSED)?;
        if word(close + 1, "->") && word(close + 2, "impl") {
            return Err("a function that gives `impl …` cannot be left open");
        }
        let mut begin = close + 1;
        while !word(begin, "{") {
            begin = match tokens.get(begin).ok_or(UNCLOSED)?.text {
                ";" => return Err("this function has no body"),
                "(" | "[" => closing(tokens, begin).ok_or(UNCLOSED)? + 1,
                _ => begin + 1,
            };
        }
        let end = closing(tokens, begin).ok_or(UNCLOSED)?;
        let name = match owner(tokens, mark) {
            Some(owner) => format!("{owner}::{name}"),
            None => name,
        };
        let arguments = arguments(&tokens[open + 1..close])?;
        Ok(Function { name, arguments, body: tokens[begin].start..tokens[end].end })
    }
}

const UNCLOSED: &str = "the function below this mark has no end";

/// The names of the arguments between a function's brackets.
fn arguments(tokens: &[Token]) -> Result<Vec<String>, &'static str> {
    let (mut found, mut depth, mut begins) = (Vec::new(), 0, true);
    for (index, token) in tokens.iter().enumerate().filter(|(_, token)| !token.is_comment()) {
        match token.text {
            "(" | "[" | "<" | "{" if begins => return Err("an argument must have a name"),
            "(" | "[" | "<" | "{" => depth += 1,
            ")" | "]" | ">" | "}" => depth -= 1,
            "," if depth == 0 => begins = true,
            "&" if begins => {}
            "mut" if begins && !is_borrowed(&tokens[..index]) => {
                return Err("an argument that is `mut` would be a warning in its stub");
            }
            _ if begins && token.kind == TokenKind::Word && token.text != "mut" => {
                found.push(token.text.to_owned());
                begins = false;
            }
            _ => {}
        }
    }
    found.retain(|name| name != "_");
    Ok(found)
}

/// Whether a `mut` after these tokens is that of `&mut self` or `&'a mut self`.
fn is_borrowed(before: &[Token]) -> bool {
    let last = before.iter().rev().find(|token| token.kind != TokenKind::Lifetime);
    last.is_some_and(|token| token.is("&"))
}

/// The type whose `impl` the token with this index stands in.
fn owner<'a>(tokens: &[Token<'a>], index: usize) -> Option<&'a str> {
    let mut depth = 0;
    let open = tokens[..index].iter().rposition(|token| {
        depth += i32::from(token.is("}")) - i32::from(token.is("{"));
        depth < 0
    })?;
    let begin = tokens[..open].iter().rposition(|token| token.is("impl"))?;
    if tokens[begin..open].iter().any(|token| token.is("}") || token.is("{") || token.is("fn")) {
        return None;
    }
    let mut depth = 0;
    let mut names = tokens[begin + 1..open].iter().filter(|token| {
        depth += i32::from(token.is("<")) - i32::from(token.is(">"));
        depth == 0 && token.kind == TokenKind::Word
    });
    let first = names.next()?;
    Some(names.skip_while(|token| !token.is("for")).nth(1).unwrap_or(first).text)
}
