//! The user's commands, carried out in the order in which they were typed.
//!
//! A command either changes the state at once, or sends a request. The response to a request comes later, as an event,
//! and is handled in [`responses`](super::responses). [`Lines`](super::typing::lines::Lines) decides when a command's
//! turn has come.

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::direct::{DirectChat, LocalPeer, conversation_places};
use crate::client::help;
use crate::client::net::ConnectionId;
use crate::client::rendezvous::outgoing;
use crate::client::rendezvous::requests::{Pending, Purpose};
use crate::client::state::State;
use crate::client::typing::command::Command;
use crate::client::typing::line_queues::WaitingLine;
use crate::io_error::cause;
use crate::wire::{Name, PeerRef, Request, Text, Via};

/// Why a line that begins with something invisible is not sent, before the line.
const VEILED: &str = "not sent, it begins with something invisible and then looks like a command";

/// Carries out a command, or tells the user why not.
pub fn execute(state: &mut State, command: Command) {
    let means_info = matches!(&command, Command::Plain(text) | Command::Say(text) if is_yes(text))
        && state.warned_of_info
        && has_no_room(state);
    let carries_text = command.carries_text();
    // At a prompt a text is shown when it is settled, so one that is refused must be shown now.
    let mut row = command.row().filter(|_| state.screen.has_prompt());
    if matches!(command, Command::Plain(_) | Command::Say(_)) && has_no_room(state) {
        row.take().into_iter().for_each(|row| state.screen.line(format_args!("> {row}")));
    }
    let speaks = command.row().is_some();
    let Err(message) = attempt(state, if means_info { Command::Info } else { command }) else {
        if speaks && state.screen.away.end() {
            state.screen.line("you are no longer away");
        }
        return;
    };
    if let Some(row) = row.filter(|row| !message.contains(row)) {
        state.screen.line(format_args!("> {row}"));
    }
    if carries_text {
        state.screen.failure(message);
    } else {
        state.screen.line(message);
    }
}

/// Hands over the texts that still wait when the client ends, or reports that they are not sent.
pub fn say_the_rest(state: &mut State, lines: Vec<WaitingLine>) {
    for WaitingLine { line, command, .. } in lines {
        match command {
            Command::Say(_) | Command::MsgTo(..) => execute(state, command),
            command if command.carries_text() => {
                state.screen.failure(format_args!("not sent: {line}"));
            }
            _ => {}
        }
    }
}

/// Carries out a command.
///
/// # Errors
/// The sentence that tells the user why it was not done.
fn attempt(state: &mut State, command: Command) -> Result<(), String> {
    let me = state.me();
    let named = |me: &LocalPeer| me.name.clone().ok_or("give your nickname first");
    let screen = &mut state.screen;
    match command {
        Command::Nothing | Command::Quit => {} // the loop itself ends
        Command::Mistake(message) => Err(message)?,
        Command::Veiled(line) => Err(format!("{VEILED}: {line}"))?,
        Command::Plain(text) => plain(state, &text)?,
        Command::Say(text) => outgoing::say(&mut state.server, &checked(&text)?, screen),
        Command::Msg(text) => message(state, None, &text)?,
        Command::MsgTo(id, text) => message(state, Some(id), &text)?,
        Command::Send(to, path) => {
            state.with_files(|files, context| files.send(to, &path, context))?;
        }
        Command::Chat(peer) => call(state, peer, named(&me)?, me.address)?,
        Command::Query(peer) => query(state, peer, named(&me)?)?,
        Command::Tell(peer, text) => {
            let text = checked(&text)?;
            let request = Request::Tell { peer: peer.clone(), text: text.clone() };
            state.ask(request, Pending::Tell(peer, text))?;
        }
        Command::Info => info(state)?,
        Command::History(last) => {
            state.ask(Request::History { before: None, last }, Pending::History)?;
        }
        Command::Bridge(peer) => bridge(state, named(&me)?, peer, Via::Tcp, Purpose::Show)?,
        Command::Register => outgoing::register(&mut state.server)?,
        Command::Nick(name) => outgoing::rename(&mut state.server, name, screen)?,
        Command::Id => screen.line(me),
        Command::Explain(on) => {
            screen.line(if on { "tracing is on" } else { "tracing is off" });
            state.trace(on);
        }
        command => look(state, command)?,
    }
    Ok(())
}

/// Carries out a command about what this client shows, and about nothing else.
fn look(state: &mut State, command: Command) -> Result<(), String> {
    let screen = &mut state.screen;
    let sentence = match command {
        Command::Ignore(name) => screen.filter.ignore(name.as_deref()),
        Command::Mute => screen.filter.mute(),
        Command::Away(text) => screen.away.choose(text.as_deref())?.to_owned(),
        Command::Save(file) => {
            let saved = screen.transcript.save(&file);
            let lines =
                saved.map_err(|error| format!("cannot save to {file}: {}", cause(&error)))?;
            format!("saved {lines} lines to {file}")
        }
        Command::Help(command) => {
            for line in help::about(command.as_deref()) {
                screen.line(line);
            }
            return Ok(());
        }
        command => return choose(state, command),
    };
    screen.line(sentence);
    Ok(())
}

