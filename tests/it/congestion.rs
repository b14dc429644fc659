//! The retransmission timer and the congestion window, in virtual time: conversations that share a link with a rate, a
//! queue and a delay, all of them given.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use p2p_chat::client::direct::RoundTrip;
use p2p_chat::client::direct::udp::congestion::CongestionControl;
use p2p_chat::client::direct::udp::reliable::{Delivery, Receiving, Sending, Step};

/// How many texts each flow has waiting at any time.
const BACKLOG: usize = 70;
/// The network looks at the time so often.
const TICK: Duration = Duration::from_millis(1);

/// A link that all flows share: a queue that drops what does not fit, a rate, and a delay each way.
#[derive(Debug)]
struct Link {
    /// The time that one message takes.
    each: Duration,
    places: usize,
    delay: Duration,
    queue: VecDeque<Packet>,
    /// When the message at the head of the queue is through.
    busy_until: Option<Instant>,
    dropped: u64,
}

/// A message on its way.
#[derive(Debug, Clone)]
struct Packet {
    flow: usize,
    seq: u64,
    first: u64,
    text: String,
}

/// One conversation: a sender that always has something to say, and its receiver.
#[derive(Debug)]
struct Flow {
    sending: Sending,
    receiving: Receiving,
    begins: Instant,
    said: u64,
    copies: u64,
    shown: Vec<u64>,
}

impl Flow {
    fn new(begins: Instant) -> Self {
        let sending = Sending::new(Duration::from_secs(30));
        let (said, copies, shown) = (0, 0, Vec::new());
        Self { sending, receiving: Receiving::default(), begins, said, copies, shown }
    }

    /// Lets the sender do what is due.
    fn work(&mut self, flow: usize, now: Instant) -> Vec<Packet> {
        while now >= self.begins && self.sending.pending() < BACKLOG {
            self.said += 1;
            self.sending.send(self.said.to_string());
        }
        let mut sent = Vec::new();
        for step in self.sending.due(now) {
            let Step::Send { seq, first, text, waited } = step else { panic!("given up") };
            if waited.is_some() {
                self.copies += 1;
                self.sending.congestion.sent_again(seq);
            }
            sent.push(Packet { flow, seq, first, text });
        }
        sent
    }
}

/// The network with its flows, and what is on the way.
#[derive(Debug)]
struct World {
    now: Instant,
    link: Link,
    flows: Vec<Flow>,
    /// What arrives when, in order.
    arriving: BTreeMap<(Instant, u64), Packet>,
    /// Which acknowledgement arrives when: its flow, Seq and Upto.
    returning: BTreeMap<(Instant, u64), (usize, u64, u64)>,
    count: u64,
}

impl World {
    /// `rate` messages a second, so many places in the queue, a delay each way, and flows that begin so much later.
    fn new(rate: u32, places: usize, delay: Duration, begins: &[Duration]) -> Self {
        let now = Instant::now();
        let each = Duration::from_secs(1) / rate;
        let (queue, busy_until, dropped) = (VecDeque::new(), None, 0);
        let link = Link { each, places, delay, queue, busy_until, dropped };
        let flows = begins.iter().map(|after| Flow::new(now + *after)).collect();
        let (arriving, returning, count) = (BTreeMap::new(), BTreeMap::new(), 0);
        Self { now, link, flows, arriving, returning, count }
    }

