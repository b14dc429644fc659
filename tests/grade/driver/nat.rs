//! Address translation (NAT) for datagrams, in the grader's own process and on loopback alone: [`Nat`] is one box, and
//! [`Network`] is a world of several, with your programs behind them.
//!
//! On loopback nothing stands between two programs, so each program talks to *doors*. A door is a socket of the grader
//! that stands for an address of the world, as one program sees it. What comes in at a door is translated, dropped or
//! delivered as the boxes on its way do it, and goes on through the door that stands for its sender.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::driver::story::{self, lock};

/// The server's place in the world. Everybody has sent it something, so it knows how everybody is seen.
pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), 5555);
/// The port of every program in its own network.
const INSIDE: u16 = 5000;
/// The lowest port that a box gives.
const LOWEST: u16 = 40_000;
/// The longest datagram, and more.
const LONGEST: usize = 2048;
/// The pause of the network when nothing is on its way.
const PAUSE: Duration = Duration::from_micros(500);

/// How a box translates and filters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// One port for all destinations, and everybody may send to it.
    FullCone,
    /// One port, and only those machines may answer to which something was sent, from any of their ports.
    Restricted,
    /// One port, and only those addresses and ports may answer.
    Cone,
    /// Another port for each destination, and only that one may answer.
    Symmetric,
}

/// One direction that a box remembers.
#[derive(Debug)]
struct Flow {
    inside: SocketAddr,
    to: SocketAddr,
    port: u16,
    /// When something last went out.
    used: Instant,
}

/// One box.
#[derive(Debug)]
pub struct Nat {
    kind: Kind,
    outside: IpAddr,
    /// After so long without a datagram that goes out, a flow is forgotten.
    forgets: Option<Duration>,
    flows: Vec<Flow>,
    /// The next port that it gives.
    next: u16,
}

impl Nat {
    /// A box of this kind with this address.
    pub fn new(kind: Kind, outside: IpAddr, forgets: Option<Duration>) -> Self {
        Self { kind, outside, forgets, flows: Vec::new(), next: LOWEST }
    }

    /// Something goes out. Gives from where it comes for the world.
    pub fn lets_out(&mut self, inside: SocketAddr, to: SocketAddr, now: Instant) -> SocketAddr {
        self.forget(now);
        let own = |flow: &&mut Flow| flow.inside == inside;
        if let Some(flow) = self.flows.iter_mut().filter(own).find(|flow| flow.to == to) {
            flow.used = now;
            return (self.outside, flow.port).into();
        }
        let known = self.flows.iter().find(|flow| flow.inside == inside).map(|flow| flow.port);
        let port = known.filter(|_| self.kind != Kind::Symmetric).unwrap_or(self.next);
        self.next += u16::from(port == self.next);
        self.flows.push(Flow { inside, to, port, used: now });
        (self.outside, port).into()
    }

    /// Something comes to one of its ports. Gives to whom it goes, if it may come in.
    pub fn lets_in(&mut self, from: SocketAddr, port: u16, now: Instant) -> Option<SocketAddr> {
        self.forget(now);
        let mut flows = self.flows.iter().filter(|flow| flow.port == port);
        let may = |flow: &&Flow| match self.kind {
            Kind::FullCone => true,
            Kind::Restricted => flow.to.ip() == from.ip(),
            Kind::Cone | Kind::Symmetric => flow.to == from,
        };
        flows.find(may).map(|flow| flow.inside)
    }

    fn forget(&mut self, now: Instant) {
        let Some(forgets) = self.forgets else { return };
        self.flows.retain(|flow| now < flow.used + forgets);
    }
}

/// A program, and where it is in the world.
#[derive(Debug)]
struct Host {
    /// The box before it, if there is one.
    nat: Option<usize>,
    inside: SocketAddr,
    /// Where it really is.
    program: SocketAddr,
    /// How many datagrams it has sent into the world.
    sent: usize,
}

/// A socket that stands for an address of the world, for one program.
#[derive(Debug)]
struct Door {
    host: usize,
    there: SocketAddr,
    socket: Arc<UdpSocket>,
}

/// What is known of the world.
#[derive(Debug, Default)]
struct World {
    nats: Vec<Nat>,
    hosts: Vec<Host>,
    doors: Vec<Door>,
}

