//! A member of a room: a client by the protocol, with code of its own. It never waits: the crowd gives it its turn when
//! something has arrived or is due.

mod connection;
mod hearing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Shutdown, SocketAddr};

use world::sim::{self, HostId, Key, SECOND, TcpStream};

use crate::record::invariant;

/// How long an own message may take to come back.
const BOUND: u64 = 4 * SECOND;

/// How far a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Without a connection.
    Out,
    /// REGISTER and JOIN are sent.
    Asking,
    /// In the room.
    In,
}

/// How a member reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    All,
    /// So many bytes at a time, with a pause of so many nanoseconds.
    Drips(usize, u64),
    Nothing,
}

/// A member.
pub struct Member {
    pub name: String,
    pub host: HostId,
    server: SocketAddr,
    port: u16,
    link: Option<TcpStream>,
    /// The connection that was taken over.
    old: Option<TcpStream>,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    pub stage: Stage,
    /// Whether it wants to be in the room, and comes back when it loses its connection.
    pub wants: bool,
    pub reading: Reading,
    /// Whether its own messages may take longer than the bound.
    pub excused: bool,
    due: u64,
    /// Since when it is in this stage.
    pub since: u64,
    token: Option<String>,
    log: Option<String>,
    pub id: u64,
    /// The last number that it has heard, and the last of the replay that JOIN brings.
    pub seen: u64,
    replay_to: u64,
    pub has_joined: bool,
    /// All that it has heard.
    pub view: BTreeMap<u64, String>,
    /// Who else is in the room, as far as it was told.
    pub here: BTreeMap<u64, String>,
    ids: BTreeMap<String, u64>,
    /// Own messages on this connection that have not come back, with the time.
    awaited: VecDeque<(String, u64)>,
    /// Requests that have not been answered on this connection.
    asked: VecDeque<(&'static str, u64)>,
    /// What others have told it alone, and what it has told others.
    pub told: BTreeSet<String>,
    /// What it tells others, and since when.
    telling: VecDeque<(String, u64)>,
    pub bye: Option<String>,
    /// Whether it has said that it sends nothing more.
    is_finishing: bool,
    /// Whether it stays until the server ends.
    pub is_last: bool,
    spoken: u64,
    /// How long the server may be silent, and since when it is.
    silence: u64,
    heard_at: u64,
    bell: Key,
}

impl Member {
    /// A member on a host of its own.
    pub fn new(number: u8, server: SocketAddr, bell: Key) -> Member {
        let name = format!("m{number}");
        let host = sim::host(&name, IpAddr::from([10, 0, 2, number]));
        Member::on(host, name, server, bell)
    }

    /// A member on a host.
    pub fn on(host: HostId, name: String, server: SocketAddr, bell: Key) -> Member {
        Member {
            name,
            host,
            server,
            port: 6000,
            link: None,
            old: None,
            inbox: Vec::new(),
            outbox: Vec::new(),
            stage: Stage::Out,
            wants: false,
            reading: Reading::All,
            excused: false,
            due: 0,
            since: 0,
            token: None,
            log: None,
            id: 0,
            seen: 0,
            replay_to: 0,
            has_joined: false,
            view: BTreeMap::new(),
            here: BTreeMap::new(),
            ids: BTreeMap::new(),
            awaited: VecDeque::new(),
            asked: VecDeque::new(),
            told: BTreeSet::new(),
            telling: VecDeque::new(),
            bye: None,
            is_finishing: false,
            is_last: false,
            spoken: 0,
            silence: u64::MAX,
            heard_at: 0,
            bell,
        }
    }

    /// When it wants its next turn, if nothing arrives.
    pub fn due(&self) -> u64 {
        match (self.stage, self.reading) {
            (Stage::Out, _) if !self.wants => u64::MAX,
            (Stage::Out, _) => self.due,
            (_, Reading::Drips(..)) if self.due > sim::now() => self.due,
            (_, Reading::Drips(..)) => u64::MAX,
            (_, Reading::Nothing) => u64::MAX,
            _ if !self.outbox.is_empty() => sim::now() + 2_000_000,
            _ => self.heard_at.saturating_add(self.silence),
        }
    }

