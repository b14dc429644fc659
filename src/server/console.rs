//! The server's console: the commands of the operator.
//!
//! - `/info` prints the directory.
//! - `/kick NAME` ends a member's connection.
//! - `/quit` ends the server.
//!
//! A command changes the server by the same functions as a client's request, under the same locks.

use std::io::{self, BufRead};
use std::sync::mpsc::Sender;
use std::time::Instant;

use crate::server::directory::{Presence, lookup};
use crate::server::state::Server;
use crate::wire::text::escape;
use crate::wire::{PeerRef, Reason};

/// Runs the commands until `/quit`. At the end of the input the server goes on without a console.
pub fn attend(server: &Server, console: impl BufRead, quit: &Sender<io::Result<()>>) {
    for line in console.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let (command, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match (command, argument.trim()) {
            ("", "") => {}
            ("/info", "") => list(server),
            ("/kick", name) if !name.is_empty() => kick(server, name),
            ("/quit", "") => {
                // Without a receiver the server is ending already.
                let _ = quit.send(Ok(()));
                return;
            }
            _ => server.printer.line("the console knows /info, /kick NAME and /quit"),
        }
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

/// `/kick`: takes a client out of the room and ends its connection. Requests that it has sent and the server has not
/// read are not executed.
fn kick(server: &Server, name: &str) {
    let found =
        name.parse::<PeerRef>().ok().and_then(|who| server.registry.find(&who, Instant::now()));
    let Some(client) = found else {
        return server.printer.line(format_args!("there is no client {}", escape(name)));
    };
    let Presence::Joined(member) = client.presence else {
        return server.printer.line(format_args!("{} has not joined", client.entry.name));
    };
    member.outbox.leave();
    if server.part(&client.entry.name, &member.outbox, Reason::Kicked) {
        server.send_away(&member.outbox, Reason::Kicked);
    }
}
