//! What the user may type.

use crate::client::net::writer::ConnectionId;
use crate::wire::name::PeerRef;
use crate::wire::request::USUAL_HISTORY;

/// What the user wants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the command of its name; HELP describes them")]
pub enum Command {
    Nothing,
    Say(String),
    Msg(String),
    /// On the page each chat has a view, and what is typed there is for that one.
    MsgTo(ConnectionId, String),
    Chat(PeerRef),
    Query(PeerRef),
    Peers,
    Peer(String),
    Hangup(Option<String>),
    Tell(PeerRef, String),
    History(u64),
    Info,
    Bridge(Option<PeerRef>),
    Register,
    Id,
    Explain(bool),
    Help,
    Quit,
    /// It cannot be done; the sentence says why.
    Mistake(String),
}

impl Command {
    /// Whether it sends a request that the server answers.
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

/// The commands that [`HELP`] lists.
pub fn names() -> impl Iterator<Item = &'static str> {
    let usages = HELP.lines().filter_map(|line| Some(line.split_once("  ")?.0));
    let names = usages.flat_map(|usages| usages.split(", ")).map(|usage| usage.split(' ').next());
    names.flatten().filter(|name| name.starts_with('/'))
}

/// Reads a line. The assignments' words work too, but only as whole words at the start of a line.
pub fn parse(line: &str) -> Command {
    // A blank slipped in before a command must not make it public.
    let line = if line.trim_start().starts_with('/') { line.trim_start() } else { line };
    if let Some(text) = line.strip_prefix("//") {
        return Command::Say(format!("/{text}"));
    }
    if let Some(text) = line.strip_prefix("to_peer:") {
        return message(text);
    }
    if let Some(address) = line.strip_prefix("conn:") {
        return with_peer("conn:IP:PORT", address, Command::Chat);
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if word.starts_with('/') { slash(word, rest) } else { words(line) }
}

/// A command and what follows it.
fn slash(word: &str, rest: &str) -> Command {
    let argument = rest.trim();
    match word {
        "/say" if argument.is_empty() => mistake("usage: /say TEXT"),
        "/say" => Command::Say(rest.to_owned()),
        "/msg" => message(rest),
        "/chat" | "/connect" => {
            with_peer("/chat NAME, /chat ID or /chat IP:PORT", argument, Command::Chat)
        }
        "/query" => query(argument),
        "/peers" => Command::Peers,
        "/peer" if argument.is_empty() => mistake("usage: /peer NAME [udp]"),
        "/peer" => Command::Peer(argument.to_owned()),
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

/// A line without a slash: one of the assignments' words, or something to say.
fn words(line: &str) -> Command {
    if let Some(name) = line.strip_prefix("Query ")
        && !name.trim().contains(' ')
    {
        return query(name.trim());
    }
    match line.trim() {
        "" => Command::Nothing,
        "List" => Command::Info,
        "Exit" | "close" => Command::Quit,
        _ => Command::Say(line.to_owned()),
    }
}

fn mistake(sentence: &str) -> Command {
    Command::Mistake(sentence.to_owned())
}

fn message(text: &str) -> Command {
    if text.trim().is_empty() { mistake("usage: /msg TEXT") } else { Command::Msg(text.to_owned()) }
}

fn query(argument: &str) -> Command {
    with_peer("/query NAME or /query ID", argument, |who| match who {
        PeerRef::Address(_) => mistake("UDP works only with clients in the room: /query NAME"),
        who => Command::Query(who),
    })
}

fn tell(argument: &str) -> Command {
    let (peer, text) = argument.split_once(' ').unwrap_or((argument, ""));
    if text.trim().is_empty() {
        return mistake("usage: /tell NAME TEXT");
    }
    with_peer("/tell NAME TEXT", peer, |who| Command::Tell(who, text.to_owned()))
}

/// A command about the peer whom `argument` names.
fn with_peer(usage: &str, argument: &str, command: impl FnOnce(PeerRef) -> Command) -> Command {
    let argument = argument.trim().replacen("localhost:", "127.0.0.1:", 1);
    argument.parse().map_or_else(|_| mistake(&format!("usage: {usage}")), command)
}
