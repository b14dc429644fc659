//! How the operator sends clients away and keeps them out: `/kick`, `/ban`, `/unban`, `/bans`.
//!
//! A command changes the server by the same functions as a client's request, under the same locks. A ban stands
//! before its member is sent away, so the member finds no way back in between. All bans end with the server.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::cli::number;
use crate::net::Host;
use crate::server::capacity::barred;
use crate::server::directory::bans::clear;
use crate::server::directory::{Presence, Registration};
use crate::server::state::Server;
use crate::wire::text::escape;
use crate::wire::{Name, PeerRef, Reason};

/// For how many seconds a client is kept out that is sent away, unless the operator says so.
const KICKED: u64 = 60;
/// The most seconds for that: a day.
const LONGEST: u64 = 86_400;

/// `/kick NAME [SECONDS]`: sends a member away, and keeps its name and its token out for a while.
///
/// # Errors
/// The sentence that tells why not.
pub fn kick(server: &Server, words: &str) -> Result<(), String> {
    let (who, seconds) = match words.split_once(char::is_whitespace) {
        Some((who, seconds)) => (who, number("SECONDS", seconds.trim(), 0..=LONGEST)?),
        None => (words, KICKED),
    };
    let client = find(server, who)?;
    let name = &client.entry.name;
    if client.token().is_none() {
        return Err(format!("{name} has not joined"));
    }
    let member =
        if seconds == 0 { Some(client.clone()) } else { bar(server, name, Some(seconds))? };
    expel(server, member.iter());
    if seconds > 0 {
        server.printer.line(format_args!("{name} is kept out for {seconds} s"));
    }
    Ok(())
}

/// `/ban NAME` or `/ban IP`: keeps a name or a host out until `/unban`, and sends away who is there.
///
/// # Errors
/// The sentence that tells why not.
pub fn ban(server: &Server, who: &str) -> Result<(), String> {
    if let Some(host) = host(who) {
        return ban_host(server, host);
    }
    let name = match who.parse::<PeerRef>() {
        Ok(PeerRef::Name(name)) => name,
        _ => find(server, who)?.entry.name,
    };
    expel(server, bar(server, &name, None)?.iter());
    server.relays.end_all(Some(&name)); // its relay may have outlived its membership
    server.printer.line(format_args!("{name} is barred"));
    Ok(())
}

/// Keeps a host out, and ends all its connections.
fn ban_host(server: &Server, host: Host) -> Result<(), String> {
    if host.is_loopback() {
        return Err(format!("{host} is this machine: whoever is on it would be barred, too"));
    }
    let connections = server.connections.bar(host)?;
    let members = server.registry.operate(Instant::now(), |clients, _| clear(host, clients));
    server.printer.line(match members.len() {
        0 => format!("no member has the address {host}"),
        1 => format!("1 member has the address {host}"),
        many => format!("{many} members share the address {host}"),
    });
    expel(server, members.iter());
    for outbox in connections {
        server.turn_out(&outbox, &barred()); // those of members are closed already
    }
    server.printer.line(format_args!("{host} is barred"));
    Ok(())
}

/// `/unban NAME` or `/unban IP`: lets a name or a host in again.
///
/// # Errors
/// The sentence that tells that it is not barred.
pub fn unban(server: &Server, who: &str) -> Result<(), String> {
    let lift = |name: Name| {
        let now = Instant::now();
        server.registry.operate(now, |_, bans| bans.lift(&name, now))
    };
    let lifted = match host(who) {
        Some(host) => server.connections.unbar(host),
        None => who.parse().is_ok_and(lift),
    };
    if !lifted {
        return Err(format!("{} is not barred", escape(who)));
    }
    server.printer.line(format_args!("{} may come in again", escape(who)));
    Ok(())
}

/// `/bans`: prints who is kept out.
pub fn list(server: &Server) {
    let now = Instant::now();
    let mut lines = server.registry.operate(now, |_, bans| bans.list(now));
    lines.extend(server.connections.barred().iter().map(Host::to_string));
    server.printer.line(format_args!("{} barred", lines.len()));
    for line in lines {
        server.printer.line(line);
    }
}

/// The client that the operator means.
fn find(server: &Server, who: &str) -> Result<Registration, String> {
    let found = who.parse::<PeerRef>().ok();
    let found = found.and_then(|who| server.registry.find(&who, Instant::now()));
    found.ok_or_else(|| format!("there is no client {}", escape(who)))
}

/// The host that the operator means, as an address or as `/bans` writes a network; `None` for a name.
fn host(who: &str) -> Option<Host> {
    let address: Result<IpAddr, _> = who.strip_suffix("/64").unwrap_or(who).parse();
    address.ok().map(Host::from)
}

/// Keeps a name out for some seconds, or until `/unban`. Returns the member that has it.
fn bar(server: &Server, name: &Name, seconds: Option<u64>) -> Result<Option<Registration>, String> {
    let now = Instant::now();
    let until = seconds.map(|seconds| now + Duration::from_secs(seconds));
    server.registry.operate(now, |clients, bans| bans.bar(name, until, clients))
}

/// Takes members out of the room and ends their connections. Requests that they have sent and the server has not read
/// are not executed.
fn expel<'a>(server: &Server, members: impl Iterator<Item = &'a Registration>) {
    for client in members {
        let Presence::Joined(member) = &client.presence else { continue };
        member.outbox.leave();
        if server.part(&client.entry.name, &member.outbox, Reason::Kicked, None) {
            server.send_away(&member.outbox, Reason::Kicked);
        }
        server.relays.end_all(Some(&client.entry.name));
    }
}
