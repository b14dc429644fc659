//! A member's connection: how it begins and ends, and what is read from it.

use world::sim::{self, SECOND};

use crate::block::Block;
use crate::member::{Member, Reading, Stage};
use crate::record::{Record, invariant};

impl Member {
    /// Connects and asks to be let in.
    pub(super) fn connect(&mut self, now: u64) {
        let link = sim::dial(self.host, self.server);
        link.watch(self.bell);
        self.link = Some(link);
        (self.stage, self.since) = (Stage::Asking, now);
        (self.heard_at, self.silence) = (now, 10 * SECOND);
        let (name, port) = (&self.name, self.port);
        let mut text = format!(
            "REGISTER\r\nclientID: {name}\r\nIP: 1.1.1.1\r\nPort: {port}\r\n\r\nJOIN\r\nclientID: {name}\r\n"
        );
        if let Some(token) = &self.token {
            text.push_str(&format!("Token: {token}\r\n"));
        }
        if self.has_joined {
            text.push_str(&format!("Since: {}\r\n", self.seen));
            if let Some(log) = &self.log {
                text.push_str(&format!("Log: {log}\r\n"));
            }
        }
        text.push_str("\r\n");
        self.send(&text);
    }

    /// Handles that the connection is over.
    pub(super) fn lose(&mut self, now: u64) {
        if std::mem::take(&mut self.is_finishing) && !self.awaited.is_empty() {
            let what = format!("{} has not heard {:?} of its own", self.name, self.awaited);
            sim::fail(invariant::LAST_HEARD, &what);
        }
        self.link = None;
        (self.stage, self.since) = (Stage::Out, now);
        self.due = now + 100_000_000 + sim::dice(SECOND);
        self.inbox.clear();
        self.outbox.clear();
        self.awaited.clear();
        self.asked.clear();
        self.telling.clear();
        self.here.clear();
        self.ids.clear();
    }

    /// Sends what waits, as far as the connection takes it.
    pub(super) fn flush(&mut self) {
        let Some(link) = &self.link else { return };
        if let Ok(sent) = link.post(&self.outbox) {
            self.outbox.drain(..sent);
        }
    }

    /// Does what there is to do.
    pub fn turn(&mut self, now: u64, record: &mut Record) {
        if self.link.is_none() {
            if self.wants && self.due <= now {
                self.connect(now);
            }
            return;
        }
        self.flush();
        if self.link.as_ref().is_some_and(|link| !link.is_ready()) {
            let waits = now.saturating_sub(self.heard_at) > self.silence;
            if waits && self.reading == Reading::All {
                return self.lose(now); // the server is lost
            }
            return self.check_bound(now);
        }
        self.heard_at = now;
        let mut buffer = [0; 4 << 10];
        loop {
            let most = match self.reading {
                Reading::All => buffer.len(),
                Reading::Nothing => return,
                Reading::Drips(..) if self.due > now => return,
                Reading::Drips(bytes, pause) => {
                    self.due = now + pause;
                    bytes
                }
            };
            let Some(link) = &self.link else { return };
            match link.glance(&mut buffer[..most]) {
                Ok(0) => return self.lose(now),
                Ok(read) => self.inbox.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => return self.lose(now),
            }
            self.handle_all(now, record);
        }
        self.check_bound(now);
    }

    /// Handles the whole blocks that have arrived.
    fn handle_all(&mut self, now: u64, record: &mut Record) {
        let inbox = std::mem::take(&mut self.inbox);
        let mut done = 0;
        while let Some((block, length)) = Block::first(&inbox[done..]) {
            done += length;
            self.handle(&block, now, record);
            if self.link.is_none() {
                return; // what follows belongs to a connection that is over
            }
        }
        self.inbox.extend_from_slice(&inbox[done..]);
    }
}