    /// Lets so much time pass.
    fn runs(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now += TICK;
            self.passes_on();
            self.arrives();
            self.returns();
            for flow in 0..self.flows.len() {
                let sent = self.flows[flow].work(flow, self.now);
                for packet in sent {
                    self.takes(packet);
                }
            }
        }
    }

    /// The link takes a message, or drops it.
    fn takes(&mut self, packet: Packet) {
        if self.link.queue.len() >= self.link.places {
            self.link.dropped += 1;
            return;
        }
        self.link.queue.push_back(packet);
        self.link.busy_until.get_or_insert(self.now + self.link.each);
    }

    /// What is through goes on to its receiver.
    fn passes_on(&mut self) {
        while let Some(through) = self.link.busy_until.filter(|until| *until <= self.now) {
            let packet = self.link.queue.pop_front().unwrap();
            self.count += 1;
            self.arriving.insert((through + self.link.delay, self.count), packet);
            self.link.busy_until =
                (!self.link.queue.is_empty()).then_some(through + self.link.each);
        }
    }

    fn arrives(&mut self) {
        while let Some(entry) = self.arriving.first_entry().filter(|it| it.key().0 <= self.now) {
            let ((at, _), Packet { flow, seq, first, text }) = entry.remove_entry();
            let accepted = self.flows[flow].receiving.accept(seq, first, text).unwrap();
            for shown in accepted.shown {
                let Delivery::Text(text) = shown else { panic!("a gap") };
                self.flows[flow].shown.push(text.parse().unwrap());
            }
            self.count += 1;
            let acknowledgement = (flow, seq, accepted.upto);
            self.returning.insert((at + self.link.delay, self.count), acknowledgement);
        }
    }

    fn returns(&mut self) {
        while let Some(entry) = self.returning.first_entry().filter(|it| it.key().0 <= self.now) {
            let (flow, seq, upto) = entry.remove();
            let sending = &mut self.flows[flow].sending;
            sending.congestion.acknowledged(seq, upto, self.now);
            sending.acknowledged(seq, upto);
        }
    }

    /// How many messages were shown by each flow since these counts.
    fn shown_since(&self, before: &[usize]) -> Vec<usize> {
        self.flows.iter().zip(before).map(|(flow, before)| flow.shown.len() - before).collect()
    }

    fn shown(&self) -> Vec<usize> {
        self.flows.iter().map(|flow| flow.shown.len()).collect()
    }
}

