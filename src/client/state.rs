//! The state that the loop owns: the standing with the server, the chats, what was asked and is not answered.
//! What the user asks is done in [`execute`](super::execute), what the server answers in
//! [`responses`](super::responses).

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::command::Command;
use crate::client::direct::chats::Chats;
use crate::client::direct::tcp::chat::{Context, LocalPeer};
use crate::client::net::capture::{Captured, PeerLabels};
use crate::client::net::writer::ConnectionId;
use crate::client::rendezvous::membership::Membership;
use crate::client::ui::screen::Screen;
use crate::clock;
use crate::wire::entry::{Credentials, Entry};
use crate::wire::name::PeerRef;
use crate::wire::request::{Request, Via};
use crate::wire::text::Text;

/// How long the server may take to answer what the user has asked.
const ANSWER: Duration = Duration::from_secs(5);

/// What the user has asked the server and not been answered yet.
#[derive(Debug, Clone)]
pub enum Pending {
    /// REGACK.
    Registration,
    /// INFOACK.
    Info,
    /// HISTORYACK.
    History,
    /// An introduction to somebody who is to be shown.
    Bridge,
    /// An introduction to somebody who is to be called.
    Call(PeerRef),
    /// The same for datagrams.
    Query,
    /// TELLACK for this text.
    Receipt(PeerRef, Text),
}

impl Pending {
    /// Whether BRIDGEACK answers it.
    pub fn is_introduction(&self) -> bool {
        matches!(self, Pending::Bridge | Pending::Call(_) | Pending::Query)
    }
}

/// The state that the user's commands work on.
pub struct State {
    /// What the user sees.
    pub screen: Screen,
    /// The standing with the server.
    pub membership: Membership,
    /// The direct chats.
    pub chats: Chats,
    /// What the server has been asked, and until when it may answer.
    pub pending_request: Option<(Pending, Instant)>,
    /// Who is at the other end of what the wire shows.
    ends: PeerLabels,
}

impl State {
    /// A session in which nothing has been asked yet.
    pub fn new(screen: Screen, membership: Membership, chats: Chats) -> State {
        State { screen, membership, chats, pending_request: None, ends: PeerLabels::default() }
    }

    /// Who we are to our peers.
    pub fn me(&self) -> Option<LocalPeer> {
        let (id, address) = (self.membership.id(), self.membership.address());
        Some(LocalPeer { name: self.membership.name()?.clone(), id, address })
    }

    /// Whether a command must wait for its turn: for the first attempt to join, for those who have not
    /// taken what was said before, for an address that was asked for, and, if it asks the server itself,
    /// for any answer.
    pub fn must_wait(&self, command: &Command) -> bool {
        let asks = matches!(
            command,
            Command::Info
                | Command::History(_)
                | Command::Bridge(_)
                | Command::Tell(..)
                | Command::Register
                | Command::Chat(_)
                | Command::Query(_)
        );
        let for_answer = match &self.pending_request {
            Some((pending_request, _)) if pending_request.is_introduction() => true,
            Some(_) => asks,
            None => false,
        };
        let for_others = match command {
            Command::Say(_) => self.membership.is_full(),
            Command::Msg(_) => self.chats.current.is_some_and(|id| self.chats.is_full(id)),
            Command::MsgTo(id, _) => self.chats.is_full(*id),
            _ => false,
        };
        for_answer || for_others || self.membership.is_starting()
    }

    /// Says goodbye to all.
    pub fn close(&mut self) {
        self.pending_request = None;
        self.chats.quit(&mut self.screen);
        self.membership.quit(&mut self.screen);
    }

    /// How much was said of which we do not know what has become.
    pub fn unconfirmed(&self) -> usize {
        self.membership.pending() + self.chats.pending()
    }

    /// How much was asked and said that has not been answered and sent yet, and still may be.
    pub fn pending(&self) -> usize {
        let starting = usize::from(self.membership.is_starting());
        let pending_request = usize::from(self.pending_request.is_some());
        starting + pending_request + self.unconfirmed()
    }

