//! The server's console: the commands of the operator.
//!
//! - `/info` prints the directory.
//! - `/kick NAME [SECONDS]` sends a member away, and keeps it out for a while.
//! - `/ban NAME` or `/ban IP` keeps a name or a host out, `/unban` lets it in again, `/bans` lists all.
//! - `/relays` prints who is relayed.
//! - `/quit` ends the server.

use std::io::{self, BufRead};
use std::sync::mpsc::Sender;
use std::time::Instant;

use crate::server::directory::lookup;
use crate::server::moderation;
use crate::server::state::Server;
use crate::typed::{TypedLine, TypedLines};

/// What the console knows.
const HELP: &str = "the console knows /info, /kick NAME [SECONDS], /ban NAME|IP, /unban NAME|IP, \
    /bans, /relays and /quit";

/// Runs the commands until `/quit`. At the end of the input the server goes on without a console, or ends, if the
/// operator has decided that.
pub fn attend(server: &Server, console: impl BufRead, quit: &Sender<io::Result<()>>) {
    for typed in TypedLines::new(console) {
        let TypedLine::Whole(line) = typed else {
            server.printer.line("the line is too long");
            continue;
        };
        let line = String::from_utf8_lossy(&line);
        let (command, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match (command, argument.trim()) {
            ("", "") => {}
            ("/info", "") => list(server),
            ("/bans", "") => moderation::list(server),
            ("/relays", "") => list_relays(server),
            ("/kick", who) if !who.is_empty() => complain(server, moderation::kick(server, who)),
            ("/ban", who) if !who.is_empty() => complain(server, moderation::ban(server, who)),
            ("/unban", who) if !who.is_empty() => complain(server, moderation::unban(server, who)),
            ("/quit", "") => return end(quit),
            _ => server.printer.line(HELP),
        }
    }
    if server.options.until_eof {
        end(quit);
    }
}

/// Ends the server.
fn end(quit: &Sender<io::Result<()>>) {
    let _ = quit.send(Ok(())); // without a receiver it is ending already
}

/// Prints why a command did nothing.
fn complain(server: &Server, done: Result<(), String>) {
    if let Err(sentence) = done {
        server.printer.line(sentence);
    }
}

/// `/info`: prints the directory.
fn list(server: &Server) {
    let entries = lookup::listing(server.registry.snapshot(Instant::now()));
    server.printer.line(format_args!("{} in the directory", entries.len()));
    for entry in entries {
        server.printer.line(entry);
    }
}

/// `/relays`: prints who is relayed.
fn list_relays(server: &Server) {
    let relays = server.relays.list(Instant::now());
    server.printer.line(format_args!("{} relayed", relays.len()));
    for relay in relays {
        server.printer.line(relay);
    }
}
