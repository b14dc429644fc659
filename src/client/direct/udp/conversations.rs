//! Conversations by UDP: who was queried and who has queried us, whose a datagram is, and what is due.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::tcp::chat::Context;
use crate::client::direct::udp::conversation::{Conversation, Counts};
use crate::client::direct::udp::reliable::{Receiving, Sending};
use crate::client::direct::udp::socket::{Datagrams, Letter};
use crate::client::net::capture::Direction;
use crate::client::net::writer::ConnectionId;
use crate::client::ui::output::{DeliveryStatus, Output};
use crate::client::ui::screen::Screen;
use crate::wire::datagram::{Datagram, MAX_DATAGRAM_TEXT};
use crate::wire::entry::{Credentials, Entry};
use crate::wire::name::{Name, PeerRef};
use crate::wire::text::Text;

/// The most conversations: a server cannot make us keep more.
const MAX_CONVERSATIONS: usize = 256;
/// How long after the last message its acknowledgement may have to be sent again: two of a sender's longest
/// pauses and a little, for one copy may be lost. TCP's `TIME_WAIT` is there for the same reason.
const LINGER: Duration = Duration::from_millis(1_700);

/// All conversations by UDP.
#[derive(Debug)]
pub struct Conversations {
    all: BTreeMap<ConnectionId, Conversation>,
    datagrams: Datagrams,
    /// How long a message is tried.
    give_up: Duration,
    /// How many datagrams had no ticket or answer that we know.
    strangers: u64,
    /// When a message has come last.
    heard: Option<Instant>,
}

impl Conversations {
    /// None yet.
    pub fn new(datagrams: Datagrams, give_up: Duration) -> Conversations {
        let (all, strangers, heard) = (BTreeMap::new(), 0, None);
        Conversations { all, datagrams, give_up, strangers, heard }
    }

    /// Whom the server has introduced to us: we can write from now on.
    pub fn query(&mut self, entry: Entry, vouch: Credentials, screen: &mut Screen) -> ConnectionId {
        let id = self.with(&entry);
        let sending = Sending::new(self.give_up);
        screen
            .line(format_args!("conversation with {} {} (udp) is open", entry.name, entry.address));
        let conversation =
            self.all.entry(id).or_insert_with(|| Conversation::new(id, entry.clone()));
        (conversation.entry, conversation.is_broken) = (entry, false);
        conversation.stop(screen); // what is not known to have arrived by the ticket before
        conversation.sending = Some((vouch, sending));
        id
    }

    /// Who has been given our address to write to us. `None` if there are too many.
    pub fn queried(
        &mut self,
        caller: Entry,
        vouch: Credentials,
        screen: &mut Screen,
    ) -> Option<ConnectionId> {
        let id = self.with(&caller);
        if !self.all.contains_key(&id) && self.all.len() >= MAX_CONVERSATIONS {
            return None;
        }
        let Entry { name, address, .. } = &caller;
        screen.line(format_args!("Incoming query from {name} {address} (verified)"));
        let conversation =
            self.all.entry(id).or_insert_with(|| Conversation::new(id, caller.clone()));
        if conversation.sending.is_none() {
            screen.line(format_args!("query {name} back to answer: /query {name}"));
        }
        conversation.finish(screen); // what it had said on its ticket before
        (conversation.entry, conversation.receiving) =
            (caller, Some((vouch, Receiving::default())));
        Some(id)
    }

    /// The number of the conversation with somebody, or of a new one.
    fn with(&self, entry: &Entry) -> ConnectionId {
        let same = |other: &Entry| other.name == entry.name && other.id == entry.id;
        let found = self.all.iter().find(|(_, conversation)| same(&conversation.entry));
        found.map_or_else(ConnectionId::next, |(id, _)| *id)
    }

    /// The conversation with that person.
    pub fn find(&self, who: &PeerRef) -> Option<ConnectionId> {
        let mut found = self.all.iter().rev(); // a name's last owner
        found.find(|(_, conversation)| conversation.entry.is(who)).map(|(id, _)| *id)
    }

    /// The conversation with that person, if we have queried, our direction works and, as far as we know,
    /// a client with that ID is still there. (Who is back under the same name knows no old ticket.)
    pub fn open_to(&self, who: &PeerRef, is_there: impl Fn(u64) -> bool) -> Option<ConnectionId> {
        let works = |found: &Conversation| {
            found.sending.is_some() && !found.is_broken && is_there(found.entry.id)
        };
        self.find(who).filter(|id| self.all.get(id).is_some_and(works))
    }

    /// The name in a conversation.
    pub fn name(&self, id: ConnectionId) -> Option<&Name> {
        self.all.get(&id).map(|conversation| &conversation.entry.name)
    }

