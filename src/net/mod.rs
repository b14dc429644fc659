//! What every connection of this project needs: accepting with a limit, reading with a deadline, a lingering close.
//!
//! [`accept`] is the loop of a listener, [`connect`] tries one address after the other, [`copy`] passes on what a
//! connection says, [`pair`] binds TCP and UDP to one port, [`Reader`] the buffer between a socket and a parser,
//! [`RecordWriter`] its counterpart, [`Traced`] what both show, [`TimedStream`] the socket below it, with a limit for
//! each read, [`deadline`] a reader that ends in time, [`ipv4_twin`] where to listen as well, [`interface`] what
//! link-local addresses need, [`Newcomers`] who gives way among idle connections, [`Host`] what counts as one machine
//! among many, [`Shares`] who gives way when a table is full. The server, the client's page and the client's peers
//! share them.

pub mod host;
pub mod shares;
pub mod deadline;
pub mod timed;
pub mod traced;
pub mod reader;
pub mod record_writer;
pub mod twin;
pub mod interface;
pub mod newcomers;
pub mod accept;
pub mod connect;
pub mod copy;
pub mod pair;

pub use accept::{Accept, Slot, Slots};
pub use deadline::DeadlineStream;
pub use host::Host;
pub use newcomers::{Newcomer, Newcomers};
pub use reader::Reader;
pub use record_writer::RecordWriter;
pub use shares::Shares;
pub use timed::TimedStream;
pub use traced::Traced;
pub use twin::ipv4_twin;
