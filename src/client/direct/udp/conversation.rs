//! One conversation over UDP. Each of its two directions is opened by the query of its sender, and each has
//! secrets of its own. The rules of a direction are in [`reliable`](super::reliable).
//!
//! ```text
//! a text is typed  say           --> Sending::send, Sending::due    MSG goes out
//! a timer is due   work          --> Sending::due                   MSG goes out again, or "not delivered"
//! an ACK arrives   acknowledged  --> Sending::acknowledged          "Delivered"
//! a MSG arrives    receive       --> Receiving::accept              the text is shown, ACK goes back
//! ```
//!
//! [`Sending`] and [`Receiving`] only decide what to do. This module sends, counts and shows it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::round_trip::RoundTrip;
use crate::client::direct::secure::sealed::standing;
use crate::client::direct::udp::congestion::WINDOW;
use crate::client::direct::udp::counts::Counts;
use crate::client::direct::udp::reliable::{Arrival, Delivery, Receiving, Sending, Step};
use crate::client::direct::udp::route::PeerRoute;
use crate::client::direct::udp::socket::{Datagrams, Outgoing};
use crate::client::net::{Captured, ConnectionId};
use crate::client::ui::{DeliveryStatus, Output, PeerInfo, Screen};
use crate::wire::{Credentials, Datagram, Entry, MAX_DATAGRAM_TEXT, Name, Secret, Text, Via};

/// How long a conversation in which nothing happens is kept.
const IDLE: Duration = Duration::from_secs(3_600);

/// One conversation over UDP with its peer.
#[derive(Debug)]
pub struct Conversation {
    /// The peer, with the address that the server has listed. Without a path it follows the peer.
    pub entry: Entry,
    /// The number of the chat, by which the page names it.
    pub key: ConnectionId,
    /// This client's name, as the peer knows it: the one that it had when it queried the peer.
    pub me: Name,
    /// This client's direction, after its query, with the secrets that open it.
    pub sending: Option<(Credentials, Sending)>,
    /// The peer's direction, after the peer's query, with the secrets that open it.
    pub receiving: Option<(Credentials, Receiving)>,
    /// Whether a text was given up and none was acknowledged after it.
    pub is_broken: bool,
    /// When something was last said, received or opened in it.
    pub active: Instant,
    /// Where its datagrams go.
    pub route: PeerRoute,
    /// Whether the user was told that it is open.
    pub is_announced: bool,
    counts: Counts,
}

impl Conversation {
    /// A conversation that neither side has opened yet.
    pub fn new(key: ConnectionId, entry: Entry, me: Name, now: Instant) -> Conversation {
        Conversation {
            entry,
            key,
            me,
            sending: None,
            receiving: None,
            is_broken: false,
            active: now,
            route: PeerRoute::default(),
            is_announced: false,
            counts: Counts::default(),
        }
    }

    /// Whether the user knows of it by more than a line: something was said in it, or the user has opened it.
    pub fn has_said(&self) -> bool {
        self.sending.is_some() || self.counts.received > 0
    }

    /// When the conversation expires unless something happens in it.
    pub fn expires(&self) -> Instant {
        self.active + IDLE
    }

    /// Where its datagrams go.
    pub fn address(&self) -> SocketAddr {
        self.route.address(self.entry.address)
    }

    /// The peer, as the screen and the page show it.
    pub fn peer_info(&self) -> PeerInfo {
        let Entry { name, id, .. } = &self.entry;
        PeerInfo { chat: self.key, label: name.to_string(), id: *id, via: Via::Udp }
    }

    /// How long the way to the peer and back takes.
    pub fn round_trip(&self) -> RoundTrip {
        self.sending.as_ref().map_or_else(RoundTrip::default, |(_, it)| it.congestion.round_trip)
    }

    /// What is known of the peer, and of the way to it.
    pub fn standing(&self, says_plain: bool, server_is_secure: bool) -> String {
        let ways =
            [self.sending.as_ref().map(|way| way.0), self.receiving.as_ref().map(|way| way.0)];
        let sealed = ways.iter().flatten().all(|credentials| credentials.secure);
        let way = self.route.reach().map(|reach| format!("; {reach}")).unwrap_or_default();
        format!("{}{way}", standing(sealed, server_is_secure, says_plain))
    }

