//! What the client shows, whatever shows it: a terminal gets a line, a page in the browser gets the same as
//! JSON.
//!
//! Lines are escaped by the [screen](super::screen), JSON is escaped here: what peers send must not reach a
//! terminal or a page as it is.

use crate::client::net::{Captured, ConnectionId, Direction};
use crate::client::ui::json::{Object, list, quoted};
use crate::wire::text::escape;
use crate::wire::{Name, Via};

/// The peer of a direct chat, as the screen and the page show it.
#[derive(Debug, Clone)]
pub struct PeerInfo {
    /// The number of the chat.
    pub chat: ConnectionId,
    /// The name or the address that is shown.
    pub label: String,
    /// The server's number for the peer, or 0.
    pub id: u64,
    /// The transport of the chat.
    pub via: Via,
}

/// What this client knows of a text that its user sent to a peer.
///
/// Over TCP no status says that a text arrived, and `Sent` is the best one: the operating system delivers the
/// text or the connection breaks, and the client cannot know which part the peer has read. Over UDP the
/// client hears of each text by its acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// The text is not sent yet.
    Waiting,
    /// The operating system took the text (TCP), or its first copy is sent (UDP).
    Sent,
    /// The peer acknowledged the text (UDP).
    Delivered,
    /// The text did not arrive, and is not sent again.
    Lost,
    /// The chat ended before the peer acknowledged the text.
    Unknown,
}

/// One thing to show.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Output<'a> {
    /// A sentence of the client itself.
    Sentence(&'a str),
    /// A message of the room, with the server's stamp. `own`: this client said it.
    Room { time: &'a str, name: &'a Name, text: &'a str, own: bool },
    /// A private message, which came through the server, with the server's stamp.
    Private { time: &'a str, name: &'a Name, text: &'a str },
    /// A sentence about a private message of the user, which has its time like all direct texts.
    Told(&'a str),
    /// A text from a peer.
    Received(&'a PeerInfo, &'a str),
    /// The new status of a text to a peer.
    Status(&'a PeerInfo, &'a str, DeliveryStatus),
}

impl Output<'_> {
    /// The server's stamp, if it has one.
    pub fn stamp(&self) -> Option<&str> {
        match self {
            Output::Room { time, .. } | Output::Private { time, .. } => Some(time),
            _ => None,
        }
    }

    /// Whether somebody else says `name` in it, as a word.
    pub fn mentions(&self, name: &str) -> bool {
        let text = match self {
            Output::Room { text, own: false, .. } | Output::Private { text, .. } => text,
            Output::Received(_, text) => *text,
            _ => return false,
        };
        let mut words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-'));
        words.any(|word| word.trim_matches(['.', '-']).eq_ignore_ascii_case(name))
    }

    /// Whether it says that a text of the user did not arrive, or perhaps not.
    pub fn is_failure(&self) -> bool {
        matches!(self, Output::Status(.., DeliveryStatus::Lost | DeliveryStatus::Unknown))
    }

    /// The line for a terminal in three parts: before the name of the speaker, the name, after it. A terminal
    /// shows the name in a colour. `time` is the local time; direct texts have it `at_prompt` alone, because
    /// programs read plain lines. `None` for what a terminal does not show: that a text waits.
    pub fn line(&self, time: &str, at_prompt: bool) -> Option<[String; 3]> {
        let direct_time = if at_prompt { format!("{time} ") } else { String::new() };
        Some(match self {
            Output::Sentence(text) => [String::new(), String::new(), (*text).to_owned()],
            Output::Room { name, text, .. } => {
                [format!("{time} "), name.to_string(), format!(": {text}")]
            }
            Output::Private { name, text, .. } => {
                [format!("{time} "), name.to_string(), format!(" (private): {text}")]
            }
            Output::Told(text) => [direct_time, String::new(), (*text).to_owned()],
            Output::Received(PeerInfo { label, via, .. }, text) => {
                let way = if *via == Via::Tcp { "direct" } else { "udp" };
                [direct_time, label.clone(), format!(" ({way}): {text}")]
            }
            Output::Status(PeerInfo { label, id, via, .. }, text, status) => {
                let line = match (status, id) {
                    (DeliveryStatus::Waiting, _) => return None,
                    // The line above the prompt says it, until the acknowledgement comes.
                    (DeliveryStatus::Sent, _) if at_prompt && *via == Via::Udp => return None,
                    (DeliveryStatus::Sent, 0) => format!("Sent to {label}: {text}"),
                    (DeliveryStatus::Sent, id) => format!("Sent to {label} (ID {id}): {text}"),
                    (DeliveryStatus::Delivered, _) => format!("Delivered to {label} (udp): {text}"),
                    (DeliveryStatus::Lost, _) => format!("not delivered to {label}: {text}"),
                    (DeliveryStatus::Unknown, _) => format!("not confirmed: {text}"),
                };
                [direct_time, String::new(), line]
            }
        })
    }

    /// The JSON object for the page, with its local time and the line for its day.
    pub fn json(&self, time: &str, day: &str) -> String {
        let about = |kind, PeerInfo { chat, label, via, .. }: &PeerInfo, text| {
            let object = Object::new(kind).text("time", time).json("chat", chat);
            object.text("label", label).text("transport", via).text("text", escape(text))
        };
        let said = |kind, name: &Name, text| {
            Object::new(kind).text("time", time).text("name", name).text("text", escape(text))
        };
        match self {
            Output::Sentence(text) | Output::Told(text) => {
                Object::new("notice").text("time", time).text("text", escape(text))
            }
            Output::Room { name, text, own, .. } => said("room", name, text).json("own", own),
            Output::Private { name, text, .. } => said("private", name, text),
            Output::Received(peer_info, text) => about("heard", peer_info, text),
            Output::Status(peer_info, text, status) => {
                let word = match status {
                    DeliveryStatus::Waiting => "waiting",
                    DeliveryStatus::Sent => "sent",
                    DeliveryStatus::Delivered => "delivered",
                    DeliveryStatus::Lost => "lost",
                    DeliveryStatus::Unknown => "unknown",
                };
                about("mark", peer_info, text).text("mark", word)
            }
        }
        .text("day", day)
        .end()
    }
}

/// The JSON object for captured bytes. Ends of lines are written as `\r\n` and also break the line.
pub fn traffic_json(captured: &Captured, with: &str, offset: i32) -> String {
    let Captured { own, other, via, why, direction, .. } = captured;
    let object = Object::new("block").text("time", captured.time(offset));
    let object =
        object.json("to", *direction != Direction::In).json("lost", *direction == Direction::Lost);
    let object = object.text("with", with).text("transport", via).text("own", own);
    let object = object.text("other", other).text("name", captured.name());
    let bytes = captured.text().replace('\r', "\\r").replace('\n', "\\n\n");
    let lines: Vec<_> = bytes.lines().map(escape).collect();
    let object = object.text("bytes", lines.join("\n")).json("length", captured.bytes.len());
    let records = captured.records.as_ref();
    let listed =
        records.map(|records| list(records.iter().map(|record| quoted(&record.to_string()))));
    object
        .text("why", escape(why))
        .json("records", listed.unwrap_or_else(|| "null".to_owned()))
        .end()
}
