//! The state that the loop owns: the session with the server, the direct chats, the screen.
//!
//! The user's commands change it in [`execute`](super::execute), the server's responses in
//! [`responses`](super::responses).

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::client::direct::conversations;
use crate::client::direct::due;
use crate::client::direct::identity;
use crate::client::direct::relayed;
use crate::client::direct::tcp::relay::RelayServer;
use crate::client::direct::{
    Chats, Context, Conversations, DirectChat, Handshakes, Listening, LocalPeer, Transfers,
};
use crate::client::event::{Events, FileEvent, LinkEvent, PeerEvent, TransferId};
use crate::client::net::{Captured, ConnectionId, PeerLabels};
use crate::client::rendezvous::requests::{Pending, Purpose};
use crate::client::rendezvous::{ServerSession, Update, incoming, outgoing};
use crate::client::shutdown::Outstanding;
use crate::client::ui::Screen;
use crate::client::ui::away::Asker;
use crate::net::interface;
use crate::wire::{Candidates, Credentials, Entry, PeerRef, Request, Via};

/// The state that the user's commands work on.
pub struct State {
    /// What the user sees.
    pub screen: Screen,
    /// The session with the server.
    pub server: ServerSession,
    /// The direct chats.
    pub chats: Chats,
    /// What is known of calls over TCP before they are made.
    pub handshakes: Handshakes,
    /// The sockets on which this client listens.
    listening: Listening,
    /// The datagram side of the conversations over UDP.
    pub conversations: Conversations,
    /// The files that are on their way.
    pub files: Transfers,
    /// Whether the user was told that INFO ends some servers without a room.
    pub warned_of_info: bool,
    events: Events,
    /// The labels of the other ends, for the trace.
    labels: PeerLabels,
}

impl State {
    /// The state of a client to which nothing has happened yet.
    pub fn new(
        screen: Screen,
        server: ServerSession,
        (listening, conversations): (Listening, Conversations),
        files: Transfers,
        events: Events,
    ) -> State {
        let handshakes = Handshakes::new(listening.tickets(), events.clone());
        let chats = Chats::default();
        let (warned_of_info, labels) = (false, PeerLabels::default());
        State {
            screen,
            server,
            chats,
            handshakes,
            listening,
            conversations,
            files,
            warned_of_info,
            events,
            labels,
        }
    }

    /// This client, as its peers know it.
    pub fn me(&self) -> LocalPeer {
        let interface = self.conversations.datagrams.interface;
        let (id, address) = (self.server.id, interface::on(interface, self.server.address()));
        LocalPeer { name: self.server.name.clone(), id, address }
    }

    /// Says goodbye to all.
    pub fn close(&mut self) {
        self.server.requests.clear();
        self.chats.quit(&mut self.screen);
        self.with_files(Transfers::tick); // they end with their chats
        self.server.quit(&mut self.screen);
    }

    /// What is still to be done, with that many lines that wait for their turn.
    pub fn outstanding(&self, lines: usize) -> Outstanding {
        let starting = usize::from(self.server.is_starting());
        Outstanding {
            to_do: lines + starting + self.server.requests.count(),
            unconfirmed: self.server.unheard() + self.chats.waiting(Via::Tcp),
            by_udp: self.chats.waiting(Via::Udp),
            files: self.files.outstanding(None),
        }
    }

