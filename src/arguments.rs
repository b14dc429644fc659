//! Command lines: words, `--flag VALUE` and `--flag=VALUE`; and what a program does with its own.

use std::fmt::Display;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;

/// The words of a command line, and its flags with their values, each in order.
#[derive(Debug, Default)]
pub struct Arguments {
    /// What is no flag.
    pub words: Vec<String>,
    /// Flags without their `--`. A switch has an empty value.
    pub flags: Vec<(String, String)>,
}

impl Arguments {
    /// Splits a command line, without the program's name. `switches` are the flags that take no value.
    ///
    /// # Errors
    /// When a flag lacks its value, or a switch has one.
    pub fn split(
        line: impl Iterator<Item = String>,
        switches: &[&str],
    ) -> Result<Arguments, String> {
        let (mut arguments, mut line) = (Arguments::default(), line);
        while let Some(word) = line.next() {
            let Some(flag) = word.strip_prefix("--") else {
                arguments.words.push(word);
                continue;
            };
            let (flag, value) = match flag.split_once('=') {
                Some((flag, _)) if switches.contains(&flag) => {
                    return Err(format!("--{flag} takes no value"));
                }
                Some((flag, value)) => (flag.to_owned(), value.to_owned()),
                None if switches.contains(&flag) => (flag.to_owned(), String::new()),
                None => {
                    let value = line.next().ok_or_else(|| format!("--{flag} needs a value"))?;
                    (flag.to_owned(), value)
                }
            };
            arguments.flags.push((flag, value));
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

/// A whole program: shows its usage to who asks for it, reads its command line, runs it, and tells on
/// stderr why it failed.
pub fn program<T>(
    name: &str,
    usage: &str,
    parse: impl FnOnce(std::iter::Skip<std::env::Args>) -> Result<T, String>,
    run: impl FnOnce(T) -> Result<(), Failure>,
) -> ExitCode {
    if std::env::args().any(|word| word == "--help" || word == "-h") {
        let _ = writeln!(io::stdout(), "{usage}"); // nobody may be reading it
        return ExitCode::SUCCESS;
    }
    let bad = |message| Failure { message: format!("{message}\n{usage}"), code: 2 };
    match parse(std::env::args().skip(1)).map_err(bad).and_then(run) {
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
        format!("{what} is a number from {} to {}, not '{value}'", range.start(), range.end())
    })
}
