//! What has happened in the check that runs: numbered steps, and below each the bytes that went each way.
//!
//! Checks run one after the other, so there is one story at a time and everybody adds to it. A step that
//! fails ends its check at once, through [`fail`]: like a panic, but without its message on stderr.

use std::collections::VecDeque;
use std::fmt::Display;
use std::panic;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::heard;
use crate::settings::settings;

/// How many lines of a step are shown: the first ones and the last ones.
const FIRST: usize = 4;
const LAST: usize = 10;
/// How much of one write or block is shown.
const SHOWN: usize = 240;
/// How much is kept of what was sent, to be sent again by hand.
const KEPT: usize = 1 << 20;

/// Why a check has ended before its end.
#[derive(Debug)]
pub enum End {
    /// Something was not as it must be.
    Failed(String),
    /// Something did not come in time.
    TimedOut(String),
    /// This machine lacks what it takes to find out.
    NotChecked(String),
}

/// A step: what it is about, and what went over the wires.
#[derive(Debug, Default)]
struct Step {
    title: String,
    first: Vec<String>,
    skipped: usize,
    last: VecDeque<String>,
}

/// What was sent on one connection or typed into one program, and how to do the same by hand.
#[derive(Debug, Clone)]
pub struct Hand {
    /// Who has sent it.
    pub who: String,
    /// The command, with `FILE` where the bytes are read from.
    pub command: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
struct Story {
    check: &'static str,
    begun: Option<Instant>,
    steps: Vec<Step>,
    hands: Vec<Hand>,
    /// Which of the hands has moved last.
    last: usize,
}

static STORY: Mutex<Story> =
    Mutex::new(Story { check: "", begun: None, steps: Vec::new(), hands: Vec::new(), last: 0 });

/// Locks, also after a failed check has let go of it in the middle.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A check begins.
pub fn begin(check: &'static str) {
    let (begun, steps, hands) = (Some(Instant::now()), Vec::new(), Vec::new());
    *lock(&STORY) = Story { check, begun, steps, hands, last: 0 };
}

/// The name of the check that runs.
pub fn check() -> &'static str {
    lock(&STORY).check
}

/// The next step of the story.
pub fn step(title: impl Display) {
    lock(&STORY).steps.push(Step { title: title.to_string(), ..Step::default() });
}

/// Something was sent or came: `arrow` is `->` to the program and `<-` from it.
pub fn told(who: &str, arrow: &str, bytes: &[u8]) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    let more =
        if bytes.len() > SHOWN { format!(" … ({} bytes)", bytes.len()) } else { String::new() };
    let line = format!("{who} {arrow} {}{more}", shown.escape_debug());
    let mut story = lock(&STORY);
    if story.steps.is_empty() {
        story.steps.push(Step { title: "begin".to_owned(), ..Step::default() });
    }
    let Some(step) = story.steps.last_mut() else { return };
    if step.first.len() < FIRST {
        step.first.push(line);
        return;
    }
    step.last.push_back(line);
    if step.last.len() > LAST {
        step.last.pop_front();
        step.skipped += 1;
    }
}

/// Something can be done by hand, too: `command` reads the bytes from `FILE`.
pub fn by_hand(who: &str, command: String) {
    let mut story = lock(&STORY);
    story.hands.push(Hand { who: who.to_owned(), command, bytes: Vec::new() });
    story.last = story.hands.len() - 1;
}

/// These bytes were sent, by whom [`by_hand`] has announced.
pub fn sent(who: &str, bytes: &[u8]) {
    told(who, "->", bytes);
    let mut story = lock(&STORY);
    let Some(index) = story.hands.iter().rposition(|hand| hand.who == who) else { return };
    story.last = index;
    let room = KEPT.saturating_sub(story.hands[index].bytes.len()).min(bytes.len());
    story.hands[index].bytes.extend_from_slice(&bytes[..room]);
}

/// What was sent last, and by whom.
pub fn hand() -> Option<Hand> {
    let story = lock(&STORY);
    story.hands.get(story.last).cloned()
}

/// How many have sent something: only one can be played by one command.
pub fn senders() -> usize {
    lock(&STORY).hands.iter().filter(|hand| !hand.bytes.is_empty()).count()
}

/// The whole story, as lines.
pub fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for (index, step) in lock(&STORY).steps.iter().enumerate() {
        lines.push(format!("{:>3}. {}", index + 1, step.title));
        lines.extend(step.first.iter().map(|line| format!("       {line}")));
        if step.skipped > 0 {
            lines.push(format!("       … {} more …", step.skipped));
        }
        lines.extend(step.last.iter().map(|line| format!("       {line}")));
    }
    lines
}

/// Where the bytes of this check go that are to be sent by hand.
pub fn folder() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().map(PathBuf::from).unwrap_or(target);
    target.join("grade").join(check().replace("::", "-"))
}

/// Ends the check: this is not as it must be.
pub fn fail(what: impl Display) -> ! {
    heard::fail_if_one_has_failed();
    end(End::Failed(what.to_string()))
}

/// Ends the check: this has not come in time.
pub fn time_out(what: impl Display) -> ! {
    heard::fail_if_one_has_failed();
    end(End::TimedOut(what.to_string()))
}

/// Ends the check without a verdict, for this machine lacks something.
pub fn not_checked(why: impl Display) -> ! {
    end(End::NotChecked(why.to_string()))
}

/// Ends the check.
pub fn end(end: End) -> ! {
    panic::resume_unwind(Box::new(end))
}

/// When a step that begins now must be over.
pub fn deadline() -> Instant {
    let now = Instant::now();
    let begun = lock(&STORY).begun.unwrap_or(now);
    (now + settings().step()).min(begun + settings().check())
}

/// What is left until then; nothing once it is over.
pub fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
