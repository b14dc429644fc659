//! Command lines: words, `--flag VALUE` and `--flag=VALUE`, and what all programs here do with theirs.
//!
//! By convention exit code 2 means a wrong command line, and 1 means that the program failed.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::Ipv6Addr;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;
use std::vec::IntoIter;

use crate::io_error::cause;

/// The words of a command line, and its flags with their values, each in order.
#[derive(Debug, Default)]
pub struct Arguments {
    /// The words that are no flags.
    pub words: Vec<String>,
    /// Flags without their `--`. A switch has an empty value.
    pub flags: Vec<(String, String)>,
}

impl Arguments {
    /// Splits a command line, given without the program's name. The flags in `known` take a value, those in
    /// `switches` take none. A flag in both takes a value after `=`, or the next word if that is a number;
    /// otherwise its value is empty.
    ///
    /// # Errors
    /// When a flag is unknown, is given twice, lacks its value, or has a value that it does not take.
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

/// Why a program fails: a sentence, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong. Empty if the user was told already.
    pub message: String,
    /// 2 for a mistake of the user, 1 for an error of the operating system.
    pub code: u8,
}

impl Failure {
    /// Makes the failure for an error of the operating system: verb, object, cause.
    pub fn cannot(verb: &str, object: impl Display, error: &io::Error) -> Failure {
        Failure { message: format!("cannot {verb} {object}: {}", cause(error)), code: 1 }
    }
}

/// Runs a whole program: prints its usage for `--help` and its version for `--version`, parses its command line, runs
/// it, and reports on stderr why it failed.
pub fn program<T>(
    name: &str,
    usage: &str,
    parse: impl FnOnce(IntoIter<String>) -> Result<T, String>,
    run: impl FnOnce(T) -> Result<(), Failure>,
) -> ExitCode {
    let line: Result<Vec<String>, _> = env::args_os().skip(1).map(OsString::into_string).collect();
    let line = line.map_err(|word| format!("{} is not UTF-8", word.display()));
    if line.iter().flatten().any(|word| word == "--help" || word == "-h") {
        let written = writeln!(io::stdout(), "{usage}");
        return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if line.iter().flatten().any(|word| word == "--version" || word == "-V") {
        let _ = writeln!(io::stdout(), "{name} (p2p-chat) {}", env!("CARGO_PKG_VERSION")); // as above
        return ExitCode::SUCCESS;
    }
    let bad = |message| {
        // The error comes last: there it is read.
        let _ = writeln!(io::stderr(), "{usage}"); // a closed stderr is no failure
        Failure { message, code: 2 }
    };
    let parsed = line.and_then(|line| parse(line.into_iter())).map_err(bad);
    match parsed.and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) if message.is_empty() => ExitCode::from(code), // it is told
        Err(Failure { message, code }) => {
            let _ = writeln!(io::stderr(), "{name}: {message}"); // nor is a closed stderr
            ExitCode::from(code)
        }
    }
}

/// Parses a number within a range: digits and nothing else. (The standard library also takes `+5`.) The error names
/// it as `what`.
///
/// # Errors
/// When `value` is no number, or out of range.
pub fn number<T>(what: &str, value: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let digits = Some(value).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        format!("{what} must be a number from {} to {}, not '{value}'", range.start(), range.end())
    })
}

/// Checks a host: a name, an IPv4 address, or an IPv6 address, which may stand in brackets. Returns it without them.
///
/// # Errors
/// When `value` can be none of these.
pub fn host(what: &str, value: &str) -> Result<String, String> {
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let host = inner.unwrap_or(value);
    let (address, _zone) = host.split_once('%').unwrap_or((host, "")); // RFC 4007, 11: fe80::1%eth0
    let fits = if inner.is_some() || host.contains(':') {
        address.parse::<Ipv6Addr>().is_ok()
    } else {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !host.is_empty() && host.bytes().all(allowed)
    };
    if fits { Ok(host.to_owned()) } else { Err(format!("{what} is no host: '{value}'")) }
}

/// Checks `HOST:PORT`, or `HOST` if there is a `usual` port. An IPv6 address stands in brackets, as in a URL (RFC 3986,
/// 3.2.2). Returns it with its port.
///
/// # Errors
/// When `server` is anything else.
pub fn server_address(server: &str, usual: Option<&str>) -> Result<String, String> {
    let rule = || match usual {
        Some(_) => format!("'{server}' is not HOST[:PORT] or [IPV6][:PORT]"),
        None => format!("'{server}' is not HOST:PORT or [IPV6]:PORT"),
    };
    let split = server.rsplit_once(':').filter(|_| !server.ends_with(']'));
    let (name, port) = split.or(usual.map(|port| (server, port))).ok_or_else(rule)?;
    let is_bare = name.contains(':') && !name.starts_with('[');
    if is_bare || host("HOST", name).is_err() {
        return Err(rule());
    }
    number("the server's port", port, 1..=u16::MAX)?;
    Ok(format!("{name}:{port}"))
}
