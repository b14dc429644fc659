//! The texts of the user to peers that are neither delivered nor lost yet. A terminal shows each of them once: above
//! the prompt while it is on its way, and as a line of the conversation when it is settled.

use std::collections::VecDeque;

use crate::client::net::ConnectionId;
use crate::client::ui::output::{DeliveryStatus, Output};
use crate::wire::Via;

/// The texts that are on their way, the oldest first.
#[derive(Debug, Default)]
pub struct Unsettled(VecDeque<OnTheWay>);

/// A text that is on its way.
#[derive(Debug)]
struct OnTheWay {
    chat: ConnectionId,
    label: String,
    text: String,
    /// Whether a copy was sent: over UDP that is not the end.
    sent: bool,
}

impl Unsettled {
    /// Notes what an output says of a text.
    pub fn note(&mut self, output: &Output) {
        let Output::Status(peer, text, status) = output else { return };
        let is_it = |each: &OnTheWay| each.chat == peer.chat && each.text == *text;
        match status {
            DeliveryStatus::Waiting => {
                let (label, text) = (peer.label.clone(), (*text).to_owned());
                self.0.push_back(OnTheWay { chat: peer.chat, label, text, sent: false });
            }
            DeliveryStatus::Sent if peer.via == Via::Udp => {
                if let Some(first) = self.0.iter_mut().find(|each| is_it(each) && !each.sent) {
                    first.sent = true;
                }
            }
            _ => {
                let first = self.0.iter().position(is_it);
                first.map(|first| self.0.remove(first));
            }
        }
    }

    /// Notes that the texts for a chat go on in another one with the same peer.
    pub fn replace(&mut self, old: ConnectionId, new: ConnectionId) {
        self.0.iter_mut().filter(|each| each.chat == old).for_each(|each| each.chat = new);
    }

    /// The texts, as a terminal shows them.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|OnTheWay { label, text, sent, .. }| {
            let how = if *sent { "sent to" } else { "to" };
            format!("{how} {label}: {text}")
        })
    }
}
