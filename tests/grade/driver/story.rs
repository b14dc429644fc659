//! What has happened in the check that runs: numbered steps, and below each the bytes that went each way.
//!
//! A check runs in one thread, so each thread has its own scene, and everybody adds to it. A step that fails
//! ends its check at once, through [`fail`]: a panic with the whole story. The grader keeps the panic quiet and
//! tells the story itself.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::driver::by_hand::{self, Play};
use crate::driver::heard::{self, Heard};
use crate::driver::settings::settings;

/// How long a step of the authors' tests may take: they run beside each other, on machines with other work.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Why there is no verdict.
pub const TOO_BUSY: &str = "the machine is too busy, so there is no verdict";

/// How many lines of a step are shown: the first ones and the last ones.
const FIRST: usize = 4;
const LAST: usize = 10;
/// How much of one write or block is shown.
const SHOWN: usize = 240;

/// Why a check has ended before its end.
#[derive(Clone, Debug)]
pub enum End {
    /// Something was not as it must be.
    Failed(String),
    /// Something did not come in time.
    TimedOut(String),
    /// Something came so late that nobody knows whether the program is wrong or the machine is slow. More time for the
    /// program would not tell: a wrong one would take it, too.
    Late(String),
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

/// All that is known of a check while it runs.
#[derive(Debug, Default)]
pub struct Scene {
    check: &'static str,
    /// When the check has begun; no check of the grader runs in the authors' tests.
    begun: Option<Instant>,
    steps: Mutex<Vec<Step>>,
    end: Mutex<Option<End>>,
    /// Until when a failure counts, if not for ever: see [`only_until`](super::exact::only_until).
    pub counts_until: Mutex<Option<Instant>>,
    /// What its programs have written.
    pub cast: Mutex<Vec<Arc<Heard>>>,
    /// The connections on which the grader has hung up, and the other side perhaps not yet.
    pub left: Mutex<Vec<TcpStream>>,
    /// Who has said what.
    pub play: Mutex<Play>,
}

thread_local! {
    static SCENE: RefCell<Arc<Scene>> = RefCell::default();
}

/// The scene of this thread.
pub fn scene() -> Arc<Scene> {
    SCENE.with_borrow(Arc::clone)
}

/// From here on this thread plays in that scene: the thread of a check has started it.
pub fn enter(scene: Arc<Scene>) {
    SCENE.set(scene);
}

/// Locks, also after a failed check has let go of it in the middle.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A check begins.
pub fn begin(check: &'static str) {
    let (begun, play) = (Some(Instant::now()), Mutex::new(Play::begun()));
    enter(Arc::new(Scene { check, begun, play, ..Scene::default() }));
}

/// Whether this is a check of the grader. In the authors' tests programs may end and connections may close at
/// any moment: each test says itself what must be.
pub fn is_graded() -> bool {
    scene().begun.is_some()
}

/// Why the check has ended before its end, if it has.
pub fn ended() -> Option<End> {
    lock(&scene().end).clone()
}

/// Whether the check has failed by what no busy machine can cause: a program has panicked, ended, or writes without
/// end.
pub fn is_certain() -> bool {
    heard::one_has_failed().is_some()
}

/// The next step of the story.
pub fn step(title: impl Display) {
    lock(&scene().steps).push(Step { title: title.to_string(), ..Step::default() });
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
    let scene = scene();
    let mut steps = lock(&scene.steps);
    if steps.is_empty() {
        steps.push(Step { title: "begin".to_owned(), ..Step::default() });
    }
    let Some(step) = steps.last_mut() else { return };
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
    for (index, step) in lock(&scene().steps).iter().enumerate() {
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
    target.join("grade").join(scene().check.replace("::", "-"))
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
#[track_caller]
pub fn fail(what: impl Display) -> ! {
    heard::fail_if_one_has_failed();
    end_unless_late(End::Failed, what)
}

/// Ends the check: this has not come in time.
#[track_caller]
pub fn time_out(what: impl Display) -> ! {
    heard::fail_if_one_has_failed();
    end_unless_late(End::TimedOut, what)
}

/// Ends the check: this has come so late that a wrong program may have done it, or a busy machine.
#[track_caller]
pub fn late(what: impl Display) -> ! {
    heard::fail_if_one_has_failed();
    end(End::Late(what.to_string()))
}

/// Ends the check in this way, or as late if failures do not count any more.
#[track_caller]
fn end_unless_late(how: fn(String) -> End, what: impl Display) -> ! {
    let until = *lock(&scene().counts_until);
    let is_late = until.is_some_and(|until| left(until).is_zero());
    end(if is_late { End::Late(what.to_string()) } else { how(what.to_string()) })
}

/// Ends the check without a verdict, for this machine lacks something.
pub fn not_checked(why: impl Display) -> ! {
    end(End::NotChecked(why.to_string()))
}

/// Whether the system has no room for one more process or thread now. That is no fault of a program.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::OutOfMemory)
}

/// Ends the check: a program, or a thread of the grader, cannot be started.
#[track_caller]
pub fn cannot_start(what: impl Display, error: &io::Error) -> ! {
    let why = format!("cannot start {what}: {error}");
    if is_full(error) {
        not_checked(format!("{TOO_BUSY}; {why}"))
    }
    end(End::Failed(why))
}

/// Ends the check.
#[track_caller]
pub fn end(end: End) -> ! {
    let (End::Failed(why) | End::TimedOut(why) | End::Late(why) | End::NotChecked(why)) = &end;
    let mut lines = vec![why.clone(), "--- so far:".to_owned()];
    lines.extend(self::lines());
    for (title, words) in heard::last_words(0) {
        lines.push(format!("{title} on stderr:\n    {}", words.join("\n    ")));
    }
    *lock(&scene().end) = Some(end);
    panic!("{}", lines.join("\n"))
}

/// How long a step may take.
pub fn step_time() -> Duration {
    if is_graded() { settings().step() } else { DEADLINE }
}

/// When a step that begins now must be over.
pub fn deadline() -> Instant {
    let until = Instant::now() + step_time();
    scene().begun.map_or(until, |begun| until.min(begun + settings().check()))
}

/// How long something was waited for, for a failure: `, in 4.0 s`.
pub fn in_time() -> String {
    format!(", in {}", seconds(step_time()))
}

/// A duration as people read it.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// What is left until then; nothing once it is over.
pub fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
