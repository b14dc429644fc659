//! Relays: the last way for two members between whom no direct one leads (PROTOCOL, *Through NATs*).
//!
//! Each of the two opens a connection of its own and shows a secret of their introduction. [`relays`] brings them
//! together: one table of the introductions that still count and the relays that are open. [`place`] is the work: the
//! thread of each connection passes on what its client writes. [`course`] holds the two rules of it that know time: how
//! fast bytes are passed on, and when it is over.
//!
//! What passes is the two clients' own TLS, so the server reads nothing. It must not add a byte either: as soon as a
//! connection is relayed, nothing else is written to it.

pub mod course;
pub mod relays;
pub mod place;

pub use place::RelayPlace;
pub use relays::Relays;
