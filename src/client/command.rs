//! What the user may type, and what it means: [`parse`] turns a line into a [`Command`].
//!
//! Nothing here has an effect: `execute` does what a command says. A line is parsed once, when it is typed.
//!
//! ```
//! use p2p_chat::client::command::{Command, parse};
//!
//! assert_eq!(parse("hello"), Command::Say("hello".to_owned()));
//! assert_eq!(parse("/msg hello"), Command::Msg("hello".to_owned()));
//! assert_eq!(parse("//msg hello"), Command::Say("/msg hello".to_owned()));
//! assert!(matches!(parse("/mgs hello"), Command::Mistake(_)));
//! ```

use crate::client::net::ConnectionId;
use crate::wire::{PeerRef, USUAL_HISTORY};

/// What a typed line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A blank line.
    Nothing,
    /// Send a text to everyone in the room.
    Say(String),
    /// Send a text to the current direct peer.
    Msg(String),
    /// Send a text to one chat: on the page each chat has a view of its own.
    MsgTo(ConnectionId, String),
    /// Open a direct chat over TCP.
    Chat(PeerRef),
    /// Open a UDP conversation.
    Query(PeerRef),
    /// List the direct chats.
    Peers,
    /// Make the chat with this label the current one.
    Peer(String),
    /// End the current direct chat, or the one with this label.
    Hangup(Option<String>),
    /// Send a text to one client, through the server.
    Tell(PeerRef, String),
    /// Show the last messages of the room, this many.
    History(u64),
    /// List who is registered.
    Info,
    /// Ask the server for a client's address.
    Bridge(Option<PeerRef>),
    /// Register this client again.
    Register,
    /// Show who this client is.
    Id,
    /// Turn tracing on or off.
    Explain(bool),
    /// Show [`HELP`].
    Help,
    /// Leave the chats and the room, and end the program.
    Quit,
    /// A line that means nothing. The sentence says why.
    Mistake(String),
}

impl Command {
    /// Whether the command sends a request to which the server responds. Only one such request is pending at a
    /// time: the next command that asks waits for the response.
    pub fn asks_server(&self) -> bool {
        matches!(
            self,
            Command::Info
                | Command::History(_)
                | Command::Bridge(_)
                | Command::Tell(..)
                | Command::Register
                | Command::Chat(_)
                | Command::Query(_)
        )
    }
}

/// What `/help` shows.
pub const HELP: &str = "\
TEXT, /say TEXT            send TEXT to everyone in the room
/chat NAME|ID|IP:PORT      open a direct chat over TCP
/connect ID                the same
/query NAME|ID             open a UDP conversation; the other side must
                           /query you before it can reply
/msg TEXT                  send TEXT to the current direct peer
/peers                     list your direct chats
/peer NAME [udp]           make this chat the current one
/hangup [NAME [udp]]       end the current direct chat, or this one
/tell NAME TEXT            send TEXT to one client in the room, through the server
/history [N]               show the last N messages of the room (20)
/info, /list               list who is registered
/bridge [NAME]             ask the server for a client's address
/register                  register again
/id                        show who you are
/explain on|off            tracing: show what the sockets send and receive
/quit                      leave
A line that begins with // is sent with one / less. These words work, too:
conn:IP:PORT, to_peer:TEXT, Query NAME, List, and close or Exit for /quit.";

/// The names of the commands that [`HELP`] lists, for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    let usages = HELP.lines().filter_map(|line| Some(line.split_once("  ")?.0));
    let names = usages.flat_map(|usages| usages.split(", ")).map(|usage| usage.split(' ').next());
    names.flatten().filter(|name| name.starts_with('/'))
}

