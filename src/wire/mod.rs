//! The wire: everything that travels, as values. No I/O but on the readers and writers it is given.
//!
//! Bytes become typed values in steps, one file each: [`line`](mod@line) finds lines, [`framing`] puts them together to
//! blocks ([`block`]), [`http`] tells browsers from clients, and each kind of block has a file of its own: [`request`]
//! for what a client asks, [`response`] for what the server answers, [`notification`] for what it says unasked,
//! [`greeting`] and [`datagram`] for peers, [`reflex`] for a client's question by UDP, [`transfer`] for the files that
//! peers send (in [`base64`]). The values in them ([`name`], [`text`], [`secret`], [`entry`], [`via`], [`reach`]) can
//! only be made valid, so code that holds one need not check it again. [`invisible`] says what of a text no screen
//! shows. [`compat`] holds the rules for other programs, and *Compat* marks such rules elsewhere: skip them at the
//! first reading.
//!
#![doc = include_str!("PROTOCOL.md")]

pub mod line;
pub mod invisible;
pub mod text;
pub mod name;
pub mod secret;
pub mod block;
pub mod http;
pub mod framing;
pub mod compat;
pub mod via;
pub mod reach;
pub mod request;
pub mod entry;
pub mod response;
pub mod notification;
pub mod datagram;
pub mod reflex;
pub mod base64;
pub mod transfer;
pub mod greeting;

pub use block::{Block, MAX_ANSWER_LINES, MAX_REQUEST_LINES};
pub use datagram::{Datagram, MAX_DATAGRAM, MAX_DATAGRAM_TEXT, MAX_SEALED, PunchNonce};
pub use entry::{Candidates, Credentials, Entry};
pub use framing::{BlockParser, BlockReader};
pub use greeting::Greeting;
pub use line::{Line, MAX_LINE};
pub use name::{Name, PeerRef};
pub use notification::{Notification, Reason, SAID_TAIL_END};
pub use reach::{Reachable, RelayProof};
pub use reflex::{ReflexAnswer, ReflexQuestion};
pub use request::{LastSeen, Refusal, Request, USUAL_HISTORY};
pub use response::{Introduction, Response, Welcome};
pub use secret::Secret;
pub use text::Text;
pub use transfer::{Checksum, FileBlock, FileEnd};
pub use via::Via;
