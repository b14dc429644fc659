//! Command lines: words, `--flag VALUE` and `--flag=VALUE`; and what a program does with its own.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;
use std::vec::IntoIter;

use crate::io_error::cause;

/// The words of a command line, and its flags with their values, each in order.
#[derive(Debug, Default)]
pub struct Arguments {
    /// What is no flag.
    pub words: Vec<String>,
    /// Flags without their `--`. A switch has an empty value.
    pub flags: Vec<(String, String)>,
}

impl Arguments {
    /// Splits a command line, without the program's name. `known` are the flags that take a value,
    /// `switches` those that take none. One that is in both takes a value behind `=`, or the next word if
    /// that is a number; it has an empty one otherwise.
    ///
    /// # Errors
    /// When a flag is unknown, given twice, lacks its value, or has one that it does not take.
    pub fn split(
        line: impl Iterator<Item = String>,
        known: &[&str],
        switches: &[&str],
    ) -> Result<Arguments, String> {
        let (mut arguments, mut line) = (Arguments::default(), line.peekable());
        let is_number =
            |word: &String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        while let Some(word) = line.next() {
            if !word.starts_with('-') {
                arguments.words.push(word);
                continue;
            }
            let flag = word.strip_prefix("--").unwrap_or(&word);
            let (flag, value) = match flag.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (flag, None),
            };
            let value = match (known.contains(&flag), switches.contains(&flag), value) {
                (false, false, _) => return Err(format!("unknown flag {word}")),
                (false, true, Some(_)) => return Err(format!("--{flag} takes no value")),
                (false, true, None) => String::new(),
                (true, _, Some(value)) => value,
                (true, true, None) => line.next_if(is_number).unwrap_or_default(),
                (true, false, None) => {
                    line.next().ok_or_else(|| format!("--{flag} needs a value"))?
                }
            };
            if arguments.flags.iter().any(|(given, _)| given == flag) {
                return Err(format!("--{flag} is given twice"));
            }
            arguments.flags.push((flag.to_owned(), value));
        }
        Ok(arguments)
    }
}

/// Why a program ends before its time: a sentence, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub message: String,
    /// 2 for what the user has typed, 1 for what the system has refused.
    pub code: u8,
}

impl Failure {
    /// What the system has refused: verb, object, cause.
    pub fn cannot(verb: &str, object: impl Display, error: &io::Error) -> Failure {
        Failure { message: format!("cannot {verb} {object}: {}", cause(error)), code: 1 }
    }
}

/// A whole program: shows its usage to who asks for it, reads its command line, runs it, and tells on
/// stderr why it failed.
pub fn program<T>(
    name: &str,
    usage: &str,
    parse: impl FnOnce(IntoIter<String>) -> Result<T, String>,
    run: impl FnOnce(T) -> Result<(), Failure>,
) -> ExitCode {
    let line: Result<Vec<String>, _> = env::args_os().skip(1).map(OsString::into_string).collect();
    let line = line.map_err(|word| format!("{} is not UTF-8", word.display()));
    if line.iter().flatten().any(|word| word == "--help" || word == "-h") {
        let _ = writeln!(io::stdout(), "{usage}"); // nobody may be reading it
        return ExitCode::SUCCESS;
    }
    let bad = |message| Failure { message: format!("{message}\n{usage}"), code: 2 };
    let parsed = line.and_then(|line| parse(line.into_iter())).map_err(bad);
    match parsed.and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            let _ = writeln!(io::stderr(), "{name}: {message}"); // the same
            ExitCode::from(code)
        }
    }
}

/// Reads a number within a range; `what` names it in the error.
///
/// # Errors
/// When it is no number or not in the range.
pub fn number<T>(what: &str, value: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        format!("{what} must be a number from {} to {}, not '{value}'", range.start(), range.end())
    })
}
