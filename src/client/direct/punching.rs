//! Finding a way for a conversation over UDP: what an introduction, a timer and a datagram lead to.
//!
//! The rules are in [`path`](super::udp::path) and [`punches`](super::udp::punches). This module sends, answers and
//! shows. It also holds the bounds of what a server, or whoever it introduces, can make this client send to others.
//!
//! ```text
//! BRIDGEACK, CALL   introduced ──► begin_searches ──► work: PUNCH to every candidate
//! PUNCH comes       punched ─────► PUNCHACK goes back
//! PUNCHACK comes    answered ────► the address is proven, and the user is told
//! a timer is due    work ────────► a further PUNCH, a keepalive, or the end of the search
//! ```

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::chats::Chats;
use crate::client::direct::udp::path::{KEEPALIVE, Path, PathStep};
use crate::client::direct::udp::punches::{Punch, SCHEDULE};
use crate::client::direct::udp::{Conversation, Datagrams, Outgoing, Sending};
use crate::client::ui::Screen;
use crate::net::interface;
use crate::wire::{Candidates, Credentials, Datagram, PunchNonce};

/// The most conversations for which a way is searched at a time. The others wait for their turn. With the candidates of
/// one search it bounds the addresses that get PUNCH at a time.
const MAX_AT_ONCE: usize = 8;

/// Whether an introduction says that both sides know the ways through NATs. What is punched must be sealed.
///
/// ```
/// use p2p_chat::client::direct::punching::can_punch;
/// use p2p_chat::wire::{Candidates, Credentials, Secret};
///
/// let (ticket, answer) = (Secret::random(), Secret::random());
/// let sealed = Credentials { ticket, answer, secure: true };
/// let known = Candidates { seen: "203.0.113.10:40312".parse().ok(), local: None };
/// assert!(can_punch(&sealed, &known));
/// assert!(!can_punch(&sealed, &Candidates::default()));
/// assert!(!can_punch(&Credentials { secure: false, ..sealed }, &known));
/// ```
pub fn can_punch(credentials: &Credentials, candidates: &Candidates) -> bool {
    credentials.secure && candidates.seen.is_some()
}

/// Handles an introduction to a conversation's peer, which is listed as its entry says. If the two cannot punch, texts
/// go to the listed address. Otherwise the candidates wait for their search. Link-local ones get the interface of this
/// client.
pub fn introduced(
    conversation: &mut Conversation,
    (credentials, candidates): (&Credentials, &Candidates),
    datagrams: &Datagrams,
) {
    conversation.route.trial = None;
    if !can_punch(credentials, candidates) {
        conversation.route.path = None;
        return;
    }
    let on_link = |address: SocketAddr| interface::on(datagrams.interface, address);
    let Candidates { seen, local } = *candidates;
    let candidates = Candidates { seen: seen.map(on_link), local: local.map(on_link) };
    let (ticket, listed) = (credentials.ticket, on_link(conversation.entry.address));
    let path = &mut conversation.route.path;
    let path = path.get_or_insert_with(|| Path::new(ticket, datagrams.local));
    path.introduced(ticket, &candidates, listed);
}

/// Tells the user that this client's direction is open, or that a way is searched. On this machine there is nothing to
/// search. An address that is proven already is told with the kind of its way.
pub fn announce(conversation: &mut Conversation, screen: &mut Screen) {
    let (name, address) = (&conversation.entry.name, conversation.address());
    conversation.is_announced = !conversation.route.is_awaited() || address.ip().is_loopback();
    if !conversation.is_announced {
        return screen.line(format_args!("looking for a way to {name} by UDP"));
    }
    let way = conversation.route.reach().map(|reach| format!(", {reach}")).unwrap_or_default();
    screen.line(format_args!("conversation with {name} {address} (udp{way}) is open"));
}

/// Handles PUNCH. Returns its answer, and the explanation. The sender's address is tried, too, unless one was
/// proven a moment ago and no search is under way.
pub fn punched(
    conversation: &mut Conversation,
    (from, nonce): (SocketAddr, PunchNonce),
    now: Instant,
) -> (Datagram, String) {
    let is_new = conversation.address() != from;
    if let Some(path) = &mut conversation.route.path {
        path.met(from, now);
    }
    let why = if is_new {
        "it comes in, so the answer goes out to where it came from; that address is tried, too"
    } else {
        "the answer shows that datagrams come through"
    };
    (Datagram::PunchAck { nonce }, why.to_owned())
}

/// Handles PUNCHACK. Returns the explanation. Only the Nonce that was sent to that very address proves it. Then a
/// conversation that was given up works again.
pub fn answered(
    conversation: &mut Conversation,
    (from, nonce): (SocketAddr, PunchNonce),
    screen: &mut Screen,
    now: Instant,
) -> String {
    let Some(path) = &mut conversation.route.path else { return String::new() };
    if !path.answered(from, nonce, now) {
        return "it changes nothing: the way is known, or its Nonce was sent elsewhere".to_owned();
    }
    let had_failed = std::mem::take(&mut conversation.is_broken);
    if conversation.sending.is_some() && (had_failed || !conversation.is_announced) {
        announce(conversation, screen);
    }
    "it repeats the Nonce that was sent there: this address is proven, and in use from now on"
        .to_owned()
}

/// Begins the searches that wait, as many as may be under way. What the user has asked for comes first. Returns whether
/// any has begun.
pub fn begin_searches(chats: &mut Chats, now: Instant) -> bool {
    let mut begun = 0;
    for is_asked in [true, false] {
        let searches =
            |found: &&Conversation| found.route.path.as_ref().is_some_and(Path::is_searching);
        let room = MAX_AT_ONCE.saturating_sub(chats.over_udp().filter(searches).count());
        let waiting = chats.over_udp_mut().filter(|it| it.sending.is_some() == is_asked);
        let paths = waiting.filter_map(|conversation| conversation.route.path.as_mut());
        let paths = paths.filter(|path| path.wants_search() && !path.is_searching());
        begun += paths.take(room).map(|path| path.search(now)).count();
    }
    begun > 0
}

/// Sends what is due of a conversation's search, and what keeps its way open. `give_up`: how long a text is tried. If
/// every address was tried in vain, the user is told that there is no way.
pub fn work(
    conversation: &mut Conversation,
    give_up: Duration,
    datagrams: &mut Datagrams,
    screen: &mut Screen,
    now: Instant,
) {
    let Some(path) = &mut conversation.route.path else { return };
    let (seal, steps) = (Some(path.ticket), path.due(now));
    for step in steps {
        let (Punch { to, nonce, .. }, why) = match step {
            PathStep::Search(punch) => (punch, searching(punch.count)),
            PathStep::Keep(punch) => {
                let silence = KEEPALIVE.as_secs();
                (punch, format!("nothing was sent for {silence} seconds: a NAT may forget the way"))
            }
            PathStep::Failed => {
                if conversation.route.has_failed() {
                    conversation.has_no_way(Sending::new(give_up), screen);
                }
                continue;
            }
        };
        let bytes = Datagram::Punch { nonce }.to_block().to_string().into_bytes();
        let with = conversation.entry.name.clone();
        datagrams.send(Outgoing { bytes, seal, to, with, why }, screen);
    }
}

/// Why PUNCH is sent, for tracing.
fn searching(count: usize) -> String {
    let last = SCHEDULE.len();
    format!("is there a way? It also opens this side's NAT for the answer ({count} of {last})")
}