    /// When [`State::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let pending_request = self.pending_request.as_ref().map(|(_, until)| *until);
        [pending_request, self.membership.deadline(), self.chats.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.membership.tick(now, &mut self.screen);
        if let Some(me) = self.me() {
            self.chats.tick(Context { me: &me, screen: &mut self.screen, now });
        }
        let late =
            self.pending_request.take_if(|(_, until)| *until <= now).map(|(request, _)| request);
        if let Some(pending_request) = late {
            self.unanswered(pending_request, "the server does not answer");
        } else if self.membership.is_offline()
            && let Some((pending_request, _)) = self.pending_request.take()
        {
            self.unanswered(pending_request, "the server is gone and has not answered");
        }
    }

    /// There will be no answer. A call does without the introduction, if it can.
    fn unanswered(&mut self, pending_request: Pending, message: &str) {
        self.screen.line(message);
        match pending_request {
            Pending::Call(who) => {
                if let Some(address) = self.address_of(&who) {
                    self.dial(address);
                }
            }
            Pending::Receipt(peer, text) => {
                self.screen.line(format_args!("not delivered to {peer}: {text}"));
            }
            _ => {}
        }
    }

    /// Asks the server, unless there is none.
    ///
    /// # Errors
    /// A sentence that says why it cannot be asked.
    pub fn ask(&mut self, request: Request, pending_request: Pending) -> Result<(), String> {
        self.membership.ask(request)?;
        self.expect(pending_request);
        Ok(())
    }

    /// The server has been asked for this.
    pub fn expect(&mut self, pending_request: Pending) {
        self.pending_request = Some((pending_request, Instant::now() + ANSWER));
    }

    /// Shows what the sockets send and receive, or no more.
    pub fn explain(&mut self, on: bool) {
        self.chats.events.explaining().store(on, Ordering::Relaxed);
        self.screen.explain(on.then(clock::local_offset));
    }

    /// A datagram has come. Before there is a name nobody can have written to us.
    pub fn datagram(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        let Some(me) = self.me() else { return };
        let mut context = Context { me: &me, screen: &mut self.screen, now: Instant::now() };
        self.chats.by_udp.datagram(from, bytes, &mut context);
    }

    /// Something was sent or received on a connection.
    pub fn traffic(&mut self, id: ConnectionId, mut traffic: Captured) {
        let known = match self.chats.label(id) {
            _ if self.membership.is_link(id) => Some("server".to_owned()),
            label if label.is_empty() => self.chats.claim(&traffic),
            label => Some(label),
        };
        let with = self.ends.label(id, known).unwrap_or_else(|| traffic.other.to_string());
        traffic.explain(self.membership.address().ip());
        self.screen.traffic(&traffic, with);
    }

    /// The server has given our address to somebody who is about to use it.
    pub fn called(&mut self, caller: Entry, via: Via, vouch: Credentials) {
        let Some(me) = self.me() else { return };
        let context = Context { me: &me, screen: &mut self.screen, now: Instant::now() };
        match via {
            Via::Tcp => self.chats.invite(caller, vouch, context),
            Via::Udp => self.chats.queried(caller, vouch, context.screen),
        }
    }

    /// Where somebody is, as far as we know without asking.
    pub fn address_of(&self, who: &PeerRef) -> Option<SocketAddr> {
        match who {
            PeerRef::Address(address) => Some(*address),
            _ => self.chats.introduced(who).or_else(|| self.membership.room().address_of(who)),
        }
    }

    /// Calls whoever is at this address.
    pub fn dial(&mut self, address: SocketAddr) {
        let Some(me) = self.me() else { return };
        let name = self.membership.room().name_at(address);
        let context = Context { me: &me, screen: &mut self.screen, now: Instant::now() };
        self.chats.call(address, name, context);
    }
}
