//! Parts of the chat, each of them alone: what students look at by hand, and what the grader asks from outside.
//!
//! Some functions cannot be judged by what a server or a client shows: a timer, a window, an order of addresses. The
//! grader does not link them either, for then a hand-in could write its own points. So it starts `parts`, another
//! program of the hand-in. Most parts are [asked](questions): one line asked, one line answered. [`echo`], [`connect`]
//! and [`join`] are programs for the network, and [`link`] writes a table.

pub mod questions;
pub mod window;
pub mod punches;
pub mod path;
pub mod sender;
pub mod bottleneck;
pub mod picture;
pub mod link;
pub mod echo;
pub mod connect;
pub mod join;

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::time::Duration;

use crate::cli::Failure;

/// The part that a command line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// [`window`].
    Window,
    /// [`punches`].
    Punches,
    /// [`path`].
    Path,
    /// [`sender`].
    Sender,
    /// [`link`](link::run), with its flows.
    Link(link::LinkOptions),
    /// [`echo`], at this address.
    Echo(SocketAddr),
    /// [`connect`] to one of these, each within a limit.
    Connect(Vec<String>, Duration),
    /// [`join`] these two.
    Join([String; 2]),
}

/// Runs a part until its input is over.
///
/// # Errors
/// When its input cannot be read, its output cannot be written, or the network is not as it needs it.
pub fn run(
    part: &Part,
    input: impl BufRead + Send + 'static,
    output: &mut impl Write,
) -> Result<(), Failure> {
    match part {
        Part::Echo(address) => echo::run(*address, input),
        Part::Connect(servers, limit) => connect::run(servers, *limit, input, output),
        Part::Join(servers) => join::run(servers),
        Part::Link(options) => link::run(options, output),
        Part::Window => questions::answer(input, output, &mut window::Window::default()),
        Part::Punches => questions::answer(input, output, &mut punches::SearchAlone::default()),
        Part::Path => questions::answer(input, output, &mut path::PathAlone::default()),
        Part::Sender => questions::answer(input, output, &mut sender::VirtualSender::default()),
    }
}
