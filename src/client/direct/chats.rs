//! The list of direct chats, over TCP and over UDP, and which of them is current.
//!
//! [`handshake`](super::handshake) handles what happens to a chat over TCP from outside, and
//! [`conversations`](super::conversations) what happens to one over UDP.

use std::collections::BTreeMap;

use crate::client::direct::call_limit::CallLimit;
use crate::client::direct::destination::Destination;
use crate::client::direct::direct_chat::DirectChat;
use crate::client::direct::ending::EndingChats;
use crate::client::direct::heirs::Heirs;
use crate::client::direct::tcp::Chat;
use crate::client::direct::udp::{Conversation, EndedConversations};
use crate::client::net::ConnectionId;
use crate::client::ui::Screen;
use crate::wire::Via;

/// The most texts to one peer that may wait.
pub const MAX_WAITING: usize = 128;

/// All direct chats, by the numbers of their connections.
#[derive(Default)]
pub struct Chats {
    all: BTreeMap<ConnectionId, DirectChat>,
    heirs: Heirs,
    /// The chats that this client has ended and whose last texts are not written yet.
    pub ending: EndingChats,
    /// The conversations that have ended, and what has arrived in them.
    pub ended: EndedConversations,
    /// The chat to which `/msg` goes.
    pub current: Option<ConnectionId>,
    /// Where plain text goes.
    pub destination: Destination,
    /// On how many CALLs this client has acted.
    pub calls: CallLimit,
    /// Whether the server tells who can be called by TLS: then each chat says whether it is encrypted.
    pub server_tells_tls: bool,
    /// Whether there is no connection to the server.
    pub server_is_gone: bool,
    /// Whether the way to the server is encrypted.
    pub server_is_secure: bool,
}

impl Chats {
    /// Adds a chat.
    pub fn insert(&mut self, chat: DirectChat) {
        self.all.insert(chat.key(), chat);
    }

    /// The chat of that number.
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut DirectChat> {
        self.all.get_mut(&id)
    }

    /// The chats over TCP.
    pub fn over_tcp(&self) -> impl Iterator<Item = &Chat> {
        self.all.values().filter_map(DirectChat::tcp)
    }

    /// The conversations over UDP.
    pub fn over_udp(&self) -> impl DoubleEndedIterator<Item = &Conversation> {
        self.all.values().filter_map(DirectChat::udp)
    }

    /// The conversations over UDP, to be changed.
    pub fn over_udp_mut(&mut self) -> impl Iterator<Item = &mut Conversation> {
        self.all.values_mut().filter_map(|chat| match chat {
            DirectChat::Udp(conversation) => Some(conversation),
            DirectChat::Tcp(_) => None,
        })
    }

    /// The chat over TCP of that number.
    pub fn tcp(&self, id: ConnectionId) -> Option<&Chat> {
        self.all.get(&id)?.tcp()
    }

    /// The chat over TCP of that number, to be changed.
    pub fn tcp_mut(&mut self, id: ConnectionId) -> Option<&mut Chat> {
        self.all.get_mut(&id)?.tcp_mut()
    }

    /// Lets a chat take the place of another one with the same peer: what was meant for that one is for this one.
    pub fn replace(&mut self, old: ConnectionId, new: ConnectionId, screen: &mut Screen) {
        self.heirs.replace(old, new);
        self.destination.replace(old, new);
        screen.unsettled.replace(old, new);
    }

    /// The chat that stands in the place of this one by now: most often it is the same.
    pub fn heir(&self, id: ConnectionId) -> ConnectionId {
        self.heirs.heir(id)
    }

    /// The chat whose connection has this number. A chat may have tried several, of which one counts.
    pub fn owner(&self, connection: ConnectionId) -> Option<ConnectionId> {
        let is_its = |chat: &&Chat| chat.passage.connection == Some(connection);
        self.over_tcp().find(is_its).map(|chat| chat.key)
    }

    /// Takes a chat over TCP out of the list. It is no longer current. A conversation over UDP stays.
    pub fn take_tcp(&mut self, id: ConnectionId) -> Option<Chat> {
        self.tcp(id)?;
        if let DirectChat::Tcp(chat) = self.take(id)? { Some(chat) } else { None }
    }

    /// Takes a chat of either kind out of the list. It is no longer current.
    pub fn take(&mut self, id: ConnectionId) -> Option<DirectChat> {
        self.current = self.current.filter(|current| *current != id);
        self.all.remove(&id)
    }

