//! The path of one conversation: the address that is proven, the search for one, and what keeps it open.
//!
//! ```text
//! an introduction  introduced          --> Punches::add      its candidates, and the address in use
//! a timer is due   due                 --> Punches::due      PUNCH goes out; or the search has failed
//! PUNCH comes      met                 --> Punches::add      from an address that nobody has named: try it, too
//! PUNCHACK comes   answered            --> Punches::accepts  the address is proven, and in use from now on
//! a text comes     heard_from          --> Punches::add      from elsewhere: the peer may have moved
//! ```
//!
//! An address that is proven stays in use until another one is proven. So a datagram that is forged, or repeated from
//! elsewhere, moves nothing. Like [`punches`](super::punches), this knows no socket and no clock.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::client::direct::udp::punches::{MAX_CANDIDATES, Punch, Punches, candidate_order};
use crate::net::interface::are_neighbours;
use crate::tls::random::random;
use crate::wire::{Candidates, PunchNonce, Secret};

/// After so long without a datagram to the peer a NAT may forget the way (RFC 8445, 11).
pub const KEEPALIVE: Duration = Duration::from_secs(15);
/// How many keepalives in a row may have no answer. Then the peer is gone, and nothing more is sent on its account.
pub const MOST_UNANSWERED: u32 = 4;
/// How long after its proof an address is not left because of a PUNCH from elsewhere: the peer may still be searching.
const SETTLING: Duration = Duration::from_secs(6);

/// How often a search begins anew that has failed although the peer's own PUNCH has come: there is a way, and it loses
/// much. With these it lasts as long as a text is tried.
const MOST_ROUNDS: u32 = 5;

/// What kind of way an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It does not leave this machine.
    Loopback,
    /// It does not leave this network, so no NAT forgets it.
    Lan,
    /// Any other.
    Direct,
}

impl Reach {
    /// The way in a word, for the page.
    pub fn word(self) -> &'static str {
        if self == Reach::Lan { "lan" } else { "direct" }
    }
}

impl fmt::Display for Reach {
    /// The way as a user reads it.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(if *self == Reach::Lan { "direct by the LAN" } else { "direct" })
    }
}

/// What the path wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathStep {
    /// Send a PUNCH of the search.
    Search(Punch),
    /// Send a PUNCH that keeps the way open.
    Keep(Punch),
    /// Every address was tried in vain.
    Failed,
}

/// The path of one conversation.
#[derive(Debug)]
pub struct Path {
    /// Under which ticket its PUNCH is sealed: that of the latest introduction.
    pub ticket: Secret,
    /// The address in use, once one is proven.
    proven: Option<Proven>,
    /// The search that is under way.
    search: Option<Punches>,
    /// From where the peer's PUNCH has come during this search.
    met: Vec<SocketAddr>,
    /// How often this search has begun anew.
    rounds: u32,
    /// The addresses to try as soon as a search may begin, and how long after its beginning each.
    wanted: Option<Vec<(SocketAddr, Duration)>>,
    /// Where the peer is in one's own network, as the server says.
    local: Option<SocketAddr>,
    /// This client's own address, by which it knows its network.
    own: Option<IpAddr>,
}

/// The address in use.
#[derive(Debug)]
struct Proven {
    address: SocketAddr,
    since: Instant,
    /// When a datagram was last sent there.
    spoke: Instant,
    /// How many keepalives were sent since the peer was last heard.
    unanswered: u32,
}

impl Path {
    /// No way yet, for a client with the address `own`.
    pub fn new(ticket: Secret, own: Option<IpAddr>) -> Path {
        let (met, rounds) = (Vec::new(), 0);
        Path { ticket, proven: None, search: None, met, rounds, wanted: None, local: None, own }
    }

    /// Handles an introduction: its candidates are to be tried anew, and so is the address in use.
    pub fn introduced(&mut self, ticket: Secret, candidates: &Candidates, listed: SocketAddr) {
        let in_use = self.address().map(|address| (address, Duration::ZERO));
        let mut order = candidate_order(candidates, listed);
        order.retain(|(address, _)| self.may_try(*address));
        (self.ticket, self.local, self.search) = (ticket, candidates.local, None);
        self.wanted = Some(Vec::new());
        in_use.into_iter().chain(order).for_each(|(address, after)| self.want(address, after));
    }

    /// Has one more address tried as soon as a search may begin, unless there are too many.
    fn want(&mut self, address: SocketAddr, after: Duration) {
        let wanted = self.wanted.get_or_insert_default();
        if wanted.len() < MAX_CANDIDATES && !wanted.iter().any(|(known, _)| *known == address) {
            wanted.push((address, after));
        }
    }