    /// The lines of `/peers` for this conversation.
    pub fn summary(&self, says_plain: bool, server_is_secure: bool) -> Vec<String> {
        let (name, address) = (&self.entry.name, self.address());
        let standing = self.standing(says_plain, server_is_secure);
        let lines = [
            format!("{name} {address} udp ({standing})"),
            self.counts.to_string(),
            self.round_trip().to_string(),
        ];
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    /// Whether a datagram shows one of this conversation's secrets: a MSG the ticket of the peer's direction,
    /// an ACK the answer of this client's, and PUNCH and its answer the seal of one of both. The address does not
    /// count: it may be forged, and it may change.
    /// What must be sealed and is not, or under another ticket (`sealed`), shows nothing.
    pub fn knows(&self, datagram: &Datagram, sealed: Option<Secret>) -> bool {
        let receiving = self.receiving.as_ref().filter(|(theirs, _)| theirs.seal() == sealed);
        let sending = self.sending.as_ref().filter(|(ours, _)| ours.seal() == sealed);
        match (datagram, receiving, sending) {
            (Datagram::Punch { .. } | Datagram::PunchAck { .. }, theirs, ours) => {
                sealed.is_some() && (theirs.is_some() || ours.is_some())
            }
            (Datagram::Msg { name, ticket, .. }, Some((theirs, _)), _) => {
                theirs.ticket == *ticket && self.entry.name == *name
            }
            (Datagram::Ack { answer, .. }, _, Some((ours, _))) => ours.answer == *answer,
            _ => false,
        }
    }

    /// When [`Conversation::work`] has something to do, if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        let texts = self.sending.as_ref().and_then(|(_, sending)| sending.deadline());
        texts.filter(|_| !self.route.is_awaited()).into_iter().chain(self.route.deadline()).min()
    }

    /// How many texts are neither acknowledged nor given up.
    pub fn unacknowledged(&self) -> usize {
        self.sending.as_ref().map_or(0, |(_, sending)| sending.pending())
    }

    /// Sends a text of the user.
    ///
    /// # Errors
    /// A sentence: why the text is not sent.
    pub fn say(
        &mut self,
        text: &Text,
        datagrams: &mut Datagrams,
        screen: &mut Screen,
        now: Instant,
    ) -> Result<(), String> {
        let (name, info) = (&self.entry.name, self.peer_info());
        let Some((_, sending)) = &mut self.sending else {
            return Err(format!("query {name} back first: /query {name}"));
        };
        if text.as_str().len() > MAX_DATAGRAM_TEXT {
            let beginning: String = text.as_str().chars().take(40).collect();
            let rule = format!("a text over UDP must have at most {MAX_DATAGRAM_TEXT} bytes");
            return Err(format!("not sent: {rule}: {beginning}"));
        }
        if self.route.has_failed() {
            return Err(format!("not sent, no way to {name} was found: {text}"));
        }
        self.active = now;
        sending.send(text.to_string());
        screen.show(&Output::Status(&info, text.as_str(), DeliveryStatus::Waiting));
        self.work(datagrams, screen, now);
        Ok(())
    }

    /// Does what is due in this client's direction: sends first copies and further ones, gives texts up. Does
    /// nothing before this client has queried the peer, and before there is a way to it.
    pub fn work(&mut self, datagrams: &mut Datagrams, screen: &mut Screen, now: Instant) {
        let peer_info = self.peer_info();
        let Some((credentials, sending)) = &mut self.sending else { return };
        if self.route.is_awaited() {
            return;
        }
        let Entry { name: peer, address, .. } = &self.entry;
        for step in sending.due(now) {
            match step {
                Step::Send { seq, first, text, waited } => {
                    // Only the first copy is news for the user.
                    if waited.is_some() {
                        self.counts.resent += 1;
                        sending.congestion.sent_again(seq);
                    } else {
                        self.counts.sent += 1;
                        screen.show(&Output::Status(&peer_info, &text, DeliveryStatus::Sent));
                    }
                    let why = |waited: Duration| format!("sent again: no ACK within {waited:?}");
                    let why = waited.map(why).unwrap_or_default();
                    let (name, ticket) = (self.me.clone(), credentials.ticket);
                    let datagram = Datagram::Msg { name, ticket, seq, first, text };
                    let bytes = datagram.to_block().to_string().into_bytes();
                    let (to, with) = (self.route.sends(seq, *address, now), peer.clone());
                    let seal = credentials.seal();
                    datagrams.send(Outgoing { bytes, seal, to, with, why }, screen);
                }
                Step::GiveUp(text) => {
                    self.counts.lost += 1;
                    self.is_broken = true;
                    screen.show(&Output::Status(&peer_info, &text, DeliveryStatus::Lost));
                }
            }
        }
    }

