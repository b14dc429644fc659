//! The load generator: a room full of members who talk, and what reaches whom, and when.
//!
//! Each member is a real connection with a thread that listens; the first ones speak as well, each from a
//! thread of its own. All tell the thread that started them what happens ([`MemberEvent`](member::MemberEvent)), and
//! only that one waits, gives up and judges. What is counted in [`measure`] is pure.

pub mod measure;
pub mod chart;
pub mod message;
pub mod record;
pub mod member;
pub mod sender;
pub mod target;
pub mod options;
pub mod fleet;
pub mod run;

pub use options::LoadOptions;
pub use run::run;
