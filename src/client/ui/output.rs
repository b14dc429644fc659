//! What is shown, whatever shows it: a terminal gets a line, a page in the browser gets the same as JSON.

use crate::client::net::capture::{Captured, Direction};
use crate::client::net::writer::ConnectionId;
use crate::client::ui::json::Object;
use crate::wire::name::Name;
use crate::wire::request::Via;
use crate::wire::text::escape;

/// Who is at the other end of a direct chat.
#[derive(Debug, Clone)]
pub struct PeerInfo {
    /// Which chat.
    pub chat: ConnectionId,
    /// How this peer is shown.
    pub label: String,
    /// The server's number for it, or 0.
    pub id: u64,
    /// How we talk to it.
    pub via: Via,
}

/// What is known of something that we have said to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// It is not on its way yet.
    Waiting,
    /// It has left us.
    Sent,
    /// The other side has it.
    Delivered,
    /// It has not arrived, and will not.
    Lost,
    /// Nobody knows.
    Unknown,
}

/// Something that is shown.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Output<'a> {
    /// A sentence.
    Notification(&'a str),
    /// Somebody has said something in the room, perhaps we.
    Room { time: &'a str, name: &'a Name, text: &'a str, own: bool },
    /// Somebody has told us something through the server.
    Private { time: &'a str, name: &'a Name, text: &'a str },
    /// A peer has said something.
    Received(&'a PeerInfo, &'a str),
    /// What has become of something that we have said to a peer.
    Status(&'a PeerInfo, &'a str, DeliveryStatus),
}

impl Output<'_> {
    /// The line that a terminal shows: what stands before the name of who has said it, the name, the rest.
    pub fn line(&self) -> Option<[String; 3]> {
        Some(match self {
            Output::Notification(text) => [String::new(), String::new(), (*text).to_owned()],
            Output::Room { time, name, text, .. } => {
                [format!("{time} "), name.to_string(), format!(": {text}")]
            }
            Output::Private { time, name, text } => {
                [format!("{time} "), name.to_string(), format!(" (private): {text}")]
            }
            Output::Received(PeerInfo { label, via, .. }, text) => {
                let direction = if *via == Via::Tcp { "direct" } else { "udp" };
                [String::new(), label.clone(), format!(" ({direction}): {text}")]
            }
            Output::Status(PeerInfo { label, id, .. }, text, mark) => {
                let line = match (mark, id) {
                    (DeliveryStatus::Waiting, _) => return None,
                    (DeliveryStatus::Sent, 0) => format!("Sent to {label}: {text}"),
                    (DeliveryStatus::Sent, id) => format!("Sent to {label} (ID {id}): {text}"),
                    (DeliveryStatus::Delivered, _) => format!("Delivered to {label} (udp): {text}"),
                    (DeliveryStatus::Lost, _) => format!("not delivered to {label}: {text}"),
                    (DeliveryStatus::Unknown, _) => format!("not confirmed: {text}"),
                };
                [String::new(), String::new(), line]
            }
        })
    }

    /// What a page is told, at that time of day.
    pub fn json(&self, now: &str) -> String {
        let about = |kind, PeerInfo { chat, label, via, .. }: &PeerInfo, text| {
            let object = Object::new(kind).text("time", now).json("chat", chat);
            object.text("label", label).text("transport", via).text("text", escape(text))
        };
        let said = |kind, time, name: &Name, text| {
            Object::new(kind).text("time", time).text("name", name).text("text", escape(text))
        };
        match self {
            Output::Notification(text) => {
                Object::new("notice").text("time", now).text("text", escape(text))
            }
            Output::Room { time, name, text, own } => {
                said("room", time, name, text).json("own", own)
            }
            Output::Private { time, name, text } => said("private", time, name, text),
            Output::Received(peer_info, text) => about("heard", peer_info, text),
            Output::Status(peer_info, text, mark) => {
                let mark = match mark {
                    DeliveryStatus::Waiting => "waiting",
                    DeliveryStatus::Sent => "sent",
                    DeliveryStatus::Delivered => "delivered",
                    DeliveryStatus::Lost => "lost",
                    DeliveryStatus::Unknown => "unknown",
                };
                about("mark", peer_info, text).text("mark", mark)
            }
        }
        .end()
    }
}

/// What a page is told of the wire. In the bytes the ends of lines are spelled out, and end lines all the same.
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
    object.text("why", escape(why)).end()
}
