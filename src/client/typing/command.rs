//! What the user may type, and what it means: [`parse`] turns a line into a [`Command`].
//!
//! Nothing here has an effect: `execute` does what a command says. A line is parsed once, when it is typed.
//!
//! ```
//! use p2p_chat::client::typing::command::{Command, parse};
//!
//! assert_eq!(parse("hello"), Command::Plain("hello".to_owned()));
//! assert_eq!(parse("/msg hello"), Command::Msg("hello".to_owned()));
//! assert_eq!(parse("//msg hello"), Command::Plain("/msg hello".to_owned()));
//! assert!(matches!(parse("/mgs hello"), Command::Mistake(_)));
//! ```

use crate::client::help;
use crate::client::net::ConnectionId;
use crate::wire::invisible::is_invisible;
use crate::wire::{Name, PeerRef, USUAL_HISTORY};

/// What a typed line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A blank line.
    Nothing,
    /// Send a text where plain text goes now: to everyone in the room, or to one chat.
    Plain(String),
    /// Send a text to everyone in the room.
    Say(String),
    /// From now on, plain text goes to the chat with this label.
    To(String),
    /// From now on, plain text goes to the room.
    Room,
    /// Send a text to the current direct peer.
    Msg(String),
    /// Send a text to one chat: on the page each chat has a view of its own.
    MsgTo(ConnectionId, String),
    /// Send the file of this path in one chat, or to the current direct peer.
    Send(Option<ConnectionId>, String),
    /// Accept the file that a peer offers; `None`: the only one.
    Accept(Option<String>),
    /// Refuse such a file, or stop one that is on its way.
    Refuse(Option<String>),
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
    /// Take another name, outside of the room.
    Nick(Name),
    /// Show who this client is.
    Id,
    /// Hide what that one says, or show it again; without a name, tell who is ignored.
    Ignore(Option<String>),
    /// Hide what is said in the room, or show it again.
    Mute,
    /// Tell those who write to this user alone that the user is away; without a text also that this is over.
    Away(Option<String>),
    /// Write what was shown to a new file.
    Save(String),
    /// Turn tracing on or off.
    Explain(bool),
    /// Show [`HELP`](help::HELP), or what it says of one command.
    Help(Option<String>),
    /// Leave the chats and the room, and end the program.
    Quit,
    /// A line that means nothing. The sentence says why.
    Mistake(String),
    /// A line with a command after something invisible. Whether it is one, only the user knows: it may be private.
    Veiled(String),
}

impl Command {
    /// The command where plain text goes to the room whatever the prompt says: on the page, in the view of the room.
    #[must_use]
    pub fn in_room(self) -> Command {
        if let Command::Plain(text) = self { Command::Say(text) } else { self }
    }

    /// Whether the command concerns the current chat: it waits for a call that was typed before it and will be
    /// current.
    pub fn concerns_current_chat(&self) -> bool {
        use Command::{Hangup, Msg, Peer, Send, To};
        matches!(self, Msg(_) | Send(None, _) | Peer(_) | To(_) | Hangup(_))
    }

    /// Whether the line is the answer to the question for a nickname, if there is none: it is no command.
    pub fn may_be_name(&self) -> bool {
        matches!(self, Command::Plain(_) | Command::Say(_) | Command::Nothing)
    }

    /// Whether something stays unsaid if the command cannot be carried out.
    pub fn carries_text(&self) -> bool {
        matches!(
            self,
            Command::Say(_)
                | Command::Msg(_)
                | Command::MsgTo(..)
                | Command::Send(..)
                | Command::Tell(..)
                | Command::Mistake(_)
                | Command::Plain(_)
                | Command::Veiled(_)
        )
    }

    /// The text of the command, if it says one in the room or in a direct chat.
    pub fn text(&self) -> Option<&str> {
        match self {
            Command::Plain(text)
            | Command::Say(text)
            | Command::Msg(text)
            | Command::MsgTo(_, text) => Some(text),
            _ => None,
        }
    }

