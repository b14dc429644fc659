//! Names (a clientID), and who can be meant by what a person types.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;

/// The most characters of a name (PROTOCOL, limits).
pub const MAX_NAME: usize = 32;

/// A valid clientID: 1 to 32 of `A-Z a-z 0-9 _ - .`, and not digits only, because digits mean an ID.
/// Names that differ in the case of letters are the same name; each is shown as its owner wrote it.
#[derive(Debug, Clone)]
pub struct Name(Arc<str>);

impl Name {
    /// Checks a name.
    pub fn parse(name: &str) -> Option<Name> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let valid = (1..=MAX_NAME).contains(&name.len())
            && name.bytes().all(allowed)
            && !name.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| Name(name.into()))
    }

    /// The name as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What [`Name::parse`] asks for, for an error message.
pub const NAME_RULE: &str =
    "a name has 1 to 32 of the characters A-Z a-z 0-9 _ - . and is not a number";

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

/// Who is meant: what a `Peer` header holds, and what a person types after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Somebody by name.
    Name(Name),
    /// Somebody by the server's number.
    Id(u64),
    /// Whoever listens at an address.
    Address(SocketAddr),
}

impl Who {
    /// Reads a name, an ID or an address; `None` for what is none of them.
    pub fn parse(text: &str) -> Option<Who> {
        if let Ok(address) = text.parse() {
            return Some(Who::Address(address));
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Who::Id);
        }
        Name::parse(text).map(Who::Name)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Who::Name(name) => name.fmt(f),
            Who::Id(id) => id.fmt(f),
            Who::Address(address) => address.fmt(f),
        }
    }
}