/// Parses a line. The words of other courses' assignments work, too, but only as whole words at the start of a
/// line. Everything that is no command is said to the room.
pub fn parse(line: &str) -> Command {
    // A space before a command must not make a private text public.
    let line = if line.trim_start().starts_with('/') { line.trim_start() } else { line };
    if let Some(text) = line.strip_prefix("//") {
        return Command::Say(format!("/{text}"));
    }
    if let Some(text) = line.strip_prefix("to_peer:") {
        return with_text("/msg TEXT", text, Command::Msg);
    }
    if let Some(address) = line.strip_prefix("conn:") {
        return with_peer("conn:IP:PORT", address, Command::Chat);
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if word.starts_with('/') { slash(word, rest) } else { words(line) }
}

/// Parses a command, `word`, and what follows it.
fn slash(word: &str, rest: &str) -> Command {
    let argument = rest.trim();
    match word {
        "/say" => with_text("/say TEXT", rest, Command::Say),
        "/msg" => with_text("/msg TEXT", rest, Command::Msg),
        "/chat" | "/connect" => {
            with_peer("/chat NAME, /chat ID or /chat IP:PORT", argument, Command::Chat)
        }
        "/query" => query(argument),
        "/peers" => Command::Peers,
        "/peer" => with_text("/peer NAME [udp]", argument, Command::Peer),
        "/hangup" => Command::Hangup(Some(argument.to_owned()).filter(|name| !name.is_empty())),
        "/tell" => tell(argument),
        "/history" if argument.is_empty() => Command::History(USUAL_HISTORY),
        "/history" => {
            argument.parse().map_or_else(|_| mistake("usage: /history [N]"), Command::History)
        }
        "/info" | "/list" => Command::Info,
        "/bridge" if argument.is_empty() => Command::Bridge(None),
        "/bridge" => with_peer("/bridge NAME", argument, |who| Command::Bridge(Some(who))),
        "/register" => Command::Register,
        "/id" => Command::Id,
        "/explain" => match argument {
            "on" | "" => Command::Explain(true),
            "off" => Command::Explain(false),
            _ => mistake("usage: /explain on or /explain off"),
        },
        "/help" => Command::Help,
        "/quit" => Command::Quit,
        _ => mistake(&format!("there is no command {word}: /help lists them")),
    }
}

/// Parses a line without a slash: one of the assignments' words, or a text for the room.
fn words(line: &str) -> Command {
    let name = line.strip_prefix("Query ").map(str::trim);
    match (line.trim(), name) {
        // A sentence that begins with this word is a text.
        (_, Some(name)) if !name.contains(' ') => query(name),
        ("", _) => Command::Nothing,
        ("List", _) => Command::Info,
        ("Exit" | "close", _) => Command::Quit,
        _ => Command::Say(line.to_owned()),
    }
}

/// The answer to a line that means nothing.
fn mistake(sentence: &str) -> Command {
    Command::Mistake(sentence.to_owned())
}

/// A command with a text. A blank text is a mistake: the user forgot it.
fn with_text(usage: &str, text: &str, command: impl FnOnce(String) -> Command) -> Command {
    let is_blank = text.trim().is_empty();
    if is_blank { mistake(&format!("usage: {usage}")) } else { command(text.to_owned()) }
}

/// `/query`: the server must introduce the peer, so an address is not enough.
fn query(argument: &str) -> Command {
    with_peer("/query NAME or /query ID", argument, |who| match who {
        PeerRef::Address(_) => mistake("UDP works only with clients in the room: /query NAME"),
        who => Command::Query(who),
    })
}

/// `/tell`: the first word is the peer, the rest is the text.
fn tell(argument: &str) -> Command {
    let (peer, text) = argument.split_once(' ').unwrap_or((argument, ""));
    with_text("/tell NAME TEXT", text, |text| {
        with_peer("/tell NAME TEXT", peer, |who| Command::Tell(who, text))
    })
}

/// A command about the peer that `argument` names.
fn with_peer(usage: &str, argument: &str, command: impl FnOnce(PeerRef) -> Command) -> Command {
    let argument = argument.trim().replacen("localhost:", "127.0.0.1:", 1);
    argument.parse().map_or_else(|_| mistake(&format!("usage: {usage}")), command)
}