    /// Whether addresses wait to be tried.
    pub fn wants_search(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether a search is under way.
    pub fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// Whether everything was tried, and no address is proven.
    pub fn has_failed(&self) -> bool {
        self.proven.is_none() && !self.is_searching() && !self.wants_search()
    }

    /// Begins to try what waits.
    pub fn search(&mut self, now: Instant) {
        if self.search.is_none() {
            (self.met, self.rounds) = (Vec::new(), 0);
        }
        let search = self.search.get_or_insert_default();
        let wanted = self.wanted.take().into_iter().flatten();
        wanted.for_each(|(address, after)| search.add(address, now + after));
    }

    /// The address in use.
    pub fn address(&self) -> Option<SocketAddr> {
        self.proven.as_ref().map(|proven| proven.address)
    }

    /// What kind of way the address in use is.
    pub fn reach(&self) -> Option<Reach> {
        let address = self.address()?;
        Some(match address.ip() {
            ip if ip.is_loopback() => Reach::Loopback,
            _ if self.local == Some(address) => Reach::Lan,
            ip if self.own.is_some_and(|own| are_neighbours(own, ip)) => Reach::Lan,
            _ => Reach::Direct,
        })
    }

    /// What is due at `now`: of a search, and of the way in use, which must stay open meanwhile.
    pub fn due(&mut self, now: Instant) -> Vec<PathStep> {
        let mut steps = self.search_on(now);
        if self.keepalive().is_some_and(|due| due <= now)
            && let Some(proven) = &mut self.proven
        {
            proven.unanswered += 1;
            proven.spoke = now;
            let (to, nonce, count) = (proven.address, PunchNonce(u64::from_be_bytes(random())), 1);
            steps.push(PathStep::Keep(Punch { to, nonce, count }));
        }
        steps
    }

    /// What is due of the search.
    fn search_on(&mut self, now: Instant) -> Vec<PathStep> {
        let Some(search) = &mut self.search else { return Vec::new() };
        let punches: Vec<_> = search.due(now).into_iter().map(PathStep::Search).collect();
        if !punches.is_empty() || !search.have_failed(now) {
            return punches;
        }
        self.search_again(now)
    }

    /// Handles that a search has failed. Where the peer was met there is a way, so it is tried once more, unless there
    /// is another one that is proven.
    fn search_again(&mut self, now: Instant) -> Vec<PathStep> {
        if self.proven.is_some() || self.met.is_empty() || self.rounds >= MOST_ROUNDS {
            self.search = None;
            return vec![PathStep::Failed];
        }
        self.rounds += 1;
        let search = self.search.insert(Punches::default());
        self.met.iter().for_each(|address| search.add(*address, now));
        search.due(now).into_iter().map(PathStep::Search).collect()
    }

    /// When [`Path::due`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let search = self.search.as_ref().and_then(Punches::deadline);
        [search, self.keepalive()].into_iter().flatten().min()
    }

    /// When the way must be kept open: never on this machine or in this network, where nobody forgets it.
    ///
    /// Each datagram to the address in use keeps it open, a text as well as a PUNCH. A peer that answers nothing any
    /// more is gone, and its way need not be kept.
    // LAB 11: tell when a keepalive is due => None
    fn keepalive(&self) -> Option<Instant> {
        let proven = self.proven.as_ref().filter(|it| it.unanswered < MOST_UNANSWERED)?;
        (self.reach() == Some(Reach::Direct)).then(|| proven.spoke + KEEPALIVE)
    }

    /// Handles an authentic PUNCH. Behind some NATs a peer sends from an address that nobody has named: it is tried.
    pub fn met(&mut self, from: SocketAddr, now: Instant) {
        let settles = |proven: &Proven| now < proven.since + SETTLING;
        if self.search.is_some() || !self.proven.as_ref().is_some_and(settles) {
            self.heard_from(from, now);
        }
        let is_tried = self.search.as_ref().is_some_and(|search| search.tries(from));
        if is_tried && !self.met.contains(&from) {
            self.met.push(from);
        }
    }

    /// Handles that the peer has said something new from that address. If it is not the one in use, the peer may have
    /// moved, or somebody repeats what it has said: the address is to be tried.
    ///
    /// It is a candidate of the search, or of the next one if none is under way. The address in use stays in use.
    // LAB 11: try where the peer was heard => self.proven = Some(Proven { address: from, since: now, spoke: now, unanswered: 0 })
    pub fn heard_from(&mut self, from: SocketAddr, now: Instant) {
        if self.address() == Some(from) || !self.may_try(from) {
            return;
        }
        match &mut self.search {
            Some(search) => search.add(from, now),
            None => self.want(from, Duration::ZERO),
        }
    }

    /// Handles a PUNCHACK. Returns whether it proves its address, which is in use from now on.
    pub fn answered(&mut self, from: SocketAddr, nonce: PunchNonce, now: Instant) -> bool {
        if !self.search.as_ref().is_some_and(|search| search.accepts(from, nonce)) {
            return false;
        }
        self.search = None;
        self.wanted = None;
        self.proven = Some(Proven { address: from, since: now, spoke: now, unanswered: 0 });
        true
    }

    /// Whether datagrams may go to an address that others have named: to this machine only if this client is on
    /// loopback, and never to many at once.
    fn may_try(&self, address: SocketAddr) -> bool {
        let (ip, is_inside) =
            (address.ip().to_canonical(), self.own.is_some_and(|own| own.is_loopback()));
        let is_many = ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
        address.port() > 0 && !is_many && !ip.is_unspecified() && (is_inside || !ip.is_loopback())
    }

    /// Notes that the peer was heard, from wherever.
    pub fn heard(&mut self) {
        self.proven.iter_mut().for_each(|proven| proven.unanswered = 0);
    }

    /// Notes that a datagram was sent to that address.
    pub fn spoke(&mut self, to: SocketAddr, now: Instant) {
        self.proven.iter_mut().filter(|it| it.address == to).for_each(|it| it.spoke = now);
    }
}
