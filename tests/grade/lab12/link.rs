//! A link with a rate, a queue and a delay, in virtual time, and the flows that share it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::{self, Display};

use super::sender::Sender;

/// How many texts each flow has waiting at any time.
const BACKLOG: u64 = 70;

/// What a link is like.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// So many messages in a second. It divides 1000.
    pub rate: u64,
    /// So many messages wait; further ones are dropped.
    pub places: usize,
    /// So many ms each way.
    pub delay: u64,
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { rate, places, delay } = self;
        write!(f, "a link: {rate} messages a second, {places} places, {delay} ms each way")
    }
}

impl Line {
    /// A command that shows the same.
    pub fn by_hand(&self, flows: usize, seconds: u64, more: &str) -> String {
        let Self { rate, places, delay } = self;
        let command = format!(
            "cargo run --bin parts -- link --rate {rate} --queue {places} --delay {delay} \
             --flows {flows} --seconds {seconds} {more}"
        );
        format!("{} --svg link.svg", command.trim_end())
    }
}

/// One conversation: a sender that always has something to say, and its receiver.
#[derive(Debug)]
struct Flow {
    sender: Sender,
    begins: u64,
    /// When it is due next.
    due: Option<u64>,
    said: u64,
    copies: u64,
    /// The receiver: the lowest number that has not come, and what has come early.
    next: u64,
    held: BTreeSet<u64>,
    /// How many of its messages are acknowledged or given up, as the sender knows.
    over: u64,
}

/// What a flow has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// So many messages were shown.
    pub shown: u64,
    /// So many copies were sent.
    pub copies: u64,
}

impl Count {
    /// Since then, shown and copies.
    pub fn since(self, before: Self) -> (u64, u64) {
        (self.shown - before.shown, self.copies - before.copies)
    }
}

impl Flow {
    /// Its receiver gets a message; gives the Upto of its ACK.
    fn receives(&mut self, seq: u64) -> u64 {
        if seq >= self.next {
            self.held.insert(seq);
        }
        while self.held.remove(&self.next) {
            self.next += 1;
        }
        self.next - 1
    }

    /// Its sender hears these ACKs, has something to say, and does what it does. Gives what it sends.
    #[track_caller]
    fn works(&mut self, now: u64, acks: &[(u64, u64)]) -> Vec<u64> {
        let mut events: Vec<String> = Vec::new();
        for (seq, upto) in acks {
            let before = self.sender.in_flight.len();
            self.sender.in_flight.remove(seq);
            self.sender.in_flight.retain(|seq| *seq > *upto);
            self.over += (before - self.sender.in_flight.len()) as u64;
            events.push(format!("ack {seq} upto {upto}"));
        }
        let pending = self.said - self.over;
        if pending < BACKLOG {
            self.said = self.over + BACKLOG;
            events.push(format!("say {}", BACKLOG - pending));
        }
        let emitted = self.sender.at(now, &events.join(" "));
        self.over += emitted.lost.len() as u64;
        self.copies += emitted.again.len() as u64;
        self.due = emitted.due;
        emitted.again.into_iter().chain(emitted.new).collect()
    }
}

/// The link with its flows, and what is on the way. Times are ms.
#[derive(Debug)]
pub struct World {
    line: Line,
    now: u64,
    flows: Vec<Flow>,
    /// Of which flow which number waits at the link, and when the first of them is through.
    queue: VecDeque<(usize, u64)>,
    through: Option<u64>,
    /// What arrives when, in order.
    arriving: BTreeMap<(u64, u64), (usize, u64)>,
    /// Which ACK arrives when: its flow, Seq and Upto.
    returning: BTreeMap<(u64, u64), (usize, u64, u64)>,
    count: u64,
    /// How many were dropped.
    pub dropped: u64,
}

impl World {
    /// A link, and flows that begin at these times.
    pub fn new(line: Line, begins: &[u64]) -> Self {
        let flow = |(number, begins): (usize, &u64)| Flow {
            sender: Sender::start(&format!("flow {}", number + 1)),
            begins: *begins,
            due: Some(*begins),
            said: 0,
            copies: 0,
            next: 1,
            held: BTreeSet::new(),
            over: 0,
        };
        let flows = begins.iter().enumerate().map(flow).collect();
        let (queue, arriving, returning) = (VecDeque::new(), BTreeMap::new(), BTreeMap::new());
        Self {
            line,
            now: 0,
            flows,
            queue,
            through: None,
            arriving,
            returning,
            count: 0,
            dropped: 0,
        }
    }

    /// From now on each way takes so many ms.
    pub fn slower(&mut self, delay: u64) {
        self.line.delay = delay;
    }

    /// What a flow has done so far.
    pub fn count(&self, flow: usize) -> Count {
        Count { shown: self.flows[flow].next - 1, copies: self.flows[flow].copies }
    }

    /// Lets so much time pass.
    #[track_caller]
    pub fn runs(&mut self, time: u64) {
        let until = self.now + time;
        while let Some(next) = self.next_event().filter(|next| *next <= until) {
            self.now = next;
            self.passes_on();
            self.arrives();
            let mut acks: Vec<Vec<(u64, u64)>> = vec![Vec::new(); self.flows.len()];
            while let Some(entry) = self.returning.first_entry().filter(|it| it.key().0 <= next) {
                let (flow, seq, upto) = entry.remove();
                acks[flow].push((seq, upto));
            }
            for (number, acks) in acks.iter().enumerate() {
                let flow = &mut self.flows[number];
                let is_due = flow.due.is_some_and(|due| due <= next);
                if next >= flow.begins && (is_due || !acks.is_empty()) {
                    let sent = flow.works(next, acks);
                    sent.into_iter().for_each(|seq| self.takes((number, seq)));
                }
            }
        }
        self.now = until;
    }

    /// When something happens next.
    fn next_event(&self) -> Option<u64> {
        let due = self.flows.iter().filter_map(|flow| Some(flow.due?.max(flow.begins)));
        let first = [self.arriving.keys().next(), self.returning.keys().next()];
        let first = first.into_iter().flatten().map(|(at, _)| *at);
        // What is due again at once must wait for the next ms.
        due.chain(first).chain(self.through).min().map(|next| next.max(self.now + 1))
    }

    /// The link takes a message, or drops it.
    fn takes(&mut self, message: (usize, u64)) {
        if self.queue.len() >= self.line.places {
            self.dropped += 1;
            return;
        }
        self.queue.push_back(message);
        self.through.get_or_insert(self.now + 1_000 / self.line.rate);
    }

    /// What is through goes on to its receiver.
    fn passes_on(&mut self) {
        while let Some(through) = self.through.filter(|through| *through <= self.now) {
            let message = self.queue.pop_front().unwrap();
            self.count += 1;
            self.arriving.insert((through + self.line.delay, self.count), message);
            let next = through + 1_000 / self.line.rate;
            self.through = (!self.queue.is_empty()).then_some(next);
        }
    }

    /// What has arrived is acknowledged.
    fn arrives(&mut self) {
        while let Some(entry) = self.arriving.first_entry().filter(|it| it.key().0 <= self.now) {
            let ((at, _), (flow, seq)) = entry.remove_entry();
            let upto = self.flows[flow].receives(seq);
            self.count += 1;
            self.returning.insert((at + self.line.delay, self.count), (flow, seq, upto));
        }
    }
}
