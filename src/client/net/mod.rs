//! A client's connections, those to the server and those to peers: TLS for those that this client makes, a
//! writer for each, which never makes the loop wait, and a record of what the sockets carry.

pub mod writer;
pub mod capture;
pub mod secure;

pub use capture::{Captured, Direction, PeerLabels};
pub use secure::Flight;
pub use writer::{ConnectionId, Progress, Writer};
