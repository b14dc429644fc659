//! The sender of a UDP conversation in virtual time: whoever asks it says what time it is, and is its network, too.
//!
//! | asked | answered |
//! | --- | --- |
//! | `at T` | it is T ms after the beginning, and nothing has come: what the sender does now |
//! | `at T say N` | the same, after the user has said N more texts |
//! | `at T ack SEQ upto UPTO` | the same, after an ACK has come: SEQ has arrived, and everything up to UPTO |
//! | `new` | `new`: it begins anew, at 0 ms, and knows nothing |
//!
//! One question may have several of `say` and `ack`: they happen in their order, and then the sender does what is due.
//! Time never goes back. A question of which a word is wrong does nothing at all. An answer has these fields, in this
//! order. The first three are left out if there is nothing to tell, and the fourth if the sender waits only for ACKs
//! and for new texts:
//!
//! | field | meaning |
//! | --- | --- |
//! | `sends 5-8 10` | the first copies of messages 5, 6, 7, 8 and 10 |
//! | `again 2` | another copy of message 2 |
//! | `lost 1` | message 1 is given up, after 30 s |
//! | `due 400` | at 400 ms it will have something to do, if nothing comes before |
//! | `window 64` | so many messages may be in flight |
//! | `timer 200` | so many ms a message that is sent now would wait for its ACK |
//!
//! ```
//! # use p2p_chat::tools::parts::{questions::Answers, sender::VirtualSender};
//! let mut sender = VirtualSender::default();
//! let mut ask = |question: &str| sender.answer(&question.split(' ').collect::<Vec<_>>());
//! let answer = ask("at 0 say 2").expect("a question");
//! assert_eq!(answer, "sends 1-2; due 200; window 64; timer 200");
//! let answer = ask("at 120 ack 1 upto 1 ack 2 upto 2").expect("a question");
//! assert_eq!(answer, "window 64; timer 360", "120 and 4 times its half; it is measured once");
//! ```

use std::time::Duration;

use super::questions::{Answers, AskersClock};
use crate::client::direct::udp::reliable::{Sending, Step};

/// How long each message is tried, as `client` does without `--give-up`.
const GIVE_UP: Duration = Duration::from_secs(30);
/// The most texts that can be said at once, and the latest time: a question cannot fill the memory.
const MOST_TEXTS: u64 = 1_000;
const LATEST: u64 = 1_000_000_000;

/// A sender whose clock is set by whoever asks it. The text of each message is its number.
#[derive(Debug)]
pub struct VirtualSender {
    /// The sender.
    pub sending: Sending,
    /// Its clock, and how many ms have passed.
    clock: AskersClock,
    now: u64,
    /// How many texts were said.
    said: u64,
}

/// What happens to a sender.
#[derive(Debug)]
enum Happening {
    /// The user says so many texts.
    Say(u64),
    /// An ACK comes, with its Seq and Upto.
    Ack(u64, u64),
}

/// What a sender does at one time.
#[derive(Debug, Default)]
pub struct Emission {
    /// The numbers of new messages.
    pub new: Vec<u64>,
    /// The numbers of those that are sent again.
    pub again: Vec<u64>,
    /// The numbers of those that are given up.
    pub lost: Vec<u64>,
    /// First, in all that is sent.
    pub first: u64,
}

impl Default for VirtualSender {
    fn default() -> VirtualSender {
        let sending = Sending::new(GIVE_UP);
        VirtualSender { sending, clock: AskersClock::default(), now: 0, said: 0 }
    }
}

impl VirtualSender {
    /// The user says so many more texts.
    pub fn says(&mut self, count: u64) {
        for _ in 0..count {
            self.said += 1;
            self.sending.send(self.said.to_string());
        }
    }

    /// An ACK comes, as a conversation would handle it.
    pub fn hears(&mut self, seq: u64, upto: u64, at: u64) {
        let now = self.clock.at(at);
        self.sending.congestion.acknowledged(seq, upto, now);
        self.sending.acknowledged(seq, upto);
    }

    /// Does what is due, as a conversation would.
    pub fn does(&mut self, at: u64) -> Emission {
        let mut emission = Emission::default();
        for step in self.sending.due(self.clock.at(at)) {
            match step {
                Step::Send { seq, first, waited, .. } => {
                    emission.first = first;
                    if waited.is_some() {
                        self.sending.congestion.sent_again(seq);
                        emission.again.push(seq);
                    } else {
                        emission.new.push(seq);
                    }
                }
                Step::GiveUp(text) => emission.lost.extend(text.parse::<u64>()),
            }
        }
        emission
    }

    /// Answers what is asked at this time: the words behind it.
    fn answer_at(&mut self, at: u64, question: &[&str]) -> Option<String> {
        // A question that is none to its end does nothing.
        for event in events(question)? {
            match event {
                Happening::Say(count) => self.says(count),
                Happening::Ack(seq, upto) => self.hears(seq, upto, at),
            }
        }
        self.now = at;
        let emission = self.does(at);
        Some(emission.told() + &self.state())
    }

    /// What is told in every answer.
    fn state(&self) -> String {
        let due = self.sending.deadline().map(|due| self.clock.told(due));
        let due = due.map_or(String::new(), |due| format!("due {due}; "));
        let congestion = &self.sending.congestion;
        let timer = congestion.timeout().as_millis();
        format!("{due}window {}; timer {timer}", congestion.window())
    }
}

impl Emission {
    /// The fields of an answer.
    fn told(&self) -> String {
        let fields = [("sends", &self.new), ("again", &self.again), ("lost", &self.lost)];
        let field = |(name, numbers): (&str, &Vec<u64>)| {
            let follow = |one: &u64, next: &u64| one + 1 == *next;
            let runs: String = numbers.chunk_by(follow).map(run).collect();
            format!("{name}{runs}; ")
        };
        fields.into_iter().filter(|(_, numbers)| !numbers.is_empty()).map(field).collect()
    }
}

/// Reads what happens. `None`: a word of it is wrong.
fn events(mut question: &[&str]) -> Option<Vec<Happening>> {
    let (mut events, mut texts) = (Vec::new(), 0);
    loop {
        question = match question {
            [] => return Some(events),
            ["say", count, rest @ ..] => {
                let count = count.parse().ok().filter(|count| *count <= MOST_TEXTS - texts)?;
                texts += count;
                events.push(Happening::Say(count));
                rest
            }
            ["ack", seq, "upto", upto, rest @ ..] => {
                events.push(Happening::Ack(seq.parse().ok()?, upto.parse().ok()?));
                rest
            }
            _ => return None,
        };
    }
}

/// Numbers that follow each other.
fn run(numbers: &[u64]) -> String {
    match numbers {
        [first, .., last] => format!(" {first}-{last}"),
        [number] => format!(" {number}"),
        [] => String::new(),
    }
}

impl Answers for VirtualSender {
    const QUESTIONS: &'static str = "at T, with any of: say N, ack SEQ upto UPTO; new";

    fn answer(&mut self, question: &[&str]) -> Option<String> {
        match question {
            ["new"] => {
                *self = VirtualSender::default();
                Some("new".to_owned())
            }
            ["at", at, rest @ ..] => {
                let at = at.parse().ok().filter(|at| (self.now..=LATEST).contains(at))?;
                self.answer_at(at, rest)
            }
            _ => None,
        }
    }
}
