//! What a member hears, and what it checks with it.

use world::sim::{self, SECOND};

use crate::block::Block;
use crate::member::{Member, Stage};
use crate::record::{Record, invariant};

/// How many messages a newcomer is replayed.
const FRESH_REPLAY: u64 = 20;

impl Member {
    /// Handles a block.
    pub(super) fn handle(&mut self, block: &Block, now: u64, record: &mut Record) {
        match block.kind {
            "JOINACK" => self.joined(block, now, record),
            "SAID" => self.said(block, record),
            "PING" => {
                let token = block.get("Token").to_owned();
                self.send(&format!("PONG\r\nToken: {token}\r\n\r\n"));
            }
            "JOINED" => {
                let (id, name) = (block.number("ID").unwrap_or(0), block.get("clientID"));
                if id != self.id {
                    self.here.insert(id, name.to_owned());
                    let before = self.ids.insert(name.to_owned(), id);
                    if name == self.name || before.is_some_and(|before| before != id) {
                        let what = format!("{} is told of a second {name}: {id}", self.name);
                        sim::fail(invariant::ONE_PERSON, &what);
                    }
                }
            }
            "LEFT" => {
                if let Some(name) = self.here.remove(&block.number("ID").unwrap_or(0)) {
                    self.ids.remove(&name);
                }
            }
            "TOLD" => {
                let text = block.get("Text");
                if !self.told.insert(text.to_owned()) || !text.ends_with(&format!(" {}", self.name))
                {
                    let what = format!("{} is told {text:?}", self.name);
                    sim::fail(invariant::TOLD, &what);
                }
            }
            "TELLACK" => {
                self.answered("TELL");
                let (text, asked) = self.telling.pop_front().unwrap_or_default();
                record.told.push((text, block.get("clientID").to_owned(), asked));
            }
            "HISTORYACK" => self.answered("HISTORY"),
            "INFOACK" => self.answered("INFO"),
            "BRIDGEACK" => self.answered("BRIDGE"),
            "BYE" => {
                self.bye = block.find("Reason").map(str::to_owned);
                self.lose(now);
            }
            "ERROR" => self.refused(block, now),
            _ => {}
        }
    }

    fn answered(&mut self, kind: &str) {
        let at = self.asked.iter().position(|(asked, _)| *asked == kind);
        match at {
            Some(at) => drop(self.asked.remove(at)),
            None => {
                let what = format!("{} has an answer to {kind} that it has not asked", self.name);
                sim::fail(invariant::ANSWERED, &what);
            }
        }
    }

    fn refused(&mut self, block: &Block, now: u64) {
        match block.get("For") {
            "REGISTER" => {} // JOIN follows
            "JOIN" | "" => {
                if block.get("Code") != "name-taken" || self.token.is_none() {
                    self.due = now + SECOND;
                }
                self.lose(now);
            }
            kind => {
                self.answered(kind);
                if kind == "TELL" {
                    self.telling.pop_front();
                }
            }
        }
    }

    fn joined(&mut self, block: &Block, now: u64, record: &Record) {
        if self.stage != Stage::Asking {
            sim::fail(invariant::ANSWERED, &format!("{} is let in twice", self.name));
        }
        (self.stage, self.since) = (Stage::In, now);
        let number = |name| block.number(name).unwrap_or(0);
        self.id = number("ID");
        self.token = block.find("Token").map(str::to_owned);
        self.replay_to = number("Seq");
        self.silence = block.number("Ping").map_or(u64::MAX, |ping| ping * SECOND * 5 / 2);
        let since = block.number("Since");
        let before = std::mem::replace(&mut self.log, block.find("Log").map(str::to_owned));
        if self.has_joined {
            match since {
                Some(since) if since < self.seen => {
                    if !record.may_lose {
                        let what = format!(
                            "{} has heard {}, the server knows {since}",
                            self.name, self.seen
                        );
                        sim::fail(invariant::LOGGED, &what);
                    }
                    self.view.retain(|seq, _| *seq <= since);
                    self.seen = since;
                }
                None if before.is_some() => {
                    sim::fail(invariant::LOGGED, &format!("{} comes into another room", self.name));
                }
                _ => {}
            }
            self.seen += number("Missed");
        } else {
            self.seen = self.replay_to.saturating_sub(FRESH_REPLAY);
            self.view.clear();
        }
        self.has_joined = true;
        for (name, id) in block.entries() {
            let before = self.ids.insert(name.clone(), id);
            if name == self.name || before.is_some() {
                let what = format!("{} is told of {name} twice", self.name);
                sim::fail(invariant::ONE_PERSON, &what);
            }
            self.here.insert(id, name);
        }
    }

    fn said(&mut self, block: &Block, record: &mut Record) {
        let seq = block.number("Seq").unwrap_or(0);
        let (name, text) = (block.get("clientID"), block.get("Text"));
        let message = format!("{name}: {text}");
        let is_replay = block.find("Replay").is_some();
        if is_replay && seq <= self.seen && self.asked.iter().any(|(kind, _)| *kind == "HISTORY") {
            return record.hear(&self.name, seq, &message);
        }
        if record.may_lose && !is_replay {
            self.seen = self.seen.max(self.replay_to); // the log has lost the last of them
        }
        let may_skip = is_replay && record.may_lose;
        if seq != self.seen + 1 && !(may_skip && seq > self.seen) {
            let what = format!("{} hears {seq} after {}: {message:?}", self.name, self.seen);
            let is_gap = seq > self.seen;
            sim::fail(if is_gap { invariant::NO_GAPS } else { invariant::ONE_ORDER }, &what);
        }
        if is_replay != (seq <= self.replay_to) {
            let what = format!(
                "{} hears {seq}, replayed: {is_replay}; it joined at {}",
                self.name, self.replay_to
            );
            sim::fail(invariant::ONE_ORDER, &what);
        }
        self.seen = seq;
        self.view.insert(seq, message.clone());
        record.hear(&self.name, seq, &message);
        if name == self.name && !is_replay {
            match self.awaited.pop_front() {
                Some((awaited, _)) if awaited == text => {}
                awaited => {
                    let what =
                        format!("{} hears its own {text:?} and waits for {awaited:?}", self.name);
                    sim::fail(invariant::ONE_ORDER, &what);
                }
            }
        }
    }
}
