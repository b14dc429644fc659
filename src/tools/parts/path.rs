//! The path of one conversation in virtual time: the search for an address, and what keeps the way open.
//!
//! | asked | answered |
//! | --- | --- |
//! | `new IP` | `new`: another path begins, of a client with this address |
//! | `at T told LISTED` | an introduction comes: what the path does now |
//! | `at T told LISTED seen ADDRESS local ADDRESS` | the same, if the server tells Seen, or Local, or both |
//! | `at T ack ADDRESS NONCE` | a PUNCHACK comes from there: the same |
//! | `at T met ADDRESS` | a PUNCH of the peer comes from there: the same |
//! | `at T heard` | the peer has said something: the same |
//! | `at T sent ADDRESS` | something was sent there: the same |
//! | `at T` | it is T: the same |
//!
//! T counts milliseconds. What it does has the fields of [`punches`](super::punches), and two more:
//!
//! | field | meaning |
//! | --- | --- |
//! | `keep ADDRESS NONCE COUNT` | a PUNCH that keeps the way open |
//! | `in use ADDRESS` | where texts go |
//!
//! ```
//! # use p2p_chat::tools::parts::{path::PathAlone, questions::Answers};
//! let mut path = PathAlone::default();
//! let mut ask = |question: &str| path.answer(&question.split(' ').collect::<Vec<_>>()).expect("a question");
//! assert_eq!(ask("new 192.168.1.5"), "new");
//! let punch = ask("at 0 told 203.0.113.9:5556");
//! let nonce = punch.split(' ').nth(2).expect("punch ADDRESS NONCE COUNT; …");
//! assert_eq!(ask(&format!("at 80 ack 203.0.113.9:5556 {nonce}")), "in use 203.0.113.9:5556; due 15080");
//! ```

use std::net::IpAddr;
use std::time::Instant;

use super::punches::{candidates, line, told};
use super::questions::{Answers, AskersClock};
use crate::client::direct::udp::path::{Path, PathStep};
use crate::wire::Secret;

/// A path that is asked.
#[derive(Debug)]
pub struct PathAlone {
    path: Path,
    clock: AskersClock,
}

impl Default for PathAlone {
    fn default() -> PathAlone {
        PathAlone::of(None)
    }
}

impl Answers for PathAlone {
    const QUESTIONS: &'static str = "new IP, at T, at T told LISTED [seen ADDRESS] [local ADDRESS], \
        at T ack ADDRESS NONCE, at T met ADDRESS, at T heard, at T sent ADDRESS";

    fn answer(&mut self, question: &[&str]) -> Option<String> {
        match question {
            ["new", own] => {
                *self = PathAlone::of(Some(own.parse().ok()?));
                Some("new".to_owned())
            }
            ["at", time, event @ ..] => {
                let now = self.clock.time(time)?;
                self.happens(event, now)?;
                Some(self.does(now))
            }
            _ => None,
        }
    }
}

impl PathAlone {
    /// A path of a client with this address.
    fn of(own: Option<IpAddr>) -> PathAlone {
        PathAlone { path: Path::new(Secret::random(), own), clock: AskersClock::default() }
    }

    /// Tells the path what happens at `now`.
    fn happens(&mut self, event: &[&str], now: Instant) -> Option<()> {
        match event {
            [] => {}
            ["told", listed, others @ ..] => {
                let (ticket, candidates) = (self.path.ticket, candidates(others)?);
                self.path.introduced(ticket, &candidates, listed.parse().ok()?);
            }
            ["ack", from, nonce] => {
                self.path.answered(from.parse().ok()?, nonce.parse().ok()?, now);
            }
            ["met", from] => self.path.met(from.parse().ok()?, now),
            ["heard"] => self.path.heard(),
            ["sent", to] => self.path.spoke(to.parse().ok()?, now),
            _ => return None,
        }
        if self.path.wants_search() {
            self.path.search(now);
        }
        Some(())
    }

    /// What is due at `now`, where texts go, and what comes next.
    fn does(&mut self, now: Instant) -> String {
        let steps = self.path.due(now);
        let mut fields: Vec<String> = steps
            .iter()
            .map(|step| match step {
                PathStep::Search(punch) => told("punch", punch),
                PathStep::Keep(punch) => told("keep", punch),
                PathStep::Failed => "failed".to_owned(),
            })
            .collect();
        fields.extend(self.path.address().map(|address| format!("in use {address}")));
        fields.extend(self.path.deadline().map(|due| format!("due {}", self.clock.told(due))));
        line(&fields)
    }
}
