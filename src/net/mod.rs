//! What every connection of this project needs: reading with a deadline, and accepting with a limit.
//!
//! [`Reader`] is the buffer between a socket and a parser. [`accept`] is the loop of a listener. The server, the
//! client's page and the client's peers share both.

pub mod deadline;
pub mod reader;
pub mod accept;

pub use reader::Reader;
