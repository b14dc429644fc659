//! The states of a chat over TCP.
//!
//! ```text
//! this client calls              Calling -------------------------------> Open
//! a peer calls without a ticket  ---------------------------------------> Open
//! a peer calls with a ticket     AwaitingTicket ------------------------> Open
//! both call at the same time     AwaitingTicket --> SimultaneousOpen ---> Open
//! the same, if it is encrypted   AwaitingTicket … --> AwaitingNonce ----> Open
//! the server that relays is gone                                          Open --> Cut --> Calling …
//! ```

use std::time::Instant;

use crate::wire::{Greeting, Secret};

/// The state of a chat.
#[allow(missing_docs, reason = "the variants say it")]
pub enum ChatState {
    /// This client calls. With an introduction the peer must show this secret.
    Calling(Option<Secret>),
    /// The caller shows a ticket that the server has not announced yet. `said` keeps its first texts.
    AwaitingTicket { greeting: Greeting, until: Instant, said: Vec<String> },
    /// Both call at the same time, as in TCP's simultaneous open (RFC 9293, 3.5). This client's own call goes
    /// first until `until`; then `answer` accepts the peer's call.
    SimultaneousOpen { answer: Secret, until: Instant },
    /// The caller of an encrypted chat is verified, and must tell its nonce.
    AwaitingNonce { until: Instant },
    /// Both may talk.
    Open,
    /// The way through the server was cut.
    Cut(RelayCut),
}

/// How a chat was cut that went through the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayCut {
    /// Until then it turns out whether the server is gone, or the peer, for this cause.
    Unclear(Instant, String),
    /// The server is gone. When it is back, the peer is called again; until then at the latest.
    AwaitsServer(Instant),
}