    /// Whether a peer has not taken what was said to it before: the next text must wait.
    pub fn is_full(&self, id: ConnectionId) -> bool {
        self.all.get(&id).is_some_and(|chat| chat.waiting() >= MAX_WAITING)
    }

    /// How many texts wait over a transport: to be written over TCP, to be acknowledged over UDP.
    pub fn waiting(&self, via: Via) -> usize {
        let waiting = self.all.values().filter(|chat| chat.via() == via).map(DirectChat::waiting);
        let ending = if via == Via::Tcp { self.ending.waiting() } else { 0 };
        waiting.sum::<usize>() + ending
    }

    /// Whether this client calls that peer and has texts for it.
    pub fn has_unsent_call(&self, id: ConnectionId) -> bool {
        self.tcp(id).is_some_and(|chat| chat.is_calling() && !chat.unsent.is_empty())
    }

    /// Whether this client calls any peer and has texts for it.
    pub fn calls_to_speak(&self) -> bool {
        self.all.keys().any(|id| self.has_unsent_call(*id))
    }

    /// Whether texts over UDP are not acknowledged in that chat.
    pub fn is_unacknowledged(&self, id: ConnectionId) -> bool {
        self.all.get(&id).is_some_and(|chat| chat.via() == Via::Udp && chat.waiting() > 0)
    }

    /// How the screen names a chat.
    pub fn label(&self, id: ConnectionId) -> Option<String> {
        self.all.get(&id).map(DirectChat::label)
    }

    /// Shows all chats.
    pub fn list(&self, screen: &mut Screen) {
        if self.all.is_empty() {
            screen.line("no direct chats");
        }
        for (id, chat) in &self.all {
            let mut mark = if self.current == Some(*id) { "* " } else { "  " };
            for line in chat.summary(self.server_tells_tls, self.server_is_secure) {
                screen.line(format_args!("{mark}{line}"));
                mark = "    ";
            }
            if let Some(text) = screen.away.of(chat.who()).map(str::to_owned) {
                screen.line(format_args!("    away: {text}"));
            }
        }
    }

    /// Why no chat is current, after a line for each chat that can be chosen.
    pub fn no_current(&self, screen: &mut Screen) -> String {
        for chat in self.all.values() {
            let (choice, label) = (chat.choice(), chat.label());
            screen.line(format_args!("/peer {choice} makes {label} the current peer"));
        }
        let none = "no direct chat: use /chat or /query first";
        if self.all.is_empty() { none } else { "no direct chat is the current one" }.to_owned()
    }

    /// Finds the chat that a user means by `bob`, `bob tcp` or `bob udp`. Without a transport, TCP comes first.
    fn find(&self, typed: &str) -> Result<ConnectionId, String> {
        let (label, transport) = match typed.split_once(' ') {
            Some((label, transport)) => (label, transport.trim()),
            None => (typed, ""),
        };
        let found = match transport {
            "" => self.find_by(label, Via::Tcp).or_else(|| self.find_by(label, Via::Udp)),
            transport => transport.parse().ok().and_then(|via| self.find_by(label, via)),
        };
        found.ok_or_else(|| match transport {
            "" => format!("no direct chat with {label}"),
            _ => format!("no direct chat with {label} by {transport}"),
        })
    }

    /// The chat that is shown as `label`, or else one with that name, ID or address. Over UDP, a name means its
    /// last owner.
    fn find_by(&self, label: &str, via: Via) -> Option<ConnectionId> {
        let mut chats = self.all.values().filter(|chat| chat.via() == via);
        let is = |chat: &&DirectChat| label.parse().is_ok_and(|peer| chat.is(&peer));
        let found = match via {
            Via::Tcp => chats.clone().find(|chat| chat.label() == label).or_else(|| chats.find(is)),
            _ => chats.rev().find(is),
        };
        found.map(DirectChat::key)
    }

    /// Makes a chat the current one.
    ///
    /// # Errors
    /// The sentence that tells that there is none with that peer.
    pub fn choose(&mut self, typed: &str, screen: &mut Screen) -> Result<(), String> {
        let id = self.find(typed)?;
        self.current = Some(id);
        let label = self.label(id).unwrap_or_default();
        screen.line(format_args!("/msg now goes to {label}"));
        Ok(())
    }

