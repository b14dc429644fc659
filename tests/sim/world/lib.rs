//! A world in one process, from one seed: a standard library for programs that are simulated.
//!
//! The simulated tree is `src`, in which each path that begins with `std::` begins with `world::` instead. So this
//! crate has the modules of the standard library that `src` uses. What touches nothing outside of the program is the
//! standard library's own. The rest has a counterpart here: threads that take turns ([`turns`]), a clock that jumps
//! ([`time`]), locks and channels ([`sync`]), a network of queues ([`net`]), disks that are full or fail ([`disk`],
//! [`fs`]), hosts that are killed ([`hosts`]). What has none does not compile, and the compiler names the file and the
//! line.
//!
//! [`sim`] is what the standard library does not have: how a scene makes hosts, kills them and looks at them.

#![forbid(unsafe_code)]

pub use std::{
    any, array, borrow, cell, char, cmp, convert, error, ffi, fmt, hint, iter, mem, num, ops, panic,
    path, slice, str, string, vec,
};

mod dice;
pub mod trace;
pub mod turns;
pub mod disk;
pub mod hosts;
pub mod sim;
pub mod terminal;
pub mod time;
pub mod thread;
pub mod sync;
pub mod net;
pub mod fs;
pub mod io;
pub mod hash;
pub mod collections;
pub mod env;
pub mod process;
pub mod os;