impl World {
    /// Who gets what a program sends to an address of the world, and from where it seems to come.
    fn route(&mut self, host: usize, to: SocketAddr) -> Option<(usize, SocketAddr)> {
        let (now, Host { nat, inside, .. }) = (Instant::now(), &self.hosts[host]);
        let (nat, inside) = (*nat, *inside);
        let neighbour = |other: &Host| other.inside == to && other.nat == nat;
        if let Some(other) = self.hosts.iter().position(neighbour) {
            return Some((other, inside)); // it does not leave their network
        }
        let from = nat.map_or(inside, |nat| self.nats[nat].lets_out(inside, to, now));
        let theirs = self.nats.iter().position(|other| other.outside == to.ip());
        if theirs == nat && nat.is_some() {
            return None; // the box does not turn round what comes from its own side
        }
        let at = match theirs {
            Some(theirs) => self.nats[theirs].lets_in(from, to.port(), now)?,
            None => to,
        };
        let other = self.hosts.iter().position(|other| other.inside == at && other.nat == theirs);
        other.map(|other| (other, from))
    }

    /// The door that stands for an address of the world, for one program.
    fn door(&mut self, host: usize, there: SocketAddr) -> Arc<UdpSocket> {
        let known = self.doors.iter().find(|door| door.host == host && door.there == there);
        if let Some(door) = known {
            return Arc::clone(&door.socket);
        }
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let socket = Arc::new(socket);
        self.doors.push(Door { host, there, socket: Arc::clone(&socket) });
        socket
    }

    /// Passes on what has come to the doors; gives whether there was something.
    fn works(&mut self) -> bool {
        let (mut has_worked, mut buffer) = (false, [0; LONGEST]);
        for at in 0..self.doors.len() {
            let Door { host, there, socket } = &self.doors[at];
            let (host, there) = (*host, *there);
            // Windows tells here that nobody listens where something was sent: that is nothing, too.
            let Ok((count, from)) = socket.recv_from(&mut buffer) else { continue };
            if from != self.hosts[host].program {
                continue;
            }
            has_worked = true;
            self.hosts[host].sent += 1;
            if let Some((other, from)) = self.route(host, there) {
                let door = self.door(other, from);
                // What a socket does not take is lost, as it might be in the world.
                let _ = door.send_to(&buffer[..count], self.hosts[other].program);
            }
        }
        has_worked
    }
}

/// A world with boxes, and your programs behind them.
#[derive(Debug)]
pub struct Network {
    world: Arc<Mutex<World>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// An empty one.
    pub fn new() -> Self {
        let (world, over) = (Arc::<Mutex<World>>::default(), Arc::<AtomicBool>::default());
        let (works, ended) = (Arc::clone(&world), Arc::clone(&over));
        let work = move || {
            while !ended.load(Ordering::Relaxed) {
                let has_worked = lock(&works).works();
                if !has_worked {
                    thread::sleep(PAUSE);
                }
            }
        };
        let thread = thread::Builder::new().name("network".to_owned()).spawn(work);
        let thread = thread.unwrap_or_else(|error| story::cannot_start("a thread", &error));
        Self { world, over, thread: Some(thread) }
    }

    /// Puts a box into it.
    pub fn nat(&self, kind: Kind) -> usize {
        let nats = &mut lock(&self.world).nats;
        let last = u8::try_from(nats.len()).unwrap() + 10;
        nats.push(Nat::new(kind, Ipv4Addr::new(203, 0, 113, last).into(), None));
        nats.len() - 1
    }

    /// Puts a program into it, behind a box, or where everybody reaches it. It says something to the server at once.
    pub fn host(&self, nat: Option<usize>, program: SocketAddr) -> usize {
        let world = &mut lock(&self.world);
        let host = world.hosts.len();
        let last = u8::try_from(host).unwrap() + 10;
        let inside = match nat {
            Some(_) => Ipv4Addr::new(192, 168, 1, last),
            None => Ipv4Addr::new(198, 51, 100, last),
        };
        world.hosts.push(Host { nat, inside: (inside, INSIDE).into(), program, sent: 0 });
        host
    }

    /// Where the server sees a program.
    pub fn seen(&self, host: usize) -> SocketAddr {
        let world = &mut lock(&self.world);
        let Host { nat, inside, .. } = world.hosts[host];
        nat.map_or(inside, |nat| world.nats[nat].lets_out(inside, SERVER, Instant::now()))
    }

    /// Where a program is in its own network.
    pub fn inside(&self, host: usize) -> SocketAddr {
        lock(&self.world).hosts[host].inside
    }

    /// What a program takes for an address of the world.
    pub fn door(&self, host: usize, there: SocketAddr) -> SocketAddr {
        lock(&self.world).door(host, there).local_addr().unwrap()
    }

    /// How many datagrams a program has sent into it.
    pub fn sent(&self, host: usize) -> usize {
        lock(&self.world).hosts[host].sent
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // A thread that has panicked has said so itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