    /// The row above the prompt for a command that says something, until it is settled: a terminal shows it once.
    pub fn row(&self) -> Option<String> {
        match self {
            Command::Tell(peer, text) => Some(told(peer, text)),
            command => command.text().map(str::to_owned),
        }
    }

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

/// The row for a text to one client, through the server: it must not look like one for the room.
pub fn told(peer: &PeerRef, text: &str) -> String {
    format!("/tell {peer} {text}")
}

/// What may stand before a command: spaces, what shows as nothing or as a space, and accents without a letter, which
/// are hard to see.
fn is_blank(c: char) -> bool {
    let is_accent = matches!(u32::from(c), 0x300..=0x36F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF
        | 0x20D0..=0x20FF | 0xFE20..=0xFE2F); // the blocks of combining marks
    c.is_whitespace() || is_invisible(c) || is_accent || c == '\u{2800}' // Braille without dots
}

/// The command of a line that begins with something invisible, not only with spaces.
pub fn unveiled(line: &str) -> Option<&str> {
    let inner = line.trim_start_matches(is_blank);
    (inner.len() < line.trim_start().len() && looks_like_command(inner)).then_some(inner)
}

/// Whether a line looks like a command, whatever stands before it that cannot be seen. A line that only begins with
/// `//` or `/*`, as in programs, does not.
pub fn looks_like_command(line: &str) -> bool {
    let inner = line.trim_start_matches(is_blank);
    match inner.strip_prefix(['/', '\u{FF0F}']) {
        Some(word) => word.starts_with(|c: char| c.is_alphabetic()),
        None => !matches!(parse(inner), Command::Plain(_) | Command::Nothing),
    }
}

/// Parses a line. The words of other courses' assignments work, too, but only as whole words at the start of a
/// line. Everything that is no command is a plain text.
pub fn parse(line: &str) -> Command {
    if unveiled(line).is_some() {
        return Command::Veiled(line.to_owned());
    }
    // A space before a command must not make a private text public.
    let inner = line.trim_start();
    if inner.starts_with("//") {
        // The slash less is that of the command: the spaces before it are of the text.
        let spaces = &line[..line.len() - inner.len()];
        return Command::Plain(format!("{spaces}{}", &inner[1..]));
    }
    if let Some(text) = inner.strip_prefix("to_peer:") {
        return with_text("/msg TEXT", text, Command::Msg);
    }
    if let Some(address) = inner.strip_prefix("conn:") {
        return with_peer("conn:IP:PORT", address, Command::Chat);
    }
    let (word, rest) = inner.split_once(' ').unwrap_or((inner, ""));
    match word.strip_prefix('\u{FF0F}') {
        Some(name) if looks_like_command(word) => {
            mistake(&format!("a command begins with /, not with the wide {word}: /{name}"))
        }
        _ if word.starts_with('/') => slash(word, rest),
        _ => words(line),
    }
}

/// Parses a command, `word`, and what follows it.
fn slash(word: &str, rest: &str) -> Command {
    let argument = rest.trim();
    match word {
        "/say" => with_text("/say TEXT", rest, Command::Say),
        "/msg" => with_text("/msg TEXT", rest, Command::Msg),
        "/send" => with_text("/send FILE", argument, |path| Command::Send(None, path)),
        "/accept" => Command::Accept(optional(argument)),
        "/refuse" => Command::Refuse(optional(argument)),
        "/chat" | "/connect" => {
            with_peer("/chat NAME, /chat ID or /chat IP:PORT", argument, Command::Chat)
        }
        "/query" => query(argument),
        "/peers" => Command::Peers,
        "/peer" => with_text("/peer NAME [udp]", argument, Command::Peer),
        "/hangup" => Command::Hangup(optional(argument)),
        "/tell" => tell(argument),
        "/history" => history(argument),
        "/info" | "/list" => Command::Info,
        "/bridge" if argument.is_empty() => Command::Bridge(None),
        "/bridge" => with_peer("/bridge NAME", argument, |who| Command::Bridge(Some(who))),
        "/register" => Command::Register,
        "/nick" => nick(argument),
        "/id" => Command::Id,
        "/ignore" => Command::Ignore(optional(argument)),
        "/mute" => Command::Mute,
        "/away" => Command::Away(optional(argument)),
        "/save" => with_text("/save FILE", argument, Command::Save),
        "/explain" => match argument {
            "on" | "" => Command::Explain(true),
            "off" => Command::Explain(false),
            _ => mistake("usage: /explain on or /explain off"),
        },
        "/help" => Command::Help(optional(argument)),
        "/to" => with_text("/to NAME [udp]", argument, Command::To),
        "/room" if argument.is_empty() => Command::Room,
        "/room" => mistake("usage: /room, or /say TEXT"),
        "/quit" => Command::Quit,
        _ => Command::Mistake(help::unknown(word)),
    }
}

/// Parses a line without a slash: one of the assignments' words, or a plain text.
fn words(line: &str) -> Command {
    let name = line.strip_prefix("Query ").map(str::trim);
    match (line.trim(), name) {
        // A sentence that begins with this word is a text.
        (_, Some(name)) if !name.contains(' ') => query(name),
        ("", _) => Command::Nothing,
        ("List", _) => Command::Info,
        ("Exit" | "close", _) => Command::Quit,
        _ => help::bare(line).map_or_else(|| Command::Plain(line.to_owned()), Command::Mistake),
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

/// `/history`: a number from 1 up, in digits alone, or nothing.
fn history(argument: &str) -> Command {
    let usual = argument.is_empty().then_some(USUAL_HISTORY);
    let is_digits = argument.bytes().all(|byte| byte.is_ascii_digit());
    let last = usual.or(argument.parse().ok().filter(|last| is_digits && *last > 0));
    last.map_or_else(|| mistake("usage: /history [N]"), Command::History)
}

/// What may be left out behind a command.
fn optional(argument: &str) -> Option<String> {
    Some(argument.to_owned()).filter(|argument| !argument.is_empty())
}

/// `/nick`: a name that can be one. The rule is told, as at the question for the nickname.
fn nick(argument: &str) -> Command {
    if argument.is_empty() {
        return mistake("usage: /nick NAME");
    }
    argument.parse::<Name>().map_or_else(|rule| mistake(&rule.to_string()), Command::Nick)
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
