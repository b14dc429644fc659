//! What the user may type.

use crate::wire::name::Who;

/// What the user wants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the command of its name; HELP describes them")]
pub enum Command {
    Nothing,
    Say(String),
    Msg(String),
    Chat(Who),
    Peers,
    Peer(String),
    Hangup,
    Tell(Who, String),
    Info,
    Bridge(Option<Who>),
    Register,
    Id,
    Help,
    Quit,
    /// It cannot be done; the sentence says why.
    Mistake(String),
}

/// What `/help` shows.
pub const HELP: &str = "\
TEXT, /say TEXT            to everyone in the room
/chat NAME|ID|IP:PORT      call somebody: a direct chat over TCP
/connect ID                the same
/msg TEXT                  to the current direct peer
/peers                     your direct chats
/peer NAME                 make this one the current one
/hangup                    end the current direct chat
/tell NAME TEXT            to one in the room, through the server
/info, /list               who is registered
/bridge [NAME]             ask the server for somebody's address
/register                  register again
/id                        who you are
/quit                      leave
A line that begins with // is sent with one / less.";

/// Reads a line. The assignments' words work too, but only as whole words at the start of a line.
pub fn parse(line: &str) -> Command {
    if let Some(text) = line.strip_prefix("//") {
        return Command::Say(format!("/{text}"));
    }
    if let Some(text) = line.strip_prefix("to_peer:") {
        return message(text);
    }
    if let Some(address) = line.strip_prefix("conn:") {
        return chat("conn:IP:PORT", address.trim());
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let argument = rest.trim();
    match word {
        "/say" if argument.is_empty() => Command::Mistake("/say needs a text".to_owned()),
        "/say" => Command::Say(rest.to_owned()),
        "/msg" => message(rest),
        "/chat" => chat("/chat NAME, /chat ID or /chat IP:PORT", argument),
        "/connect" => chat("/connect ID", argument),
        "/peers" => Command::Peers,
        "/peer" if argument.is_empty() => Command::Mistake("usage: /peer NAME".to_owned()),
        "/peer" => Command::Peer(argument.to_owned()),
        "/hangup" => Command::Hangup,
        "/tell" => tell(argument),
        "/info" | "/list" => Command::Info,
        "/bridge" if argument.is_empty() => Command::Bridge(None),
        "/bridge" => who("/bridge NAME", argument)
            .map_or_else(Command::Mistake, |w| Command::Bridge(Some(w))),
        "/register" => Command::Register,
        "/id" => Command::Id,
        "/help" => Command::Help,
        "/quit" => Command::Quit,
        _ if word.starts_with('/') => {
            Command::Mistake(format!("there is no command {word}: /help lists them"))
        }
        _ => words(line),
    }
}

/// A line without a slash: one of the assignments' words, or something to say.
fn words(line: &str) -> Command {
    match line.trim() {
        "" => Command::Nothing,
        "List" => Command::Info,
        "Exit" | "close" => Command::Quit,
        _ => Command::Say(line.to_owned()),
    }
}

fn message(text: &str) -> Command {
    if text.trim().is_empty() {
        return Command::Mistake("/msg needs a text".to_owned());
    }
    Command::Msg(text.to_owned())
}

fn chat(usage: &str, argument: &str) -> Command {
    who(usage, argument).map_or_else(Command::Mistake, Command::Chat)
}

fn tell(argument: &str) -> Command {
    let (peer, text) = argument.split_once(' ').unwrap_or((argument, ""));
    match who("/tell NAME TEXT", peer) {
        Ok(_) if text.trim().is_empty() => Command::Mistake("/tell NAME needs a text".to_owned()),
        Ok(peer) => Command::Tell(peer, text.to_owned()),
        Err(mistake) => Command::Mistake(mistake),
    }
}

fn who(usage: &str, argument: &str) -> Result<Who, String> {
    let argument = argument.replacen("localhost:", "127.0.0.1:", 1);
    argument.parse().map_err(|_| format!("usage: {usage}"))
}