/// A count, to calculate with.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// Jain's index of fairness (R. Jain and others, 1984): 1 if all have the same.
fn fairness(shares: &[usize]) -> f64 {
    let shares = shares.iter().map(|share| number(*share));
    shares.clone().sum::<f64>().powi(2)
        / (number(shares.len()) * shares.map(|it| it * it).sum::<f64>())
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn one_flow_uses_the_link() {
    for (rate, places, delay) in [(100, 20, 50), (50, 10, 100), (400, 40, 20), (20, 10, 10)] {
        let mut world = World::new(rate, places, Duration::from_millis(delay), &[Duration::ZERO]);
        world.runs(60 * SECOND);
        let (shown, most) = (number(world.flows[0].shown.len()), f64::from(rate) * 60.0);
        let copies = world.flows[0].copies;
        println!(
            "{rate}/s, {places} places, {delay} ms: {:.2} of it, {copies} copies",
            shown / most
        );
        assert!(shown >= 0.8 * most, "{shown} of {most}");
        let once = world.flows[0].shown.windows(2).all(|two| two[1] == two[0] + 1);
        assert!(once, "once each, in order");
    }
}

#[test]
fn flows_share_the_link_fairly_whoever_came_first() {
    for (rate, places, delay) in [(100, 20, 50), (50, 10, 100), (200, 30, 20)] {
        let begins = [Duration::ZERO, 10 * SECOND];
        let mut world = World::new(rate, places, Duration::from_millis(delay), &begins);
        world.runs(40 * SECOND);
        let before = world.shown();
        world.runs(120 * SECOND);
        let shares = world.shown_since(&before);
        let (fair, all) = (fairness(&shares), number(shares.iter().sum()));
        println!("{rate}/s, {places} places, {delay} ms: {shares:?}, {fair:.3}");
        assert!(fair >= 0.9, "{shares:?}: {fair}");
        assert!(all >= 0.8 * f64::from(rate) * 120.0, "{shares:?}");
    }
}

#[test]
fn a_way_that_becomes_slower_is_not_flooded_with_copies() {
    let mut world = World::new(100, 100, Duration::from_millis(20), &[Duration::ZERO]);
    world.runs(20 * SECOND);
    let (copies, shown) = (world.flows[0].copies, world.flows[0].shown.len());
    world.link.delay = Duration::from_millis(250);
    world.runs(20 * SECOND);
    let flow = &world.flows[0];
    let (copies, shown) = (flow.copies - copies, flow.shown.len() - shown);
    println!("{copies} copies of {shown}; timer {:?}", flow.sending.congestion.timeout());
    assert!(copies * 10 <= shown as u64, "{copies} copies of {shown}");
}

#[test]
fn the_timer_follows_what_is_measured_and_not_what_was_sent_twice() {
    let (mut control, start) = (CongestionControl::default(), Instant::now());
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    assert_eq!(control.timeout(), Duration::from_millis(200), "nothing is known");
    control.sent(1, start);
    control.acknowledged(1, 1, after(100));
    assert_eq!(control.timeout(), Duration::from_millis(300), "100 and 4 times 50");
    for seq in 2..=4 {
        control.sent(seq, start);
        control.sent_again(seq);
        assert_eq!(control.timeout(), Duration::from_millis(300));
        control.acknowledged(seq, seq, after(700));
    }
    assert_eq!(
        control.timeout(),
        Duration::from_millis(600),
        "three in a row have measured nothing"
    );
    control.sent(5, after(700));
    control.acknowledged(5, 5, after(800));
    assert!(control.timeout() < Duration::from_millis(300), "it is measured again");
}

#[test]
fn a_message_that_was_sent_again_measures_nothing() {
    let (mut control, start) = (CongestionControl::default(), Instant::now());
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    control.sent(1, start);
    control.sent_again(1);
    control.acknowledged(1, 1, after(250));
    assert_eq!(control.round_trip.milliseconds(), None);
    control.sent(2, start);
    // The acknowledgement of 3 says that 2 has arrived, too, but not when.
    control.sent(3, start);
    control.acknowledged(3, 3, after(40));
    control.acknowledged(2, 3, after(900));
    assert_eq!(control.round_trip.milliseconds().as_deref(), Some("40.00"));
}

#[test]
fn a_round_trip_is_measured_once_however_many_are_in_flight() {
    let (mut control, start) = (CongestionControl::default(), Instant::now());
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    (1..=5).for_each(|seq| control.sent(seq, start));
    (1..=5).for_each(|seq| control.acknowledged(seq, seq, after(90 + 10 * seq)));
    assert_eq!(control.round_trip.milliseconds().as_deref(), Some("100.00"));
    control.sent(6, after(140));
    control.acknowledged(6, 6, after(320));
    assert_eq!(control.round_trip.milliseconds().as_deref(), Some("110.00"));
}

#[test]
fn the_estimate_is_that_of_the_rfc() {
    let mut round_trip = RoundTrip::default();
    assert_eq!(round_trip.timeout(), None);
    for (took, timeout) in [(80, 240), (80, 200), (80, 170), (160, 237)] {
        round_trip.took(Duration::from_millis(took));
        assert_eq!(round_trip.timeout().unwrap().as_millis(), timeout);
    }
}

#[test]
fn the_window_halves_once_for_one_loss_and_grows_by_one_in_a_round_trip() {
    let (mut control, now) = (CongestionControl::default(), Instant::now());
    (1..=64).for_each(|seq| control.sent(seq, now));
    assert!(!control.allows(64, now), "64 is the most");
    control.acknowledged(1, 1, now);
    (2..=9).for_each(|seq| control.sent_again(seq));
    assert_eq!(control.window(), 31, "of 63 in flight, once");
    (10..=40).for_each(|seq| control.acknowledged(seq, 1, now));
    assert_eq!(control.window(), 32, "31 acknowledgements are one round trip");
}

#[test]
fn when_nothing_comes_back_the_window_begins_at_one_and_doubles() {
    let (mut control, now) = (CongestionControl::default(), Instant::now());
    (1..=16).for_each(|seq| control.sent(seq, now));
    (1..=16).for_each(|seq| control.sent_again(seq));
    assert_eq!(control.window(), 1);
    assert!(!control.allows(1, now));
    assert!(control.allows(1, now + control.timeout()), "a new message in each timeout");
    (1..=7).for_each(|seq| control.acknowledged(seq, seq, now));
    assert_eq!(control.window(), 8, "each acknowledgement adds one, up to half of 16");
    control.goes_on(0);
    assert_eq!(control.window(), 64, "after silence it begins anew");
}

#[test]
fn what_was_given_up_counts_as_acknowledged_by_nothing() {
    let (begun, mut sending) = (Instant::now(), Sending::new(SECOND));
    let at = |milliseconds| begun + Duration::from_millis(milliseconds);
    let due = |sending: &mut Sending, now| {
        for step in sending.due(now) {
            if let Step::Send { seq, waited: Some(_), .. } = step {
                sending.congestion.sent_again(seq);
            }
        }
    };
    (1..=40).for_each(|text: u32| sending.send(text.to_string()));
    for time in [0, 200, 600] {
        due(&mut sending, at(time));
    }
    sending.send("41".to_owned());
    for time in [900, 1_000] {
        due(&mut sending, at(time));
    }
    assert_eq!((sending.pending(), sending.congestion.window()), (1, 1), "40 are given up");
    sending.congestion.acknowledged(41, 41, at(1_010)); // its First has moved the receiver's Upto
    assert_eq!(sending.congestion.window(), 2, "one message has arrived");
}
