//! One conversation by UDP: two directions, each opened by the query of the one who writes, each with
//! secrets of its own. The rules of a direction are in [`reliable`](super::reliable).

use std::time::Duration;

use crate::client::direct::tcp::chat::Context;
use crate::client::direct::udp::reliable::{Arrival, Delivery, Receiving, Sending, Step, WINDOW};
use crate::client::direct::udp::socket::{Datagrams, Letter};
use crate::client::net::capture::Captured;
use crate::client::net::writer::ConnectionId;
use crate::client::ui::output::{DeliveryStatus, Output, PeerInfo};
use crate::client::ui::screen::Screen;
use crate::wire::datagram::Datagram;
use crate::wire::entry::{Credentials, Entry};
use crate::wire::request::Via;

/// One conversation.
#[derive(Debug)]
pub struct Conversation {
    /// Who it is, and where it was heard last.
    pub entry: Entry,
    /// Which chat it is.
    pub key: ConnectionId,
    /// Our direction, since we have queried; with the secrets that open it.
    pub sending: Option<(Credentials, Sending)>,
    /// Theirs, since they have queried.
    pub receiving: Option<(Credentials, Receiving)>,
    /// Something was given up and nothing has been acknowledged since.
    pub is_broken: bool,
    /// What has happened, in datagrams.
    pub counts: Counts,
}

/// What has happened in a conversation, in datagrams.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the README tells what each counts")]
pub struct Counts {
    pub sent: u64,
    pub resent: u64,
    pub acknowledged: u64,
    pub lost: u64,
    pub received: u64,
    pub duplicate: u64,
    pub late: u64,
    pub missing: u64,
}

impl Conversation {
    /// A conversation in which nobody may write yet.
    pub fn new(key: ConnectionId, entry: Entry) -> Conversation {
        let (sending, receiving, is_broken) = (None, None, false);
        Conversation { entry, key, sending, receiving, is_broken, counts: Counts::default() }
    }

    /// Who is at the other end.
    pub fn peer_info(&self) -> PeerInfo {
        let Entry { name, id, .. } = &self.entry;
        PeerInfo { chat: self.key, label: name.to_string(), id: *id, via: Via::Udp }
    }

    /// Whether a datagram shows one of this conversation's secrets.
    pub fn knows(&self, datagram: &Datagram) -> bool {
        let (theirs, ours) = (self.receiving.as_ref(), self.sending.as_ref());
        match datagram {
            Datagram::Msg { name, ticket, .. } => {
                theirs.is_some_and(|(vouch, _)| vouch.ticket == *ticket) && self.entry.name == *name
            }
            Datagram::Ack { answer, .. } => ours.is_some_and(|(vouch, _)| vouch.answer == *answer),
        }
    }

    /// Does what is due in our direction.
    pub fn work(&mut self, datagrams: &mut Datagrams, context: &mut Context) {
        let peer_info = self.peer_info();
        let Some((vouch, sending)) = &mut self.sending else { return };
        let Entry { name, address, .. } = &self.entry;
        for step in sending.due(context.now) {
            match step {
                Step::Send { seq, first, text, waited } => {
                    if waited.is_some() {
                        self.counts.resent += 1;
                    } else {
                        self.counts.sent += 1;
                        context.screen.show(&Output::Status(
                            &peer_info,
                            &text,
                            DeliveryStatus::Sent,
                        ));
                    }
                    let why = |waited: Duration| format!("again: no ACK in {waited:?}");
                    let (why, to) = (waited.map(why).unwrap_or_default(), *address);
                    let (own, ticket) = (context.me.name.clone(), vouch.ticket);
                    let datagram = Datagram::Msg { name: own, ticket, seq, first, text };
                    let bytes = datagram.to_block().to_string().into_bytes();
                    datagrams.send(Letter { bytes, to, why }, name, context.screen);
                }
                Step::GiveUp(text) => {
                    self.counts.lost += 1;
                    self.is_broken = true;
                    context.screen.show(&Output::Status(&peer_info, &text, DeliveryStatus::Lost));
                }
            }
        }
    }

    /// An acknowledgement has come.
    pub fn acknowledged(&mut self, seq: u64, upto: u64, screen: &mut Screen) {
        let peer_info = self.peer_info();
        let Some((_, sending)) = &mut self.sending else { return };
        for text in sending.acknowledged(seq, upto) {
            self.counts.acknowledged += 1;
            self.is_broken = false;
            screen.show(&Output::Status(&peer_info, &text, DeliveryStatus::Delivered));
        }
    }

    /// Takes a message that has come like this; gives the acknowledgement.
    pub fn hear(
        &mut self,
        (seq, first, text): (u64, u64, String),
        traffic: Captured,
        screen: &mut Screen,
    ) -> Option<Vec<u8>> {
        let (vouch, receiving) = self.receiving.as_mut()?;
        let (accepted, answer) = (receiving.accept(seq, first, text), vouch.answer);
        let why = match accepted.as_ref().map(|accepted| accepted.arrival) {
            None => format!("dropped: it is {WINDOW} or more ahead"),
            Some(Arrival::Duplicate) => {
                "a copy of what has come before: acknowledged again".to_owned()
            }
            Some(Arrival::Late) => "late: one with a higher Seq has come before it".to_owned(),
            Some(Arrival::Newest) => String::new(),
        };
        let other = traffic.other;
        screen.traffic(&traffic.because(why), &self.entry.name);
        let accepted = accepted?;
        match accepted.arrival {
            Arrival::Duplicate => self.counts.duplicate += 1,
            Arrival::Late => self.counts.late += 1,
            Arrival::Newest => self.entry.address = other,
        }
        self.show(accepted.shown, screen);
        let answer = Datagram::Ack { answer, seq, upto: accepted.upto };
        Some(answer.to_block().to_string().into_bytes())
    }

    fn show(&mut self, shown: Vec<Delivery>, screen: &mut Screen) {
        let (name, peer_info) = (&self.entry.name, self.peer_info());
        for shown in shown {
            match shown {
                Delivery::Text(text) => {
                    self.counts.received += 1;
                    screen.show(&Output::Received(&peer_info, &text));
                }
                Delivery::Missing(count) => {
                    self.counts.missing = self.counts.missing.saturating_add(count);
                    let messages = if count == 1 { "message" } else { "messages" };
                    screen.line(format_args!("{count} {messages} from {name} did not arrive"));
                }
            }
        }
    }

    /// Ends our direction.
    pub fn stop(&mut self, screen: &mut Screen) {
        for text in self.sending.take().into_iter().flat_map(|(_, sending)| sending.end()) {
            screen.show(&Output::Status(&self.peer_info(), &text, DeliveryStatus::Unknown));
        }
    }

    /// Ends theirs.
    pub fn finish(&mut self, screen: &mut Screen) {
        if let Some((_, receiving)) = self.receiving.take() {
            self.show(receiving.end(), screen);
        }
    }
}