/// Carries out a command about the list of direct chats.
fn choose(state: &mut State, command: Command) -> Result<(), String> {
    let State { chats, conversations, files, screen, .. } = state;
    match command {
        Command::To(typed) => chats.direct_to(&typed, screen)?,
        Command::Room => chats.direct_to_room(screen),
        Command::Peer(typed) => chats.choose(&typed, screen)?,
        Command::Hangup(typed) => chats.hang_up(typed.as_deref(), screen)?,
        Command::Accept(typed) => {
            state.with_files(|files, context| files.accept(typed.as_deref(), context))?;
        }
        Command::Refuse(typed) => {
            state.with_files(|files, context| files.refuse(typed.as_deref(), context))?;
        }
        _ => {
            chats.list(screen);
            files.progress().for_each(|file| screen.line(file));
            conversations.list_strangers(screen);
        }
    }
    Ok(())
}

/// Says a text where plain text goes.
fn plain(state: &mut State, text: &str) -> Result<(), String> {
    match state.chats.for_plain(text)? {
        None => outgoing::say(&mut state.server, &checked(text)?, &mut state.screen),
        id => message(state, id, text)?,
    }
    Ok(())
}

/// Says a text in one chat, or in the current one.
///
/// A text to nobody must not go to the room instead: it was meant for one peer.
fn message(state: &mut State, to: Option<ConnectionId>, text: &str) -> Result<(), String> {
    let (text, now) = (checked(text)?, Instant::now());
    let State { chats, conversations, screen, .. } = state;
    let Some(id) = to.or(chats.current) else { return Err(chats.no_current(screen)) };
    let id = chats.heir(id);
    match chats.get_mut(id) {
        Some(DirectChat::Tcp(chat)) => {
            chat.say(&text, screen);
            Ok(())
        }
        Some(DirectChat::Udp(conversation)) => {
            conversation.say(&text, &mut conversations.datagrams, screen, now)
        }
        None => Err(format!("not sent, that chat has ended: {text}")),
    }
}

/// Asks for the directory. Compat: some servers without a room end when they read INFO, so the user is asked first.
fn info(state: &mut State) -> Result<(), String> {
    if has_no_room(state) && !std::mem::replace(&mut state.warned_of_info, true) {
        let asked = "this server has no room, and INFO ends some of its kind; ask it all the same?";
        return Err(format!("{asked} /info again means yes"));
    }
    state.ask(Request::Info, Pending::Info)
}

/// Compat: whether the server has no room.
fn has_no_room(state: &State) -> bool {
    state.server.status() == "no room"
}

/// Whether a line is the answer yes.
fn is_yes(line: &str) -> bool {
    ["y", "yes"].iter().any(|yes| line.trim().eq_ignore_ascii_case(yes))
}

/// Asks the server for an introduction.
fn bridge(
    state: &mut State,
    name: Name,
    peer: Option<PeerRef>,
    via: Via,
    purpose: Purpose,
) -> Result<(), String> {
    state.ask(Request::Bridge { name, peer, via }, Pending::Bridge(purpose))
}

/// Calls a peer. A member of the room is called with an introduction, even if only the address was typed. A
/// stranger is called without one, and so is everybody while the server cannot introduce.
fn call(state: &mut State, peer: PeerRef, name: Name, own: SocketAddr) -> Result<(), String> {
    let now = Instant::now();
    let in_room = match &peer {
        PeerRef::Address(address) if *address == own => return Err("this is you".to_owned()),
        PeerRef::Address(address) if state.handshakes.introductions.has_ticket(*address, now) => {
            None
        }
        PeerRef::Address(address) => state.server.room.name_at(*address).map(PeerRef::Name),
        _ => Some(peer.clone()),
    };
    match (in_room, state.address_of(&peer)) {
        (Some(member), address) if state.server.is_joined() || address.is_none() => {
            // Without a connection to the server this fails with the sentence that says so.
            bridge(state, name, Some(member), Via::Tcp, Purpose::Call(peer))?;
        }
        (_, Some(address)) => state.dial(address),
        (_, None) => {}
    }
    Ok(())
}

/// Opens a conversation over UDP, unless there is one that works: a second introduction would give the peer new
/// secrets, and texts under the old ones would be lost.
fn query(state: &mut State, peer: PeerRef, name: Name) -> Result<(), String> {
    let room = state.server.is_joined().then_some(&state.server.room);
    let is_there = |id| room.is_none_or(|room| room.address_of(&PeerRef::Id(id)).is_some());
    if let Some(id) = conversation_places::open_to(&peer, &state.chats, is_there) {
        state.screen.line("this conversation is already open: /msg goes there");
        state.chats.current = Some(id);
        return Ok(());
    }
    bridge(state, name, Some(peer), Via::Udp, Purpose::Query)
}

/// A text that may be sent, or the sentence that tells why not.
fn checked(text: &str) -> Result<Text, String> {
    Text::parse(text).map_err(|bad| {
        let beginning: String = text.chars().take(40).collect();
        format!("not sent: {bad}: {beginning}")
    })
}
