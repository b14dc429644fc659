//! The vocabulary of the tests: the grader's driver, and what it has no words for.

#![allow(dead_code, reason = "a vocabulary: not every word of it is in use at every moment")]

/// A table of tests that are alike: the name of each, and what it gives to the function that runs it.
macro_rules! table {
    ($run:ident: $($(#[$attribute:meta])* $name:ident($($value:expr),* $(,)?);)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                $run($($value),*);
            }
        )*
    };
}

#[cfg(unix)]
pub mod browser;
pub mod scenes;
pub mod friend;
pub mod glass;
pub mod json;
pub mod keyed;
pub mod lane;
#[cfg(target_os = "linux")]
pub mod namespaces;
pub mod process;
#[cfg(target_os = "linux")]
pub mod terminal;
pub mod visitor;
pub mod words;
pub mod workshop;

pub use crate::driver::block::Block;
pub use crate::driver::cast::{Client, Server};
pub use crate::driver::datagrams::Datagrams;
pub use crate::driver::dice::Dice;
pub use crate::driver::folder::Folder;
pub use crate::driver::heard::OutputMode;
pub use crate::driver::played::Played;
pub use crate::driver::program::Program;
pub use crate::driver::story::DEADLINE;
pub use crate::driver::wire::Wire;
#[cfg(unix)]
pub use browser::Browser;
pub use friend::{Friend, Way, a_friend, friends};
pub use glass::Glass;
pub use keyed::Keyed;
pub use lane::Lane;
pub use scenes::{
    alice_alone, alice_and_bob, alice_calls_bob, alice_joined, connected, free_port, lan_address,
    peer, two_joined, with_played_server,
};
#[cfg(target_os = "linux")]
pub use terminal::Terminal;
pub use visitor::{Host, Site, Stream};
pub use words::{all_see, begins_like, query_each_other};
