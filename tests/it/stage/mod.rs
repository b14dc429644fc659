//! The stage: programs as processes, the wire as bytes, folders that vanish, dice with a known seed.

#![allow(
    dead_code,
    unused_imports,
    reason = "a vocabulary: not every word of it is in use at every moment"
)]

pub mod block;
#[cfg(unix)]
pub mod browser;
pub mod cast;
pub mod dice;
pub mod direct;
pub mod folder;
pub mod friend;
pub mod glass;
pub mod json;
pub mod peer;
pub mod process;
pub mod program;
pub mod story;
#[cfg(target_os = "linux")]
pub mod terminal;
pub mod visitor;
pub mod wire;
pub mod workshop;

use std::time::Duration;

pub use block::Block;
#[cfg(unix)]
pub use browser::Browser;
pub use cast::{Client, Server};
pub use dice::Dice;
pub use direct::{alice_and_bob, alice_calls_bob, free_port};
pub use folder::Folder;
pub use friend::{Friend, Way, a_friend, alice_with, friends};
pub use glass::Glass;
pub use peer::{Datagrams, Listener};
pub use program::Program;
pub use story::Ear;
#[cfg(target_os = "linux")]
pub use terminal::Terminal;
pub use visitor::{Answer, Host, Site, Stream};
pub use wire::Wire;

/// How long anything may take before it counts as missing: the only such number in the tests.
///
/// Generous, because a busy machine is no failure; nothing waits this long unless it fails.
pub const DEADLINE: Duration = Duration::from_secs(20);