    /// Says something that nobody has said before.
    pub fn say(&mut self, length: usize) -> String {
        self.spoken += 1;
        let text = format!("{}.{} {}", self.name, self.spoken, "x".repeat(length));
        self.send(&format!("SAY\r\nText: {text}\r\n\r\n"));
        self.awaited.push_back((text.clone(), sim::now()));
        text
    }

    /// Tells one other member something.
    pub fn tell(&mut self, peer: &str) {
        self.spoken += 1;
        let text = format!("{}.{} for {peer}", self.name, self.spoken);
        self.ask("TELL", &format!("Peer: {peer}\r\nText: {text}\r\n"));
        self.telling.push_back((text, sim::now()));
    }

    /// Sends a request that has an answer.
    pub fn ask(&mut self, kind: &'static str, headers: &str) {
        self.asked.push_back((kind, sim::now()));
        self.send(&format!("{kind}\r\n{headers}\r\n"));
    }

    /// Sends bytes.
    pub fn send(&mut self, text: &str) {
        self.outbox.extend_from_slice(text.as_bytes());
        self.flush();
    }

    /// Leaves in good order.
    pub fn quit(&mut self) {
        self.wants = false;
        self.send("QUIT\r\n\r\n");
        (self.token, self.log, self.has_joined) = (None, None, false);
    }

    /// Hangs up.
    pub fn hang_up(&mut self) {
        self.link = None;
        self.lose(sim::now());
    }

    /// Opens a second connection and takes the name over by its token. The first one stays open, and is not read.
    pub fn take_over(&mut self) {
        self.old = self.link.take();
        self.lose(sim::now());
        self.due = sim::now();
    }

    /// Takes its name over by its token on a second connection, and hangs up the first one at the same moment.
    pub fn switch(&mut self) {
        let old = self.link.take();
        self.lose(sim::now());
        self.connect(sim::now());
        drop(old);
    }

    /// Says that it sends nothing more, and reads on until the server hangs up.
    pub fn finish(&mut self) {
        (self.wants, self.is_finishing) = (false, true);
        let done = self.link.as_ref().map(|link| link.shutdown(Shutdown::Write));
        done.expect("it is in the room").expect("the connection stands");
    }

    /// Closes the connection that was taken over, and any if it does not want to be in the room.
    pub fn let_go(&mut self) {
        self.old = None;
        if !self.wants {
            self.hang_up();
        }
    }

    /// Checks that nothing takes too long.
    fn check_bound(&self, now: u64) {
        if self.reading != Reading::All || self.excused || self.stage != Stage::In {
            return;
        }
        if let Some((text, at)) = self.awaited.front()
            && now - at > BOUND
        {
            let text = text.split(' ').next().unwrap_or_default();
            let what = format!("{} has said {text} and does not hear it", self.name);
            sim::fail(invariant::NOBODY_WAITS, &what);
        }
        if let Some((kind, at)) = self.asked.front()
            && now - at > BOUND
        {
            let what = format!("{} has asked {kind} and has no answer", self.name);
            sim::fail(invariant::NOBODY_WAITS, &what);
        }
    }

    /// Whether it waits for nothing: all that it said has come back, and all that it asked is answered.
    pub fn is_quiet(&self) -> bool {
        let done = self.awaited.is_empty() && self.asked.is_empty() && self.outbox.is_empty();
        !self.wants || self.stage == Stage::In && done
    }

    /// What it waits for.
    pub fn waits_for(&self) -> String {
        format!(
            "{} is {:?} since {}, awaits {:?} {:?}",
            self.name, self.stage, self.since, self.awaited, self.asked
        )
    }
}