    /// Notes a sealed datagram that came again, if it is one of the peer's messages.
    pub fn repeated(&mut self, seal: Secret) {
        if self.receiving.as_ref().is_some_and(|(theirs, _)| theirs.ticket == seal) {
            self.counts.duplicate += 1;
        }
    }

    /// Handles an acknowledgement. One that comes twice, or late, reports nothing.
    pub fn acknowledged(
        &mut self,
        from: SocketAddr,
        (seq, upto): (u64, u64),
        screen: &mut Screen,
        now: Instant,
    ) {
        let peer_info = self.peer_info();
        if let Some(moved) = self.route.acknowledged(from, seq, upto) {
            self.entry.address = moved;
        }
        let Some((_, sending)) = &mut self.sending else { return };
        sending.congestion.acknowledged(seq, upto, now);
        for text in sending.acknowledged(seq, upto) {
            self.counts.acknowledged += 1;
            self.is_broken = false;
            screen.show(&Output::Status(&peer_info, &text, DeliveryStatus::Delivered));
        }
    }

    /// Handles a message, which arrived as `captured` shows. Returns the acknowledgement, as bytes, unless the
    /// message is too far ahead.
    pub fn receive(
        &mut self,
        (seq, first, text): (u64, u64, String),
        captured: Captured,
        screen: &mut Screen,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let (credentials, receiving) = self.receiving.as_mut()?;
        let (accepted, answer) = (receiving.accept(seq, first, text), credentials.answer);
        let why = match accepted.as_ref().map(|accepted| accepted.arrival) {
            None => format!("dropped: its Seq is {WINDOW} or more ahead"),
            Some(Arrival::Duplicate) => "a duplicate: acknowledged again".to_owned(),
            Some(Arrival::Late) => "reordered: a higher Seq arrived before it".to_owned(),
            Some(Arrival::Newest) => String::new(),
        };
        let from = captured.other;
        screen.captured(&captured.because(why), &self.entry.name);
        let accepted = accepted?;
        match accepted.arrival {
            Arrival::Duplicate => self.counts.duplicate += 1,
            Arrival::Late => self.counts.late += 1,
            // Only after the newest one: an old copy may come from an address that the peer left.
            Arrival::Newest => self.route.heard_from(from, self.entry.address, now),
        }
        self.show(accepted.shown, screen);
        let answer = Datagram::Ack { answer, seq, upto: accepted.upto };
        Some(answer.to_block().to_string().into_bytes())
    }

    /// Shows what the receiver's end hands over.
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

    /// Gives up what waits for a way: there is none. `fresh` is the direction without it.
    pub fn has_no_way(&mut self, fresh: Sending, screen: &mut Screen) {
        let peer_info = self.peer_info();
        let Some((_, sending)) = &mut self.sending else { return };
        for text in std::mem::replace(sending, fresh).end() {
            self.counts.lost += 1;
            screen.show(&Output::Status(&peer_info, &text, DeliveryStatus::Lost));
        }
        self.is_broken = true;
        let name = &self.entry.name;
        let other = "calls over TCP, and through the server if it must";
        screen.line(format_args!("no way to {name} was found by UDP: /chat {name} {other}"));
    }

    /// Ends this client's direction. Reports the texts that are neither acknowledged nor given up.
    pub fn stop_sending(&mut self, screen: &mut Screen) {
        for text in self.sending.take().into_iter().flat_map(|(_, sending)| sending.end()) {
            screen.show(&Output::Status(&self.peer_info(), &text, DeliveryStatus::Unknown));
        }
    }

    /// Ends the peer's direction. Shows the messages that wait for earlier ones.
    pub fn finish_receiving(&mut self, screen: &mut Screen) {
        if let Some((_, receiving)) = self.receiving.take() {
            self.show(receiving.end(), screen);
        }
    }
}
