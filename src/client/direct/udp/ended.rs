//! The conversations over UDP that have ended. The ACK of a text may be lost, and then the peer sends a copy. So copies
//! of what arrived before the end are still acknowledged: the peer must not be told that a text which was read did not
//! arrive. TCP's `TIME_WAIT` (RFC 9293, 3.6) has the same purpose.

use std::collections::VecDeque;

use crate::client::direct::udp::conversation::Conversation;
use crate::client::direct::udp::reliable::{Arrival, Receiving};
use crate::wire::{Credentials, Datagram, Name, Secret};

/// How many ended conversations are remembered: the last ones. A peer chooses how long it tries a text
/// (`--give-up`), so no time limits this.
const MAX_ENDED: usize = 256;

/// The conversations that have ended, the oldest first.
#[derive(Debug, Default)]
pub struct EndedConversations(VecDeque<Ended>);

/// The peer's direction of a conversation, as it was when the conversation ended.
#[derive(Debug)]
struct Ended {
    name: Name,
    credentials: Credentials,
    receiving: Receiving,
}

impl EndedConversations {
    /// Remembers what has arrived in a conversation that is about to end.
    pub fn remember(&mut self, conversation: &Conversation) {
        let Some((credentials, receiving)) = &conversation.receiving else { return };
        if self.0.len() >= MAX_ENDED {
            self.0.pop_front();
        }
        let name = conversation.entry.name.clone();
        self.0.push_back(Ended { name, credentials: *credentials, receiving: receiving.clone() });
    }

    /// The peer and the acknowledgement, as bytes, if a datagram is a copy of what arrived before the end. What
    /// arrives first after the end is not shown, so it gets no answer.
    pub fn acknowledge(
        &self,
        datagram: &Datagram,
        sealed: Option<Secret>,
    ) -> Option<(&Name, Vec<u8>)> {
        let Datagram::Msg { name, ticket, seq, first, text } = datagram else { return None };
        let is_meant = |ended: &&Ended| {
            let Ended { credentials, name: peer, .. } = ended;
            credentials.ticket == *ticket && peer == name && credentials.seal() == sealed
        };
        let Ended { name, credentials, receiving } = self.0.iter().find(is_meant)?;
        let accepted = receiving.clone().accept(*seq, *first, text.clone())?;
        let is_copy = accepted.arrival == Arrival::Duplicate;
        let ack = Datagram::Ack { answer: credentials.answer, seq: *seq, upto: accepted.upto };
        is_copy.then(|| (name, ack.to_block().to_string().into_bytes()))
    }
}
