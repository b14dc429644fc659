//! Where a member can be found besides its listed address: what it says of that itself, and what its datagrams show.
//!
//! | address | from where | who is told |
//! | --- | --- | --- |
//! | listed | the TCP connection's IP, and the port that REGISTER names | everybody |
//! | Seen | the source of its last REFLEX | whom it calls, and who calls it |
//! | Local | JOIN, if it is credible | the same, if both are seen at one IP |
//!
//! Only a member that knows the ways through NATs has this (PROTOCOL, *Through NATs*). Nothing of it is simply
//! believed: an address of its own counts only if it can do no harm elsewhere, and a datagram only with the member's
//! secret.

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use crate::sync::lock;
use crate::wire::{Reachable, ReflexQuestion, Secret};

/// The smallest port that a member can have. The ports below are the system's (RFC 6335, section 6).
const LEAST_PORT: u16 = 1024;

/// Where one member can be found.
#[derive(Debug)]
pub struct Whereabouts {
    /// The secret with which it asks by REFLEX.
    pub reflex: Secret,
    /// Its own idea of its address, if others may be told.
    pub local: Option<SocketAddr>,
    /// The IP from which it has joined.
    ip: IpAddr,
    /// What it has asked since.
    asked: Mutex<Asked>,
}

/// What a member has asked by REFLEX.
#[derive(Debug, Default)]
struct Asked {
    /// The highest number of its questions.
    number: Option<u64>,
    /// Where its last question came from.
    from: Option<SocketAddr>,
}

impl Whereabouts {
    /// Those of a client that joins from this IP; `None` if it does not know the ways through NATs.
    pub fn of(reachable: &Reachable, ip: IpAddr) -> Option<Whereabouts> {
        let local = reachable.local.filter(|_| reachable.secure)?;
        let local = Some(local).filter(|local| is_credible(*local, ip));
        Some(Whereabouts { reflex: Secret::random(), local, ip, asked: Mutex::default() })
    }

    /// Takes a question from there. Returns whether it deserves an answer: it is the member's, new, and from the
    /// member's host. Without that last rule a member could write another source into its datagrams, and have those who
    /// call it send theirs to a stranger.
    pub fn asks(&self, question: &ReflexQuestion, from: SocketAddr) -> bool {
        let mut asked = lock(&self.asked);
        let is_new = asked.number.is_none_or(|number| number < question.number);
        let counts = is_new && from.ip() == self.ip && question.proves(self.reflex);
        if counts {
            *asked = Asked { number: Some(question.number), from: Some(from) };
        }
        counts
    }

    /// Where its datagrams come from, if it has shown that.
    pub fn seen(&self) -> Option<SocketAddr> {
        lock(&self.asked).from
    }
}

/// Whether others may be told that a client seen at this IP is at `local`, too. Nobody can be made to send to a third
/// party by it: a private address means a machine in one's own network.
fn is_credible(local: SocketAddr, seen: IpAddr) -> bool {
    let ip = local.ip();
    let private = match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    };
    let unicast = !ip.is_unspecified() && !ip.is_multicast();
    let near = ip == seen || private || (ip.is_loopback() && seen.is_loopback());
    unicast && near && local.port() >= LEAST_PORT
}
