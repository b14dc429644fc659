//! The server's console: what the person who runs it may type.

use std::io::{self, BufRead};
use std::sync::mpsc::Sender;
use std::time::Instant;

use crate::server::directory::lookup;
use crate::server::directory::registration::Presence;
use crate::server::state::Server;
use crate::wire::name::PeerRef;
use crate::wire::notification::Reason;
use crate::wire::text::escape;

/// Obeys the console until `/quit`. The end of input just closes the console.
pub fn attend(server: &Server, console: impl BufRead, quit: &Sender<io::Result<()>>) {
    for line in console.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let (command, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match (command, argument.trim()) {
            ("", "") => {}
            ("/info", "") => list(server),
            ("/kick", name) if !name.is_empty() => kick(server, name),
            ("/quit", "") => {
                // Nobody waits only if the server is ending already.
                let _ = quit.send(Ok(()));
                return;
            }
            _ => server.printer.line("the console knows /info, /kick NAME and /quit"),
        }
    }
}

fn list(server: &Server) {
    let entries = lookup::listing(server.registry.snapshot(Instant::now()));
    server.printer.line(format_args!("{} in the directory", entries.len()));
    for entry in entries {
        server.printer.line(entry);
    }
}

/// The room hears of it first; whatever the client had still sent is not executed.
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
