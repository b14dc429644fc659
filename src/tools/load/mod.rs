//! The load generator: fills a room, lets members talk, and measures what reaches whom and when.
//!
//! Each member is a real connection with a thread that reads ([`member`]). The first members are *speakers* as well:
//! each of them writes from a second thread ([`sender`]). All threads report to the one that started them
//! ([`MemberEvent`](member::MemberEvent)), and only that one waits and gives up ([`fleet`]).
//!
//! A message holds its sender, its number and its time ([`message`]). So each member can tell by itself what was
//! lost, repeated or reordered, and how long it took ([`record`]). Pure functions sum the records up
//! ([`measure`], [`chart`]).
//!
//! ```text
//! run ── target ── a server, in a process of its own, and a folder for its log
//!  ├──── fleet ─── connects members, waits, gives up
//!  │       ├───── member ── reads, and keeps a record
//!  │       └───── sender ── writes messages
//!  └──── measure, chart ── judge the records
//! ```
//!
//! Two mistakes of load generators are avoided. At a given rate the latency counts from the time when a message was
//! *due*, not from when it was sent: a slow server that holds up its senders must not look better for it (Gil Tene
//! calls this coordinated omission). And a percentile is a value that was measured, never a mean of two.

pub mod measure;
pub mod chart;
pub mod message;
pub mod record;
pub mod member;
pub mod sender;
pub mod folder;
pub mod options;
pub mod target;
pub mod fleet;
pub mod run;

pub use options::LoadOptions;
pub use run::run;
