//! What is typed, on its way from the keys to its turn: what a line means, what is asked before it is sent, and what
//! it waits for.
//!
//! Nothing here carries a command out. That is [`execute`](super::execute)'s job, and the loop calls it.

pub mod command;
pub mod question;
pub mod line_queues;
pub mod input;
pub mod lines;
