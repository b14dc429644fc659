//! The crowd: all members of a room, played by one thread, and the checks on them together.

use std::collections::BTreeSet;

use world::sim::{self, Key, SECOND};

use crate::member::{Member, Reading, Stage};
use crate::record::{Record, invariant, logged};
use crate::server::Server;

/// How long the world may take to come to rest.
const REST: u64 = 200 * SECOND;

/// How long a server may take to end.
const LAST: u64 = 6 * SECOND;
/// How many members are read one by one. Many are read together, after a pause: that is faster.
const FEW: usize = 30;
const PAUSE: u64 = SECOND / 1_000;

/// How long before it is told something a member must have joined, so that it is told it on this connection.
const BEFORE: u64 = SECOND / 3;

/// The members.
pub struct Crowd {
    pub members: Vec<Member>,
    pub record: Record,
    pub bell: Key,
    pause: Key,
}

impl Crowd {
    /// As many members, who want to be in the room from some time on.
    pub fn new(server: &Server, count: usize) -> Crowd {
        let bell = sim::key();
        let members = (0..count).map(|number| Member::new(number as u8 + 1, server.address, bell));
        Crowd { members: members.collect(), record: Record::default(), bell, pause: sim::key() }
    }

    /// Lets all want to be in the room.
    pub fn want(&mut self) {
        self.members.iter_mut().for_each(|member| member.wants = true);
    }

    /// Brings all members close to the server. What arrives does so at multiples of that many nanoseconds.
    pub fn shorten_links(&self, server: &Server, grid: u64) {
        for member in &self.members {
            sim::link(member.host, server.host, |link| {
                (link.least, link.jitter, link.grid) = (1_000, 1_000, grid);
            });
        }
    }

    /// Gives everybody turns until `done` or that time. Returns whether it was `done`.
    pub fn until(&mut self, until: u64, mut done: impl FnMut(&mut Crowd) -> bool) -> bool {
        loop {
            let now = sim::now();
            for member in &mut self.members {
                member.turn(now, &mut self.record);
            }
            if done(self) {
                return true;
            }
            if now >= until {
                return false;
            }
            let due = self.members.iter().map(Member::due).min().unwrap_or(until);
            sim::sleep_on(self.bell, due.min(until).max(now + 1));
            if self.members.len() > FEW {
                sim::sleep_on(self.pause, sim::now() + PAUSE); // what arrives meanwhile is read together
            }
        }
    }

    /// Gives everybody turns for some time.
    pub fn pass(&mut self, time: u64) {
        self.until(sim::now() + time, |_| false);
    }

    /// Waits until everybody who wants is in the room.
    pub fn gather(&mut self) {
        self.want();
        let is_in = |member: &Member| member.stage == Stage::In || !member.wants;
        if !self.until(sim::now() + REST, |crowd| crowd.members.iter().all(is_in)) {
            self.fail(invariant::JOINED, |member| !is_in(member));
        }
    }

    fn fail(&self, invariant: &str, is_guilty: impl Fn(&Member) -> bool) -> ! {
        let guilty: Vec<String> =
            self.members.iter().filter(|member| is_guilty(member)).map(Member::waits_for).collect();
        sim::fail(invariant, &guilty.join("; "));
    }

    /// Comes to rest: everybody reads, and is in the room again, and knows who else is; everybody has heard the same;
    /// the log has it all.
    pub fn rest(&mut self, server: &Server) {
        for member in &mut self.members {
            member.reading = Reading::All;
            member.excused = true;
            member.let_go();
        }
        let quiet = |crowd: &mut Crowd| crowd.members.iter().all(Member::is_quiet);
        if !self.until(sim::now() + REST, quiet) {
            self.fail(invariant::JOINED, |member| !member.is_quiet());
        }
        let Some(speaker) = self.members.iter().position(|member| member.wants) else { return };
        let text = self.last_words(speaker);
        if !self.until(sim::now() + SECOND, |_| server.paper.has(&text, 0)) {
            sim::fail(invariant::PRINTED, &format!("{text:?} is not"));
        }
        self.until(sim::now() + 5 * SECOND, |crowd| crowd.knows_who_is_here());
        self.check_rooms();
        self.check_views();
        self.check_told();
        if !self.record.may_lose && !self.record.has_no_log {
            self.record.check_log(&server.log());
        }
    }

