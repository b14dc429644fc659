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

use crate::by_hand;
use crate::heard;
use crate::run::seconds;
use crate::settings::settings;

/// How many lines of a step are shown: the first ones and the last ones.
const FIRST: usize = 4;
const LAST: usize = 10;
/// How much of one write or block is shown.
const SHOWN: usize = 240;

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

#[derive(Debug)]
struct Story {
    check: &'static str,
    begun: Option<Instant>,
    steps: Vec<Step>,
}

static STORY: Mutex<Story> = Mutex::new(Story { check: "", begun: None, steps: Vec::new() });

/// Locks, also after a failed check has let go of it in the middle.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A check begins.
pub fn begin(check: &'static str) {
    *lock(&STORY) = Story { check, begun: Some(Instant::now()), steps: Vec::new() };
    by_hand::begin();
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
    if arrow.starts_with('<') {
        by_hand::reads(bytes);
    }
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    let more =
        if bytes.len() > SHOWN { format!(" … ({} bytes)", bytes.len()) } else { String::new() };
    let shown = shown.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
    let line = format!("{who} {arrow} {shown}{more}");
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

/// What was expected, and what came instead. What has several lines, or is a block, begins on a line of its own.
pub fn instead(expected: impl Display, came: impl Display) -> String {
    let [expected, came] = [expected.to_string(), came.to_string()].map(|text| {
        let is_block = text.starts_with(' ') || text.contains('\n');
        if is_block { format!("\n{}", text.trim_end()) } else { format!(" {text}") }
    });
    format!("expected:{expected}\ncame:{came}")
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

/// How long something was waited for, for a failure: `, in 4.0 s`.
pub fn in_time() -> String {
    format!(", in {}", seconds(settings().step()))
}

/// What is left until then; nothing once it is over.
pub fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
