//! What is shown, whatever shows it: a terminal gets a line, a page in the browser gets the same as JSON.

use crate::client::connection::ConnectionId;
use crate::client::traffic::{Traffic, Way};
use crate::json::Object;
use crate::wire::name::Name;
use crate::wire::request::Via;
use crate::wire::text::escape;

/// Who is at the other end of a direct chat.
#[derive(Debug, Clone)]
pub struct Party {
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
pub enum Mark {
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
pub enum Shown<'a> {
    /// A sentence.
    Notice(&'a str),
    /// Somebody has said something in the room, perhaps we.
    Room { time: &'a str, name: &'a Name, text: &'a str, own: bool },
    /// Somebody has told us something through the server.
    Private { time: &'a str, name: &'a Name, text: &'a str },
    /// A peer has said something.
    Heard(&'a Party, &'a str),
    /// What has become of something that we have said to a peer.
    Marked(&'a Party, &'a str, Mark),
}

impl Shown<'_> {
    /// The line that a terminal shows: what stands before the name of who has said it, the name, the rest.
    pub fn line(&self) -> Option<[String; 3]> {
        Some(match self {
            Shown::Notice(text) => [String::new(), String::new(), (*text).to_owned()],
            Shown::Room { time, name, text, .. } => {
                [format!("{time} "), name.to_string(), format!(": {text}")]
            }
            Shown::Private { time, name, text } => {
                [format!("{time} "), name.to_string(), format!(" (private): {text}")]
            }
            Shown::Heard(Party { label, via, .. }, text) => {
                let way = if *via == Via::Tcp { "direct" } else { "udp" };
                [String::new(), label.clone(), format!(" ({way}): {text}")]
            }
            Shown::Marked(Party { label, id, .. }, text, mark) => {
                let line = match (mark, id) {
                    (Mark::Waiting, _) => return None,
                    (Mark::Sent, 0) => format!("Sent to {label}: {text}"),
                    (Mark::Sent, id) => format!("Sent to {label} (ID {id}): {text}"),
                    (Mark::Delivered, _) => format!("Delivered to {label} (udp): {text}"),
                    (Mark::Lost, _) => format!("not delivered to {label}: {text}"),
                    (Mark::Unknown, _) => format!("not confirmed: {text}"),
                };
                [String::new(), String::new(), line]
            }
        })
    }

    /// What a page is told, at that time of day.
    pub fn json(&self, now: &str) -> String {
        let about = |kind, Party { chat, label, via, .. }: &Party, text| {
            let object = Object::new(kind).text("time", now).json("chat", chat);
            object.text("label", label).text("transport", via).text("text", escape(text))
        };
        let said = |kind, time, name: &Name, text| {
            Object::new(kind).text("time", time).text("name", name).text("text", escape(text))
        };
        match self {
            Shown::Notice(text) => {
                Object::new("notice").text("time", now).text("text", escape(text))
            }
            Shown::Room { time, name, text, own } => {
                said("room", time, name, text).json("own", own)
            }
            Shown::Private { time, name, text } => said("private", time, name, text),
            Shown::Heard(party, text) => about("heard", party, text),
            Shown::Marked(party, text, mark) => {
                let mark = match mark {
                    Mark::Waiting => "waiting",
                    Mark::Sent => "sent",
                    Mark::Delivered => "delivered",
                    Mark::Lost => "lost",
                    Mark::Unknown => "unknown",
                };
                about("mark", party, text).text("mark", mark)
            }
        }
        .end()
    }
}

/// What a page is told of the wire. In the bytes the ends of lines are spelled out, and end lines all the same.
pub fn traffic_json(traffic: &Traffic, with: &str, offset: i32) -> String {
    let Traffic { own, other, via, why, way, .. } = traffic;
    let object = Object::new("block").text("time", traffic.time(offset));
    let object = object.json("to", *way != Way::In).json("lost", *way == Way::Lost);
    let object = object.text("with", with).text("transport", via).text("own", own);
    let object = object.text("other", other).text("name", traffic.name());
    let bytes = traffic.text().replace('\r', "\\r").replace('\n', "\\n\n");
    let lines: Vec<_> = bytes.lines().map(escape).collect();
    let object = object.text("bytes", lines.join("\n")).json("length", traffic.bytes.len());
    object.text("why", escape(why)).end()
}
