//! This client and its server: the connection, the registration, the room.
//!
//! [`connection`] is the thread, [`link`] tells how far it has come, [`patience`] how long it may take, [`compat`] is
//! the exchange with a server that has no room. [`quote`] marks the server's own words. [`room`] is the room as this
//! client sees it. [`server_session`] decides what comes next, and
//! [`incoming`] gives it what the server sends.

pub mod connection;
pub mod backoff;
pub mod quote;
pub mod compat;
pub mod link;
pub mod patience;
pub mod room;
pub mod server_session;
pub mod incoming;

pub use incoming::Update;
pub use server_session::ServerSession;
