//! # p2p-chat: a guided tour
//!
//! A rendezvous server introduces clients to each other; the clients then talk directly, over TCP and over UDP.
//! The modules are listed in reading order. Each one uses only modules above it, and a test holds that order, so
//! a reader who starts at the top never meets a name that is not explained yet.
//!
//! **[`tls`]** is TLS 1.3 with a shared key: hash, ciphers, records, handshake. It is a layer: it turns bytes into
//! bytes and knows nothing of blocks. It stands between a socket and [`wire`], if there is a key; and all secrets have
//! their random bytes from there. Skip it at the first reading.
//!
//! **[`wire`]** is the protocol as values. Everything that travels is a *block*: a TYPE, some lines, a blank
//! line. The module turns bytes into lines, lines into blocks, blocks into typed requests, responses and
//! notifications, and back. It does no I/O except on the readers and writers that it is given.
//!
//! **[`server`]** runs one thread for each client. The threads share state under mutexes: the
//! [directory](server::directory) of registered names and the [room](server::room). A speaker appends finished
//! bytes to a batch; one thread, the [broadcaster](server::room::broadcaster), writes the batch to every member.
//! A slow member never blocks the others.
//!
//! **[`client`]** shares no state between its threads. Each thread waits for one thing (the keyboard, a
//! connection, a datagram) and sends [events](client::event) down one channel; one loop owns all state. The user
//! has a [terminal](client::ui::screen), and a [page](client::ui::web) in the browser if it is wanted.
//!
//! Two styles of state, on purpose. A lock is natural where many threads do the same small thing; it must be
//! held briefly, and never during a write to a socket. A channel with one owner is natural where many different
//! things happen to one state: the order of the events is the order of the channel, and there is no lock to
//! forget. Compare [`server::directory::registry`] with [`client::event_loop`].
//!
//! Decisions are pure, and the code around them that waits is thin. These rules are functions of their arguments
//! and a given `now`, and threads, sockets and clocks are around them: who may take a name
//! ([`server::directory::registration`]), how long a silent client stays ([`server::keepalive`]), which caller is
//! verified ([`client::direct::tcp::peer`]), which datagram is sent again ([`client::direct::udp::reliable`]), what
//! a key does to a line ([`client::ui::terminal::editor`]).
//!
//! **[`tools`]** are not part of the product. [`tools::load`] fills a room and measures it.
//! [`tools::parts`] runs a part of the product alone. [`tools::handout`] makes the tree that students start from.
//!
//! Absent are: `unsafe`, a crate beyond `std`, an async runtime, a write to a socket under the
//! registry's lock, a word of a direct chat on the server, a time formatted outside of [`clock`].

pub mod clock;
pub mod io_error;
pub mod cli;
pub mod sync;
pub mod random;
pub mod typed;
pub mod tls;
pub mod class_key;
pub mod net;
pub mod wire;
pub mod server;
pub mod client;
pub mod tools;

#[doc = "[protocol]: crate::wire\n[architecture]: crate::architecture\n\n"]
#[doc = include_str!("MANUAL.md")]
pub mod manual {}

#[doc = include_str!("ARCHITECTURE.md")]
pub mod architecture {}