    /// When [`State::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let (calls, datagrams) = (due::deadline(&self.chats), conversations::deadline(&self.chats));
        let files = self.files.deadline();
        [self.server.deadline(), calls, datagrams, files].into_iter().flatten().min()
    }

    /// Lets chats handle something. They live without a name, too: while the user is asked for one, or for another.
    pub fn with_chats(
        &mut self,
        now: Instant,
        act: impl FnOnce(&mut Handshakes, &mut Conversations, &mut Context),
    ) {
        let me = self.me();
        let (chats, screen) = (&mut self.chats, &mut self.screen);
        chats.server_tells_tls = self.server.room.tells_tls;
        chats.server_is_secure = self.server.key.is_some();
        chats.server_is_gone = !self.server.is_joined();
        let mut context = Context { me, chats, screen, now };
        act(&mut self.handshakes, &mut self.conversations, &mut context);
    }

    /// Lets the files handle something.
    pub fn with_files<T>(&mut self, act: impl FnOnce(&mut Transfers, &mut Context) -> T) -> T {
        let (me, now) = (self.me(), Instant::now());
        let (chats, screen) = (&mut self.chats, &mut self.screen);
        act(&mut self.files, &mut Context { me, chats, screen, now })
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.server.tick(now, &mut self.screen);
        if let Some((to, question)) = outgoing::reflex(&mut self.server, now) {
            self.conversations.datagrams.ask(to, question, &mut self.screen);
        }
        self.with_chats(now, |handshakes, conversations, context| {
            conversations.tick(context);
            due::tick(handshakes, context);
        });
        self.with_files(Transfers::tick);
        for asker in self.screen.away.take_due() {
            self.answer(asker, now);
        }
        while let Some((pending, why)) = outgoing::unanswered(&mut self.server) {
            self.unanswered(pending, why);
        }
    }

    /// Tells somebody that the user is away, by the way on which the question came. Over UDP that may be closed in this
    /// direction; then the server passes it on, if it can.
    fn answer(&mut self, asker: Asker, now: Instant) {
        let Some(text) = self.screen.away.answer().cloned() else { return };
        let name = match asker {
            Asker::Member(name) => name,
            Asker::Chat(id) => match self.chats.get_mut(id) {
                Some(DirectChat::Tcp(chat)) => return chat.answer(&text, &mut self.screen),
                Some(DirectChat::Udp(udp)) => {
                    let datagrams = &mut self.conversations.datagrams;
                    if udp.say(&text, datagrams, &mut self.screen, now).is_ok() {
                        return;
                    }
                    udp.entry.name.clone()
                }
                None => return,
            },
        };
        let peer = PeerRef::Name(name);
        let request = Request::Tell { peer: peer.clone(), text: text.clone() };
        let _ = self.ask(request, Pending::Tell(peer, text)); // nobody has asked for it, so nobody misses it
    }

    /// Handles that there will be no response. A call does without the introduction, if it can.
    fn unanswered(&mut self, pending: Pending, message: &str) {
        if let Pending::Bridge(Purpose::Way(chat, _)) = pending {
            return self.with_chats(Instant::now(), |handshakes, _, context| {
                handshakes.climbing.fails(chat, message, context);
            });
        }
        self.screen.line(message);
        match pending {
            Pending::Bridge(Purpose::Call(peer)) => {
                if let Some(address) = self.address_of(&peer) {
                    self.dial(address);
                }
            }
            Pending::Tell(peer, text) => {
                // The server may have passed it on: only its answer is missing.
                self.screen.failure(format_args!("not confirmed to {peer}: {text}"));
            }
            _ => {}
        }
    }

    /// Sends a request to the server.
    ///
    /// # Errors
    /// The sentence that tells why nothing is sent.
    pub fn ask(&mut self, request: Request, pending: Pending) -> Result<(), String> {
        outgoing::ask(&mut self.server, request, pending)
    }

    /// Handles that the members of the room are others now. A chat belongs to the peer with whom it was verified. After
    /// a restart of the server that peer has another ID, and its old one may be somebody else's: `reissued`.
    pub fn members_changed(&mut self, reissued: bool) {
        if reissued {
            identity::forget_ids(&mut self.chats, &mut self.handshakes);
        }
        let room = &self.server.room;
        identity::learn_ids(&mut self.chats, |name, address| room.id_of(name, address));
        let back = relayed::cut(&self.chats, |name, address| room.id_of(name, address));
        self.with_chats(Instant::now(), |handshakes, _, context| {
            relayed::call_again(back, &mut handshakes.climbing, context);
        });
    }

    /// Turns tracing on or off.
    pub fn trace(&mut self, on: bool) {
        self.events.tracing().store(on, Ordering::Relaxed);
        self.screen.trace(on);
    }

    /// Whether tracing is on.
    pub fn is_traced(&self) -> bool {
        self.events.tracing().load(Ordering::Relaxed)
    }

    /// Handles an event of a connection to the server. Returns what the session leaves to others.
    pub fn link_event(&mut self, id: ConnectionId, event: LinkEvent) -> Option<Update> {
        if let LinkEvent::Up(_, own, server) = &event
            && self.server.is_link(id)
        {
            let key = self.server.key.clone();
            self.handshakes.climbing.server = Some(RelayServer { address: *server, key });
            self.handshakes.callbacks.own = own.ip();
            let datagrams = &mut self.conversations.datagrams;
            self.listening.cover(*own, datagrams, &mut self.screen);
        }
        incoming::event(&mut self.server, id, event, &mut self.screen)
    }

    /// Handles what the threads of a chat over TCP report.
    pub fn peer_event(&mut self, id: ConnectionId, event: PeerEvent) {
        if let PeerEvent::File(block) = event {
            let Some(id) = self.chats.owner(id) else { return };
            return self.with_files(|files, context| files.block(id, block, context));
        }
        self.with_chats(Instant::now(), |handshakes, _, context| {
            handshakes.event(id, event, context);
        });
    }

    /// Handles what the thread of a file reports.
    pub fn file_event(&mut self, key: TransferId, event: FileEvent) {
        self.with_files(|files, context| files.event(key, event, context));
    }

    /// Handles that the writer of a connection has written one text.
    pub fn written(&mut self, id: ConnectionId) {
        self.server.written(id);
        self.chats.written(id, &mut self.screen);
    }

    /// Handles a datagram: of the server, or of a peer.
    pub fn datagram(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        let now = Instant::now();
        if incoming::datagram(&mut self.server, from, &bytes, now) {
            return self.conversations.datagrams.told(from, bytes, &mut self.screen);
        }
        self.with_chats(now, |_, conversations, context| {
            conversations.datagram(from, bytes, context);
        });
    }

    /// Shows what a connection has sent or received.
    pub fn captured(&mut self, id: ConnectionId, mut captured: Captured) {
        let label = self.chats.owner(id).and_then(|id| self.chats.label(id));
        let known = match captured.with.clone().or(label) {
            _ if self.server.is_link(id) => Some("server".to_owned()),
            None => self.handshakes.claim(&captured),
            label => label,
        };
        let with = self.labels.label(id, known).unwrap_or_else(|| captured.other.to_string());
        captured.explain(self.server.address().ip());
        self.screen.captured(&captured, with);
    }

    /// Opens a conversation over UDP with a peer that the server has introduced.
    pub fn query(&mut self, peer: Entry, credentials: Credentials, candidates: Candidates) {
        self.with_chats(Instant::now(), |_, conversations, context| {
            conversations.query(peer, credentials, candidates, context);
        });
    }

    /// Calls the client that listens at this address.
    pub fn dial(&mut self, address: SocketAddr) {
        let name = self.server.room.name_at(address);
        self.with_chats(Instant::now(), |handshakes, _, context| {
            handshakes.call(address, name, context);
        });
    }

    /// The address of a peer, as far as it is known without asking.
    pub fn address_of(&self, peer: &PeerRef) -> Option<SocketAddr> {
        if let PeerRef::Address(address) = peer {
            return Some(*address);
        }
        let introduced = self.handshakes.introductions.address_of(peer);
        introduced.or_else(|| self.server.room.address_of(peer))
    }
}
