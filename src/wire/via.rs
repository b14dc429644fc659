//! By which way two clients are about to talk to each other.

use std::fmt;
use std::str::FromStr;

/// The way for which an introduction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Over a TCP connection from the one who asks to the one who is called.
    Tcp,
    /// By UDP datagrams.
    Udp,
    /// Over a TCP connection the other way round: the called one connects.
    Back,
    /// Over two TCP connections to the server, which passes on what comes.
    Relay,
}

impl Via {
    /// The ways with their words on the wire.
    const ALL: [(Via, &str); 4] =
        [(Via::Tcp, "tcp"), (Via::Udp, "udp"), (Via::Back, "back"), (Via::Relay, "relay")];
}

impl FromStr for Via {
    type Err = ();

    fn from_str(text: &str) -> Result<Via, ()> {
        let found = Via::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(via, _)| *via).ok_or(())
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let found = Via::ALL.iter().find(|(via, _)| via == self);
        f.write_str(found.map_or("", |(_, word)| word))
    }
}
