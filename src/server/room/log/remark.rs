//! A remark: a line of the log that begins with `#`. It tells a later start of the server what the messages do not.
//!
//! - `# Log: HEX Seq: 210 ID: 7`: here a start of the server, which calls itself HEX, writes on. Number 210 and ID 7
//!   were the last that were given.
//! - `# Was: HEX Seq: 120`: an earlier start ended at number 120. Only a log that was begun anew needs it.
//! - `# ID 2: bob 127.0.0.1`: bob has that ID, and registered it from there.
//!
//! Any other line that begins with `#` is for people.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::wire::{Name, Secret};

/// The largest number that is believed. A log may be edited, and what is counted on from there must stay below 2^53:
/// programs in many languages keep numbers in a `double`.
pub const LARGEST: u64 = (1 << 53) - (1 << 32);

/// An ID with the client that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenId {
    /// The ID.
    pub id: u64,
    /// The client's name.
    pub name: Name,
    /// Where it has registered from.
    pub ip: IpAddr,
}

/// A remark that the server understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A start of the server, and the last number and ID before what it writes.
    Log {
        /// How the start calls itself.
        log: Secret,
        /// The last number.
        seq: u64,
        /// The last ID.
        id: u64,
    },
    /// An earlier start, and its last number.
    Was {
        /// How it called itself.
        log: Secret,
        /// The last number.
        seq: u64,
    },
    /// An ID that was given.
    Id(GivenId),
}

impl Remark {
    /// Parses a line without its end. Returns `None` for any other line, and for one with a bad number.
    pub fn parse(line: &[u8]) -> Option<Remark> {
        let words = std::str::from_utf8(line.strip_prefix(b"# ")?).ok()?;
        match *words.split(' ').collect::<Vec<_>>() {
            ["Log:", log, "Seq:", seq, "ID:", id] => {
                let log = log.parse().ok()?;
                Some(Remark::Log { log, seq: number(seq)?, id: number(id)? })
            }
            ["Was:", log, "Seq:", seq] => {
                Some(Remark::Was { log: log.parse().ok()?, seq: number(seq)? })
            }
            ["ID", id, name, ip] => {
                let id = number(id.strip_suffix(':')?).filter(|id| *id > 0)?;
                let (name, ip) = (name.parse().ok()?, IpAddr::from_str(ip).ok()?);
                Some(Remark::Id(GivenId { id, name, ip: ip.to_canonical() }))
            }
            _ => None,
        }
    }
}

/// Parses a number of digits only, if it may be believed.
pub fn number(digits: &str) -> Option<u64> {
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| all_digits && *number <= LARGEST)
}

impl fmt::Display for Remark {
    /// Writes the line, with its end.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Remark::Log { log, seq, id } => writeln!(f, "# Log: {log} Seq: {seq} ID: {id}"),
            Remark::Was { log, seq } => writeln!(f, "# Was: {log} Seq: {seq}"),
            Remark::Id(GivenId { id, name, ip }) => writeln!(f, "# ID {id}: {name} {ip}"),
        }
    }
}
