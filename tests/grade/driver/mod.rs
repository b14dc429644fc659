//! What the checks are told with: your programs, and everybody who talks to them.
//!
//! - [`wire`] and [`dialogue`]: a connection that speaks in blocks. It is written from PROTOCOL.md and shares
//!   nothing with your code, so a mistake of yours is not made twice.
//! - [`datagrams`]: a UDP socket that speaks in blocks, too.
//! - [`nat`]: boxes that translate addresses, and a world of them for datagrams.
//! - [`program`] and [`cast`]: your programs as processes, typed to, listened to, killed in the end.
//! - [`part`]: a part of your code alone, asked line by line.
//! - [`played`]: the other side, when it is a client that is graded: the grader plays its server and its peers.
//! - [`story`]: what has happened so far. Whatever is not as it must be ends the check there, and tells it.
//! - [`by_hand`]: who has said what, so that it can be played once more.
//! - [`exact`]: the times that no busy machine moves, for they tell right from wrong.
//! - [`machine`]: how busy this machine is, and how much more time everybody has for that.
//! - [`farewell`]: everybody leaves at the end, and what your programs do then belongs to the story.
//!
//! The authors' own tests, which are not handed out, are told with it, too.

pub mod block;
pub mod by_hand;
pub mod cast;
pub mod datagrams;
pub mod dialogue;
pub mod dice;
pub mod exact;
pub mod farewell;
pub mod folder;
pub mod heard;
pub mod machine;
pub mod nat;
pub mod part;
pub mod played;
pub mod program;
pub mod settings;
pub mod story;
pub mod wire;
