//! The search for a way to a peer, in virtual time: whoever asks it says what time it is, in milliseconds.
//!
//! | asked | answered |
//! | --- | --- |
//! | `order LISTED` | the candidates in their order: `ADDRESS after MS, ADDRESS after MS` |
//! | `order LISTED seen ADDRESS local ADDRESS` | the same, if the server tells Seen, or Local, or both |
//! | `at T try ADDRESS` | `tried`: the search has one more address, from T on |
//! | `at T` | it is T: what the search does now |
//! | `from ADDRESS NONCE` | `yes` or `no`: whether a PUNCHACK with this Nonce, coming from there, proves the address |
//! | `new` | `new`: another search begins, which knows no address |
//!
//! What it does has these fields, with `; ` between them; without any it is `nothing`:
//!
//! | field | meaning |
//! | --- | --- |
//! | `punch ADDRESS NONCE COUNT` | a PUNCH to send: COUNT says which one it is of those to this address, from 1 |
//! | `failed` | everything was tried, and the last answer would have come |
//! | `due T` | at T there is something to do |
//!
//! ```
//! # use p2p_chat::tools::parts::{punches::SearchAlone, questions::Answers};
//! let mut search = SearchAlone::default();
//! let mut ask = |question: &str| search.answer(&question.split(' ').collect::<Vec<_>>()).expect("a question");
//! let order = ask("order 203.0.113.9:5556 local 192.168.1.5:5556");
//! assert_eq!(order, "192.168.1.5:5556 after 0, 203.0.113.9:5556 after 200");
//! assert_eq!(ask("at 200 try 203.0.113.9:5556"), "tried");
//! assert_eq!(ask("at 0"), "due 200");
//! assert!(ask("at 200").starts_with("punch 203.0.113.9:5556 "));
//! ```

use std::time::{Duration, Instant};

use super::questions::{Answers, AskersClock};
use crate::client::direct::udp::punches::{Punch, Punches, candidate_order};
use crate::wire::Candidates;

/// Reads `seen ADDRESS` and `local ADDRESS`, of which each may be missing.
pub fn candidates(words: &[&str]) -> Option<Candidates> {
    let mut found = Candidates::default();
    for pair in words.chunks(2) {
        match pair {
            ["seen", address] => found.seen = Some(address.parse().ok()?),
            ["local", address] => found.local = Some(address.parse().ok()?),
            _ => return None,
        }
    }
    Some(found)
}

/// A PUNCH as a field of an answer: `punch`, or `keep` if it keeps a way open.
pub fn told(word: &str, punch: &Punch) -> String {
    format!("{word} {} {} {}", punch.to, punch.nonce, punch.count)
}

/// The fields of an answer as one line.
pub fn line(fields: &[String]) -> String {
    if fields.is_empty() { "nothing".to_owned() } else { fields.join("; ") }
}

/// A search that is asked.
#[derive(Debug, Default)]
pub struct SearchAlone {
    punches: Punches,
    clock: AskersClock,
}

impl Answers for SearchAlone {
    const QUESTIONS: &'static str = "order LISTED [seen ADDRESS] [local ADDRESS], at T try ADDRESS, at T, from ADDRESS NONCE, new";

    fn answer(&mut self, question: &[&str]) -> Option<String> {
        match question {
            ["order", listed, others @ ..] => {
                let order = candidate_order(&candidates(others)?, listed.parse().ok()?);
                let told = |(address, after): &(_, Duration)| {
                    format!("{address} after {}", after.as_millis())
                };
                Some(order.iter().map(told).collect::<Vec<_>>().join(", "))
            }
            ["at", time, "try", address] => {
                self.punches.add(address.parse().ok()?, self.clock.time(time)?);
                Some("tried".to_owned())
            }
            ["at", time] => Some(self.does(self.clock.time(time)?)),
            ["from", address, nonce] => {
                let proves = self.punches.accepts(address.parse().ok()?, nonce.parse().ok()?);
                Some(if proves { "yes" } else { "no" }.to_owned())
            }
            ["new"] => {
                *self = SearchAlone::default();
                Some("new".to_owned())
            }
            _ => None,
        }
    }
}

impl SearchAlone {
    /// What is due at `now`, and what comes next.
    fn does(&mut self, now: Instant) -> String {
        let mut fields: Vec<String> =
            self.punches.due(now).iter().map(|punch| told("punch", punch)).collect();
        match self.punches.deadline() {
            Some(_) if self.punches.have_failed(now) => fields.push("failed".to_owned()),
            Some(due) => fields.push(format!("due {}", self.clock.told(due))),
            None => {}
        }
        line(&fields)
    }
}
