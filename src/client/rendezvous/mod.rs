//! This client and its server: the connection, the registration, the room.
//!
//! [`connection`] is the thread, [`link`] tells how far it has come, [`patience`] how long it may take, and
//! [`liveness`] when its silence is loss. [`reflex`] asks which address it sees. [`quote`] marks the server's own
//! words. [`compat`] is the exchange with a server that has no room. [`requests`] are the user's requests without an
//! answer, [`trouble`] is what keeps this client out of the room. [`room`] is the room as this client sees it.
//! [`server_session`] decides what comes next; [`outgoing`] is what the user asks of it, [`incoming`] what the server
//! sends.

pub mod connection;
pub mod backoff;
pub mod quote;
pub mod compat;
pub mod liveness;
pub mod reflex;
pub mod link;
pub mod patience;
pub mod trouble;
pub mod requests;
pub mod room;
pub mod server_session;
pub mod outgoing;
pub mod incoming;

pub use incoming::Update;
pub use server_session::ServerSession;
