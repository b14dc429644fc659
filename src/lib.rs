//! # p2p-chat: a guided tour
//!
//! A rendezvous server, and a client that talks to other clients directly. The modules are listed in
//! reading order: each uses only those above it (a test holds that), so whoever reads from the top down
//! never meets what has not been explained.
//!
//! **[`wire`] first.** Everything that travels is a *block*: a TYPE, some lines, a blank line. The page
//! there is the whole protocol. The module turns bytes into lines, lines into blocks, and blocks into
//! typed requests, answers and notices, and back. It does no I/O but on the readers and writers it is
//! given, so all of it can be tried without a socket.
//!
//! **Then [`server`].** One thread for each client reads requests. What the threads share (who is known,
//! who is here, what is to be said) is under mutexes. The heart is [`server::room`]: speakers put finished
//! bytes into a mailbag, and one [`postman`](server::postman) carries them to everybody. Whoever does not
//! read delays nobody.
//!
//! **Then [`client`].** Here nobody shares anything: threads that wait (for the keyboard, for callers, for
//! each connection, for datagrams) send *events* down one channel, and one loop owns all state. It has two
//! front ends, which may be there at once: a terminal, with a [`prompt`](client::terminal::prompt), and a
//! [`page`](client::page) in the browser. What sockets see can be shown on both: [`client::traffic`].
//!
//! Two styles of state, on purpose. A lock is natural where many do the same small thing, and it must be
//! held briefly and never while something is written to a socket. A channel and an owner are natural where
//! many different things happen to one state: the order of events is the order of the channel, and there is
//! nothing to forget to lock. Look at [`server::registry`] and at [`client`] side by side.
//!
//! What decides is pure, what waits is thin: who may have a name ([`server::client`]), how long somebody
//! silent is waited for ([`server::patience`]), which caller is let in ([`client::peer`]), what is sent
//! again over UDP ([`client::reliable`]), what a key does to a line ([`client::terminal::editor`]) are functions of
//! their arguments and a given `now`; threads, sockets and clocks are around them.
//!
//! **Last, [`load`].** It fills a room and measures what reaches whom, and when; [`measure`] judges it
//! and [`chart`] draws it, from numbers alone.
//! [`handout`] makes the tree that students start from out of this one.
//!
//! What you will not find: `unsafe`, a crate beyond `std`, an async runtime, a write to a socket under the
//! registry's lock, a word of a direct chat on the server, a time formatted outside of [`clock`].

pub mod clock;
pub mod cause;
pub mod arguments;
pub mod lock;
pub mod dice;
pub mod json;
pub mod intake;
pub mod wire;
pub mod measure;
pub mod chart;
pub mod server;
pub mod client;
pub mod load;
pub mod handout;