    /// Says something.
    ///
    /// # Errors
    /// The sentence that tells why it was not said.
    pub fn say(
        &mut self,
        id: ConnectionId,
        text: &Text,
        context: &mut Context,
    ) -> Result<(), String> {
        let Some(conversation) = self.all.get_mut(&id) else { return Ok(()) };
        let name = &conversation.entry.name;
        let Some((_, sending)) = &mut conversation.sending else {
            return Err(format!("query {name} back first: /query {name}"));
        };
        if text.as_str().len() > MAX_DATAGRAM_TEXT {
            let beginning: String = text.as_str().chars().take(40).collect();
            let rule = format!("a text by UDP has at most {MAX_DATAGRAM_TEXT} bytes");
            return Err(format!("not sent: {rule}: {beginning}"));
        }
        sending.send(text.to_string());
        context.screen.show(&Output::Status(
            &conversation.peer_info(),
            text.as_str(),
            DeliveryStatus::Waiting,
        ));
        conversation.work(&mut self.datagrams, context);
        Ok(())
    }

    /// Takes a datagram. Without a secret that we know it changes nothing.
    pub fn datagram(&mut self, from: SocketAddr, bytes: Vec<u8>, context: &mut Context) {
        let found = Datagram::parse(&bytes).and_then(|datagram| {
            let knows = |conversation: &&mut Conversation| conversation.knows(&datagram);
            self.all.values_mut().find(knows).map(|conversation| (conversation, datagram))
        });
        let (length, traffic) = (bytes.len(), self.datagrams.traffic(Direction::In, from, bytes));
        match found {
            None => {
                self.strangers += 1;
                let traffic = traffic.because("of a stranger: dropped, not answered".to_owned());
                context.screen.traffic(&traffic, from);
            }
            Some((conversation, Datagram::Ack { seq, upto, .. })) => {
                context.screen.traffic(&traffic, &conversation.entry.name);
                conversation.acknowledged(seq, upto, context.screen);
                conversation.work(&mut self.datagrams, context);
            }
            Some((conversation, Datagram::Msg { seq, first, text, .. })) => {
                let answer = conversation.hear((seq, first, text), traffic, context.screen);
                if let Some(bytes) = answer.filter(|answer| answer.len() <= length) {
                    let letter = Letter { bytes, to: from, why: String::new() };
                    self.datagrams.send(letter, &conversation.entry.name, context.screen);
                    self.heard = Some(context.now);
                }
            }
        }
    }

    /// Sends and gives up what is due.
    pub fn tick(&mut self, context: &mut Context) {
        for conversation in self.all.values_mut() {
            conversation.work(&mut self.datagrams, context);
        }
    }

    /// When [`Conversations::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.sending().filter_map(Sending::deadline).min()
    }

    fn sending(&self) -> impl Iterator<Item = &Sending> {
        self.all.values().filter_map(|conversation| Some(&conversation.sending.as_ref()?.1))
    }

    /// How many texts are not known to have arrived, nor given up.
    pub fn pending(&self) -> usize {
        self.sending().map(Sending::pending).sum()
    }

    /// The same for one conversation.
    pub fn pending_in(&self, id: ConnectionId) -> usize {
        let sending = self.all.get(&id).and_then(|conversation| conversation.sending.as_ref());
        sending.map_or(0, |(_, sending)| sending.pending())
    }

    /// Until when somebody may still send copies of what has come.
    pub fn lingers_until(&self) -> Option<Instant> {
        self.heard.map(|heard| heard + LINGER)
    }

    /// Shows all conversations.
    pub fn list(&self, current: Option<ConnectionId>, screen: &mut Screen) {
        for (id, Conversation { entry, counts, .. }) in &self.all {
            let mark = if current == Some(*id) { "*" } else { " " };
            screen.line(format_args!("{mark} {} {} udp (verified)", entry.name, entry.address));
            let Counts { sent, resent, acknowledged, lost, .. } = counts;
            let Counts { received, duplicate, late, missing, .. } = counts;
            screen.line(format_args!(
                "    sent {sent}, resent {resent}, acknowledged {acknowledged}, lost {lost}; \
                 received {received}, duplicate {duplicate}, late {late}, missing {missing}"
            ));
        }
        match self.strangers {
            0 => {}
            1 => screen.line("1 datagram of a stranger was dropped"),
            many => screen.line(format_args!("{many} datagrams of strangers were dropped")),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Conversation> {
        self.all.values()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The names of all whom one can choose.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.all.values().map(|conversation| &conversation.entry.name)
    }

    /// Forgets a conversation: what the other side still sends is a stranger's.
    pub fn hang_up(&mut self, id: ConnectionId, screen: &mut Screen) {
        let Some(mut conversation) = self.all.remove(&id) else { return };
        screen.line(format_args!("you have ended the chat with {} (udp)", conversation.entry.name));
        conversation.finish(screen);
        conversation.stop(screen);
    }

    /// The client ends: sends no more, and acknowledges a little longer.
    pub fn quit(&mut self, screen: &mut Screen) {
        self.all.values_mut().for_each(|conversation| conversation.stop(screen));
    }

    /// Shows what has come and was held back.
    pub fn finish(&mut self, screen: &mut Screen) {
        self.all.values_mut().for_each(|conversation| conversation.finish(screen));
    }
}
