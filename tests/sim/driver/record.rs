//! What must hold, and what everybody has heard: the record of a room.

use std::collections::BTreeMap;

use world::sim;

/// What must hold. The names are those in a failure.
pub mod invariant {
    pub const ONE_ORDER: &str = "each member hears each message once and in the room's one order";
    pub const NO_GAPS: &str = "numbers have no gap across crash and restart";
    pub const LOGGED: &str = "nothing that was heard is missing from the log";
    pub const NOBODY_WAITS: &str = "nobody waits for a stalled one beyond its bound";
    pub const VERIFIED: &str = "every introduced chat is verified on both sides or says why not";
    pub const ENCRYPTED: &str = "a chat is encrypted, and both sides are shown one code";
    pub const TOLD_ONCE: &str =
        "each direct text is delivered or reported, never both and never neither";
    pub const ONE_PERSON: &str = "a name is one person's";
    pub const NO_SLEEP: &str = "no thread sleeps for ever";
    pub const JOINED: &str = "at quiescence everybody who can reach the server is joined";
    pub const SAME_ROOM: &str = "at quiescence all know who is in the room";
    pub const LAST_WORDS: &str = "a server that ends delivers what was said, and says so";
    pub const LAST_HEARD: &str = "whoever sends nothing more still hears its own last words";
    pub const AGAIN: &str = "whoever reads on gets the rest, though nobody speaks";
    pub const TOLD: &str = "what one member tells another reaches that one, once";
    pub const PRINTED: &str = "the server prints what is said";
    pub const ANSWERED: &str = "each request has one answer";
}

/// What a room has said.
#[derive(Debug, Default)]
pub struct Record {
    /// Each message by its number.
    pub messages: BTreeMap<u64, String>,
    /// The number of each message. Every text of a scene is another one.
    numbers: BTreeMap<String, u64>,
    /// Whether the log can lose its end. Then numbers can be given again.
    pub may_lose: bool,
    /// Whether the server writes no log, as before lab 7.
    pub has_no_log: bool,
    /// What members have told each other, as the server has confirmed: the text, to whom, and when it was
    /// asked. (The answer may come late: meanwhile the other may have come back on another connection.)
    pub told: Vec<(String, String, u64)>,
    /// How many messages were heard, by all members together.
    pub heard: u64,
}

impl Record {
    /// Notes that somebody has heard a message.
    pub fn hear(&mut self, who: &str, seq: u64, message: &str) {
        self.heard += 1;
        if self.may_lose {
            return;
        }
        if let Some(known) = self.messages.insert(seq, message.to_owned())
            && known != message
        {
            let what = format!("{who} hears {message:?} as {seq}, which is {known:?}");
            sim::fail(invariant::ONE_ORDER, &what);
        }
        if let Some(known) = self.numbers.insert(message.to_owned(), seq)
            && known != seq
        {
            let what = format!("{who} hears {message:?} as {seq}, which was {known}");
            sim::fail(invariant::ONE_ORDER, &what);
        }
    }

    /// Checks that a log has everything that was heard, with its number.
    pub fn check_log(&self, log: &str) {
        let logged = logged(log);
        for (seq, message) in &self.messages {
            match logged.get(seq) {
                Some(known) if known == message => {}
                known => {
                    let what = format!("{seq} is {message:?}; the log has {known:?}");
                    sim::fail(invariant::LOGGED, &what);
                }
            }
        }
    }
}

/// The messages in a log, by their numbers: the messages between two remarks of a start count on.
pub fn logged(log: &str) -> BTreeMap<u64, String> {
    let (mut found, mut seq) = (BTreeMap::new(), 0);
    for line in log.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        if let Some(rest) = line.strip_prefix("# Log: ") {
            let number = rest.split(' ').nth(2).and_then(|number| number.parse().ok());
            seq = number.unwrap_or(seq);
        } else if let Some(lost) = line.get(22..).and_then(|rest| rest.strip_prefix("\\lost ")) {
            seq += lost.parse::<u64>().unwrap_or(0);
        } else if line.starts_with('[')
            && line.get(22..23) == Some("[")
            && !line.ends_with(" \\torn")
            && let Some((name, text)) = line[23..].split_once("]: ")
        {
            seq += 1;
            found.insert(seq, format!("{name}: {text}"));
        }
    }
    found
}
