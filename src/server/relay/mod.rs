//! Relays: the last way for two members between whom no direct one leads (PROTOCOL, *Through NATs*).
//!
//! Each of the two opens a connection of its own and shows a secret of their introduction. [`relays`] brings them
//! together: one table of the introductions that still count and the relays that are open. [`place`] is the work: the
//! thread of each connection passes on what its client writes. [`course`] holds the two rules of it that know time: how
//! fast bytes are passed on, and when it is over.
//!
//! ```text
//! alice                      server                       bob
//!   │── BRIDGE Via: relay ──►│                             │   the connections on which they have joined
//!   │◄─ BRIDGEACK ───────────│──────────────────── CALL ──►│
//!   ╎                        │                             ╎
//!   │══ RELAY Ticket ═══════►│◄═══════════ RELAY Answer ═══│   a connection of its own each
//!   │◄═ RELAYACK ════════════│═════════════════ RELAYACK ═►│
//!   │◄ close_notify ════════►│◄═══════════ close_notify ══►│   if that connection was TLS
//!   │                        │                             │
//!   │── their own TLS ──────►│── the same bytes ──────────►│   the thread of alice's connection
//!   │◄─ the same bytes ──────│◄────────────────────────────│   the thread of bob's
//! ```
//!
//! The first to come waits. Either side may be the first, and what it has written behind RELAY already is passed on
//! when the other one is there.
//!
//! What passes is the two clients' own TLS, so the server reads nothing. It must not add a byte either: as soon as a
//! connection is relayed, nothing else is written to it.

pub mod course;
pub mod relays;
pub mod place;

pub use place::RelayPlace;
pub use relays::Relays;
