//! Names (the clientID), and references to a client: what a person types after a command.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

/// The most characters of a name (PROTOCOL, limits).
const MAX_NAME: usize = 32;
/// The names that nobody may have, in any case: what is said under them would look like words of the program itself.
const RESERVED: [&str; 3] = ["server", "you", "me"];

/// A valid clientID: 1 to 32 of `A-Z a-z 0-9 _ - .`, and not digits only, because digits mean an ID. `server`, `you`
/// and `me` are reserved.
///
/// Names that differ only in the case of letters are equal, and have the same hash. Each is shown as its owner
/// wrote it. A clone shares the letters, for the server keeps a name in many places.
#[derive(Debug, Clone)]
pub struct Name(Arc<str>);

/// The error for a text that is no name. Displayed, it is the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadName;

impl FromStr for Name {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Name, BadName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let valid = (1..=MAX_NAME).contains(&name.len())
            && name.bytes().all(allowed)
            && !name.bytes().all(|byte| byte.is_ascii_digit())
            && !RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
        if valid { Ok(Name(name.into())) } else { Err(BadName) }
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "a name must have 1 to {MAX_NAME} of A-Z a-z 0-9 _ - . and must not be a number"
        )?;
        let [first, second, third] = RESERVED;
        write!(f, ", {first}, {second} or {third}")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

/// A reference to a client: what a `Peer` header holds, and what a person types after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerRef {
    /// The client of that name.
    Name(Name),
    /// The client to which the server gave that ID.
    Id(u64),
    /// The client that listens on that address.
    Address(SocketAddr),
}

impl FromStr for PeerRef {
    type Err = BadName;

    /// Parses digits as an ID, an address as an address, and anything else as a name.
    fn from_str(text: &str) -> Result<PeerRef, BadName> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(PeerRef::Id).map_err(|_| BadName);
        }
        text.parse().map(PeerRef::Address).or_else(|_| text.parse().map(PeerRef::Name))
    }
}

impl fmt::Display for PeerRef {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            PeerRef::Name(name) => name.fmt(f),
            PeerRef::Id(id) => id.fmt(f),
            PeerRef::Address(address) => address.fmt(f),
        }
    }
}
