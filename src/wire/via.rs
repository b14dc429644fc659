//! By which way two clients are about to talk to each other.
//!
//! ```text
//! tcp     asker ───TCP──► called
//! udp     asker ◄──UDP──► called
//! back    asker ◄──TCP─── called
//! relay   asker ───TCP──► server ◄──TCP─── called
//! ```
//!
//! BRIDGE and CALL name the way in their header `Via`. A block without that header is about TCP.
//!
//! ```
//! use p2p_chat::wire::Via;
//!
//! assert_eq!("back".parse(), Ok(Via::Back));
//! assert_eq!(Via::Relay.to_string(), "relay");
//! assert!("Back".parse::<Via>().is_err());
//! ```

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
    /// There is nothing to say of a word that is no way.
    type Err = ();

    /// Reads the word of a header `Via`. It must be written in small letters.
    fn from_str(text: &str) -> Result<Via, ()> {
        let found = Via::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(via, _)| *via).ok_or(())
    }
}

impl fmt::Display for Via {
    /// Writes the word that stands on the wire.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let found = Via::ALL.iter().find(|(via, _)| via == self);
        f.write_str(found.map_or("", |(_, word)| word))
    }
}
