//! The timer follows what was measured.

use super::sender::Sender;
use crate::driver::dice::Dice;
use crate::driver::story::{instead, step};

/// The shortest and the longest timer, in ms.
const LIMITS: (u64, u64) = (200, 800);
/// G in the RFC, in µs.
const GRANULARITY: u64 = 50_000;
/// A sender that calculates in whole ms is right, too.
const TOLERANCE: u64 = 3;
/// So long nothing happens between two messages.
const PAUSE: u64 = 2_000;

/// What RFC 6298 makes of the times so far: their mean and their variation, in µs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Model(Option<(u64, u64)>);

impl Model {
    /// One more time, in ms.
    pub fn takes(&mut self, time: u64) {
        let time = time * 1_000;
        self.0 = Some(match self.0 {
            None => (time, time / 2),
            Some((smoothed, variation)) => {
                ((smoothed * 7 + time) / 8, (variation * 3 + smoothed.abs_diff(time)) / 4)
            }
        });
    }

    /// The timer, in ms.
    pub fn timer(self) -> u64 {
        let of = |(smoothed, variation): (u64, u64)| smoothed + GRANULARITY.max(4 * variation);
        self.0.map_or(LIMITS.0, |it| of(it).div_ceil(1_000)).clamp(LIMITS.0, LIMITS.1)
    }

    /// Where the timer comes from.
    pub fn told(self) -> String {
        let Some((smoothed, variation)) = self.0 else { return "nothing is known".to_owned() };
        let [smoothed, variation] = [smoothed, variation].map(|time| time / 1_000);
        format!("SRTT {smoothed}, RTTVAR {variation}, RTO {}", self.timer())
    }
}

/// A sender that says one thing at a time, and what must be known of its network.
#[derive(Debug)]
pub struct Measured {
    /// Your sender.
    pub sender: Sender,
    /// What must come of the times.
    pub model: Model,
    /// The time, and the number of the next message.
    pub now: u64,
    pub next: u64,
}

impl Measured {
    /// It begins.
    pub fn start() -> Self {
        let sender = Sender::start("your sender");
        Self { sender, model: Model::default(), now: 0, next: 1 }
    }

    /// It begins anew.
    #[track_caller]
    pub fn begins(&mut self) {
        self.sender.begins();
        (self.model, self.now, self.next) = (Model::default(), 0, 1);
    }

    /// A message is sent; gives its number.
    #[track_caller]
    pub fn sends(&mut self) -> u64 {
        self.now += PAUSE;
        let (seq, emitted) = (self.next, self.sender.says(self.now, 1));
        if emitted.new != [seq] {
            self.sender.fails(instead(format!("sends {seq}"), emitted.line));
        }
        self.next += 1;
        seq
    }

    /// A message is sent, and its ACK comes so much later. That is measured.
    #[track_caller]
    pub fn takes(&mut self, time: u64) {
        let seq = self.sends();
        self.now += time;
        self.sender.acknowledges(self.now, seq, seq);
        self.model.takes(time);
    }

    /// A message is sent, and no ACK comes: its copy must come when the timer says so. Then its ACK comes, so much
    /// after the copy, and measures nothing.
    #[track_caller]
    pub fn is_late_after(&mut self, timer: u64, why: &str, answered: u64) {
        let seq = self.sends();
        let begun = self.now;
        let early = self.sender.at(begun + timer - TOLERANCE, "");
        if !early.again.is_empty() {
            let expected = format!("no copy of {seq} before {} ms: {why}", begun + timer);
            self.sender.fails(instead(expected, early.line));
        }
        let due = self.sender.at(begun + timer + TOLERANCE, "");
        if due.again != [seq] {
            let expected = format!("a copy of {seq} at {} ms: {why}", begun + timer);
            self.sender.fails(instead(expected, due.line));
        }
        self.now = begun + timer + TOLERANCE + answered;
        self.sender.acknowledges(self.now, seq, seq);
    }

    /// A new beginning, and ACKs after these times: the timer must be what they make of it.
    #[track_caller]
    fn follows_after(&mut self, what: &str, times: &[u64]) {
        let shown =
            if times.len() < 10 { format!(": ACKs after {times:?} ms") } else { String::new() };
        step(format!("{what}{shown}"));
        self.begins();
        times.iter().for_each(|time| self.takes(*time));
        self.follows();
    }

    /// The timer must be what the times make of it.
    #[track_caller]
    pub fn follows(&mut self) {
        let (timer, why) = (self.model.timer(), self.model.told());
        self.is_late_after(timer, &why, 5);
    }
}

pub fn the_timer_follows_the_round_trip(dice: &mut Dice) {
    let mut measured = Measured::start();
    step("nothing is known: a copy after 200 ms");
    measured.begins();
    measured.follows();
    let by_hand: [(&str, &[u64]); 4] = [
        ("a way of 100 ms", &[100, 100]),
        ("it becomes slower, and then faster", &[100, 100, 180, 60]),
        ("a fast way: the timer has a floor", &[30, 20, 25, 20]),
        ("it becomes slower and slower: the timer has a cap", &[190, 500, 700]),
    ];
    for (what, times) in by_hand {
        for count in 1..=times.len() {
            measured.follows_after(what, &times[..count]);
        }
    }
    let steady: Vec<u64> = [150].into_iter().chain([300; 40]).collect();
    measured.follows_after("150 ms, and then always 300: no variation is left but G", &steady);
    for _ in 0..5 {
        let (mut model, mut times) = (Model::default(), Vec::new());
        for _ in 0..3 + dice.below(6) {
            // None of them is so late that there is a copy.
            let most = usize::try_from(model.timer()).unwrap() - 40;
            let time = 20 + dice.below(most) as u64;
            times.push(time);
            model.takes(time);
        }
        measured.follows_after("by chance", &times);
    }
}