    /// Sends plain text, from now on, to the chat that `typed` means, which becomes current. Without such a chat plain
    /// text goes nowhere: the text that follows was meant for one peer.
    ///
    /// # Errors
    /// The sentence that tells that there is none with that peer.
    pub fn direct_to(&mut self, typed: &str, screen: &mut Screen) -> Result<(), String> {
        let found = self.find(typed);
        self.destination = Destination::Chat(found.clone().ok(), typed.to_owned());
        let go_on = "text goes nowhere until /to NAME or /room";
        let id = found.map_err(|none| format!("{none}: {go_on} (/chat and /query open a chat)"))?;
        let label = self.label(id).unwrap_or_default();
        screen.line(format_args!("text now goes to {label} alone; /room returns to the room"));
        (self.current, self.destination) = (Some(id), Destination::Chat(Some(id), label));
        Ok(())
    }

    /// The chat to which a plain text goes; `None` is the room.
    ///
    /// # Errors
    /// The sentence that tells that the text goes nowhere.
    pub fn for_plain(&self, text: &str) -> Result<Option<ConnectionId>, String> {
        match &self.destination {
            Destination::Room => Ok(None),
            Destination::Chat(Some(id), _) if self.all.contains_key(id) => Ok(Some(*id)),
            Destination::Chat(_, label) => {
                let go_on = "(/room or /to NAME goes on)";
                Err(format!("not sent, there is no chat with {label} {go_on}: {text}"))
            }
        }
    }

    /// Sends plain text to everyone in the room, from now on.
    pub fn direct_to_room(&mut self, screen: &mut Screen) {
        self.destination = Destination::Room;
        screen.line("text now goes to the room");
    }

    /// The text of the prompt. `lost` says that the server is.
    pub fn prompt(&self, lost: bool) -> String {
        self.destination.prompt(|id| self.named(id), self.current, lost)
    }

    /// A chat as the prompt names it: its label, and whether it cannot be written to yet.
    fn named(&self, id: ConnectionId) -> Option<String> {
        let chat = self.all.get(&id)?;
        let waits = chat.udp().is_some_and(|conversation| conversation.sending.is_none());
        Some(format!("{}{}", chat.label(), if waits { ", query back" } else { "" }))
    }

    /// The chat that `typed` means, or the current one.
    ///
    /// # Errors
    /// The sentence that tells that there is none of that label.
    pub fn meant(&self, typed: Option<&str>) -> Result<Option<ConnectionId>, String> {
        typed.map_or(Ok(self.current), |typed| self.find(typed).map(Some))
    }

    /// Ends the chat that `typed` means, or the current one.
    ///
    /// # Errors
    /// The sentence that tells that there is none.
    pub fn hang_up(&mut self, typed: Option<&str>, screen: &mut Screen) -> Result<(), String> {
        let Some(chat) = self.meant(typed)?.and_then(|id| self.take(id)) else {
            return Err(self.no_current(screen));
        };
        screen.line(format_args!("you ended the chat with {}", chat.label()));
        self.end(chat, screen);
        Ok(())
    }

    /// Ends a chat, and keeps what is still to be written of it, or to be acknowledged again.
    pub fn end(&mut self, chat: DirectChat, screen: &mut Screen) {
        if let DirectChat::Udp(conversation) = &chat {
            self.ended.remember(conversation);
        }
        self.ending.extend(chat.end(screen));
    }

    /// Handles the report of a connection's writer that it has written one text.
    pub fn written(&mut self, id: ConnectionId, screen: &mut Screen) {
        match self.owner(id) {
            Some(key) => self.tcp_mut(key).into_iter().for_each(|chat| chat.written(screen)),
            None => self.ending.get_mut(id).into_iter().for_each(|chat| chat.written(screen)),
        }
    }

    /// Handles the end of a connection's writer.
    pub fn writer_ended(&mut self, id: ConnectionId, screen: &mut Screen) {
        let open = self.owner(id).and_then(|key| self.tcp_mut(key));
        open.into_iter().for_each(Chat::writer_ended);
        self.ending.writer_ended(id, screen);
    }

    /// Ends all chats: those over TCP with QUIT. Over UDP nothing more is sent, but received messages are
    /// acknowledged a little longer.
    pub fn quit(&mut self, screen: &mut Screen) {
        for mut chat in std::mem::take(&mut self.all).into_values() {
            if let DirectChat::Udp(conversation) = &mut chat {
                conversation.stop_sending(screen);
                self.all.insert(conversation.key, chat);
            } else {
                self.end(chat, screen);
            }
        }
    }
}
