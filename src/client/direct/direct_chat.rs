//! A direct chat of either kind, over TCP or over UDP, as the [list of chats](super::chats) sees it.

use crate::client::direct::tcp::Chat;
use crate::client::direct::udp::Conversation;
use crate::client::net::ConnectionId;
use crate::client::ui::Screen;
use crate::wire::{PeerRef, Via};

/// A direct chat of either kind.
pub enum DirectChat {
    /// Over a connection of its own.
    Tcp(Chat),
    /// By datagrams through the one UDP socket.
    Udp(Conversation),
}

impl DirectChat {
    /// The chat, if it is over TCP.
    pub fn tcp(&self) -> Option<&Chat> {
        if let DirectChat::Tcp(chat) = self { Some(chat) } else { None }
    }

    /// The same, to be changed.
    pub fn tcp_mut(&mut self) -> Option<&mut Chat> {
        if let DirectChat::Tcp(chat) = self { Some(chat) } else { None }
    }

    /// The conversation, if it is over UDP.
    pub fn udp(&self) -> Option<&Conversation> {
        if let DirectChat::Udp(conversation) = self { Some(conversation) } else { None }
    }

    /// The number of the chat.
    pub fn key(&self) -> ConnectionId {
        match self {
            DirectChat::Tcp(chat) => chat.key,
            DirectChat::Udp(conversation) => conversation.key,
        }
    }

    /// The transport of the chat.
    pub fn via(&self) -> Via {
        if self.tcp().is_some() { Via::Tcp } else { Via::Udp }
    }

    /// How the screen names the chat: `bob`, `bob?` or `bob (udp)`.
    pub fn label(&self) -> String {
        match self {
            DirectChat::Tcp(chat) => chat.label(),
            DirectChat::Udp(conversation) => format!("{} (udp)", conversation.entry.name),
        }
    }

    /// Whom the screen names as the speaker of its texts: the label without the transport.
    pub fn who(&self) -> String {
        match self {
            DirectChat::Tcp(chat) => chat.label(),
            DirectChat::Udp(conversation) => conversation.entry.name.to_string(),
        }
    }

    /// What a user types after `/peer` to choose the chat: `bob` or `bob udp`.
    pub fn choice(&self) -> String {
        match self {
            DirectChat::Tcp(chat) => chat.label(),
            DirectChat::Udp(conversation) => format!("{} udp", conversation.entry.name),
        }
    }

    /// Whether `peer` means this chat's peer.
    pub fn is(&self, peer: &PeerRef) -> bool {
        match self {
            DirectChat::Tcp(chat) => chat.is(peer),
            DirectChat::Udp(conversation) => conversation.entry.is(peer),
        }
    }

    /// The lines of `/peers` for this chat.
    /// `says_plain`: they must say it if the chat is not encrypted.
    pub fn summary(&self, says_plain: bool, server_is_secure: bool) -> Vec<String> {
        match self {
            DirectChat::Tcp(chat) => chat.summary(says_plain),
            DirectChat::Udp(conversation) => conversation.summary(says_plain, server_is_secure),
        }
    }

    /// How many texts wait: to be written over TCP, to be acknowledged over UDP.
    pub fn waiting(&self) -> usize {
        match self {
            DirectChat::Tcp(chat) => chat.unsent.len(),
            DirectChat::Udp(conversation) => conversation.unacknowledged(),
        }
    }

    /// Ends the chat from this side. Returns it if texts are still to be written before its end.
    pub fn end(self, screen: &mut Screen) -> Option<Chat> {
        match self {
            DirectChat::Tcp(chat) => chat.end(screen),
            DirectChat::Udp(mut conversation) => {
                conversation.finish_receiving(screen);
                conversation.stop_sending(screen);
                None
            }
        }
    }
}