    /// Ends the server in good order while everybody speaks. All that is in the log by then reaches everybody, and
    /// after it the news that the server ends.
    pub fn end(&mut self, server: &mut Server) {
        for _ in 0..sim::dice(10) {
            let speaker = sim::dice(self.members.len() as u64) as usize;
            if self.members[speaker].stage == Stage::In {
                self.members[speaker].say(5);
            }
            self.pass(sim::dice(2_000_000));
        }
        let last = logged(&server.log()).last_key_value().map_or(0, |(seq, _)| *seq);
        server.types("/quit");
        for member in self.members.iter_mut().filter(|member| member.stage == Stage::In) {
            member.is_last = true;
        }
        let is_over = |crowd: &mut Crowd| {
            server.has_ended() && crowd.members.iter().all(|member| member.stage == Stage::Out)
        };
        self.members.iter_mut().for_each(|member| member.wants = false);
        let until = sim::now() + LAST;
        while !self.until(sim::now() + SECOND / 20, is_over) && sim::now() < until {}
        if !is_over(self) {
            if !server.has_ended() {
                sim::fail(invariant::NO_SLEEP, "6 s after /quit the server has not ended");
            }
            self.fail(invariant::NO_SLEEP, |member| member.stage != Stage::Out);
        }
        for member in self.members.iter().filter(|member| member.is_last) {
            let bye = member.bye.as_deref();
            if member.seen < last || bye != Some("shutdown") {
                let seen = member.seen;
                let what = format!("{} has heard {seen} of {last}, BYE {bye:?}", member.name);
                sim::fail(invariant::LAST_WORDS, &what);
            }
        }
    }

    /// Lets everybody hear one more message, and with it all that came before it. A speaker whose connection breaks
    /// just then says another one.
    fn last_words(&mut self, speaker: usize) -> String {
        for _ in 0..5 {
            let text = self.members[speaker].say(5);
            let all_hear = |crowd: &mut Crowd| {
                let last = crowd.members[speaker].seen;
                let hears = |member: &Member| member.is_quiet() && member.seen == last;
                crowd.members.iter().all(|member| !member.wants || hears(member))
            };
            if !self.until(sim::now() + 20 * SECOND, all_hear) {
                let last = self.members[speaker].seen;
                let hears = |member: &Member| member.is_quiet() && member.seen == last;
                self.fail(invariant::ONE_ORDER, |member| member.wants && !hears(member));
            }
            let last = self.members[speaker].view.last_key_value();
            if last.is_some_and(|(_, message)| message.ends_with(&text)) {
                return text;
            }
        }
        self.fail(invariant::JOINED, |member| member.name == self.members[speaker].name);
    }

    fn present(&self) -> BTreeSet<(u64, String)> {
        let wants = self.members.iter().filter(|member| member.wants);
        wants.map(|member| (member.id, member.name.clone())).collect()
    }

    fn knows_who_is_here(&self) -> bool {
        let present = self.present();
        self.members.iter().filter(|member| member.wants).all(|member| knows(member, &present))
    }

    /// Checks that everybody knows who is in the room.
    fn check_rooms(&self) {
        let present = self.present();
        for member in self.members.iter().filter(|member| member.wants) {
            if !knows(member, &present) {
                let what = format!("{} knows {:?} of {present:?}", member.name, member.here);
                sim::fail(invariant::SAME_ROOM, &what);
            }
        }
    }

    /// Checks that what was told has arrived, at those who have not lost their connection since.
    fn check_told(&self) {
        for (text, peer, at) in &self.record.told {
            let named = self.members.iter().filter(|member| member.wants && member.name == *peer);
            for member in named.filter(|member| member.since + BEFORE < *at) {
                if !member.told.contains(text) {
                    let what = format!("{peer} was not told {text:?}");
                    sim::fail(invariant::TOLD, &what);
                }
            }
        }
    }

    /// Checks that the log ends as the room does.
    pub fn check_last_in(&self, log: &str) {
        let logged = logged(log);
        for member in self.members.iter().filter(|member| member.wants) {
            let last = (member.seen, member.view.get(&member.seen));
            if logged.get(&last.0) != last.1
                || logged.last_key_value().map(|last| *last.0) != Some(last.0)
            {
                let what = format!(
                    "{} has heard {last:?}; the log ends {:?}",
                    member.name,
                    logged.last_key_value()
                );
                sim::fail(invariant::LOGGED, &what);
            }
        }
    }

    /// Checks that all have heard the same, as far as they have heard it.
    fn check_views(&self) {
        let mut all = std::collections::BTreeMap::new();
        for member in self.members.iter().filter(|member| member.wants) {
            for (seq, message) in &member.view {
                let known = all.entry(*seq).or_insert(message);
                if *known != message {
                    let what =
                        format!("{} has heard {message:?} as {seq}, others {known:?}", member.name);
                    sim::fail(invariant::ONE_ORDER, &what);
                }
            }
        }
    }
}

/// Whether a member knows who is here besides itself.
fn knows(member: &Member, present: &BTreeSet<(u64, String)>) -> bool {
    let others = present.iter().filter(|(id, _)| *id != member.id);
    others.clone().count() == member.here.len()
        && others.clone().all(|(id, name)| member.here.get(id) == Some(name))
}
