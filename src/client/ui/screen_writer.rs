//! The thread that writes to the terminal, a pipe or a file.
//!
//! Output that nobody takes (a paused console, a pager) blocks this thread and nothing else. The loop puts lines into
//! a bounded [queue](super::screen_queue). If it is full, the loop waits for an output that moves, and not for one
//! that stands still: then lines are dropped, and a line tells later how many. The thread also owns the prompt,
//! because drawing it may run `stty`, and because only the thread knows what stands on the terminal.

use std::io::{self, Write};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::client::ui::screen_queue::{
    LineParts, OutputEnd, PromptLine, ScreenPortion, ScreenQueue,
};
use crate::client::ui::terminal::prompt::{self, PASTE_MARKS, Prompt};
use crate::sync::{lock, wait};

/// How many bytes the thread gives to the system at a time. Each such step shows that the output moves.
const STEP: usize = 4 * 1024;
/// How long the loop waits for room in the queue, once, until it takes the output for one that stands still.
const PATIENCE: Duration = Duration::from_millis(500);
/// At the end: how long an output may take for one step.
const LAST_STEP: Duration = Duration::from_secs(5);

/// The loop's side of the screen's thread.
pub struct ScreenWriter {
    shared: Arc<SharedScreen>,
    /// The settings that the terminal had before the prompt.
    terminal: Option<String>,
}

/// What the loop and the thread share.
#[derive(Default)]
struct SharedScreen {
    state: Mutex<ScreenState>,
    /// Wakes the thread.
    wanted: Condvar,
    /// Tells the loop that the output has moved.
    moved: Condvar,
}

/// The queue, and how far the thread has come.
#[derive(Default)]
struct ScreenState {
    queue: ScreenQueue,
    /// How many steps were written.
    steps: u64,
    /// Whether the loop has waited in vain for the output. It does not wait again before the output moves.
    stands_still: bool,
    /// Whether nothing comes any more.
    closed: bool,
    /// Whether the thread has ended.
    done: bool,
    /// Why the output cannot be written.
    error: Option<io::Error>,
    /// Tells the loop about an error.
    alarm: Option<Box<dyn Fn() + Send>>,
}

impl ScreenWriter {
    /// Starts the thread. Without it nothing can be shown: that is an error of the output.
    pub fn start(output: impl Write + Send + 'static, prompt: Option<Prompt>) -> ScreenWriter {
        let shared = Arc::new(SharedScreen::default());
        let terminal = prompt.as_ref().map(Prompt::settings);
        let own = Arc::clone(&shared);
        let writing = move || {
            let error = own.run(output, prompt).err();
            own.end(error);
        };
        if let Err(error) = thread::Builder::new().name("screen".to_owned()).spawn(writing) {
            shared.end(Some(error));
        }
        ScreenWriter { shared, terminal }
    }

    /// Lets the thread call `alarm` when the output cannot be written any more.
    pub fn alarms(&self, alarm: impl Fn() + Send + 'static) {
        lock(&self.shared.state).alarm = Some(Box::new(alarm));
    }

    /// Queues a line. It is written after the next [`ScreenWriter::wake`], or when there are many.
    pub fn line(&self, line: LineParts) {
        let mut state = self.shared.with_room();
        if state.error.is_none() {
            state.queue.push(line);
        }
        if state.queue.has_portion() {
            self.wake();
        }
    }

    /// Sets the prompt. `None` takes it away.
    pub fn prompt(&self, prompt: Option<PromptLine>) {
        if lock(&self.shared.state).queue.set_prompt(prompt) {
            self.wake();
        }
    }

    /// Stops the program until the shell continues it. `reading` is dropped after that.
    pub fn stop(&self, reading: Sender<()>) {
        lock(&self.shared.state).queue.stop = Some(reading);
        self.wake();
    }

    /// Lets the thread write what is queued.
    pub fn wake(&self) {
        self.shared.wanted.notify_one();
    }

    /// Whether the output cannot be written any more.
    pub fn is_closed(&self) -> bool {
        lock(&self.shared.state).error.is_some()
    }

    /// Lets the thread write what is left, and end. Waits as long as the output moves. Reports how it has ended, once.
    pub fn finish(&mut self) -> OutputEnd {
        let mut state = lock(&self.shared.state);
        state.queue.set_prompt(None);
        state.closed = true;
        self.wake();
        while !state.done {
            let steps = state.steps;
            let still = |state: &mut ScreenState| !state.done && state.steps == steps;
            let waited = self.shared.moved.wait_timeout_while(state, LAST_STEP, still);
            let (waited, time) = waited.unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if time.timed_out() {
                state.queue.lost += 1; // the line that is being written
                state.queue.give_up();
                state.done = true;
                // The thread ends with the program, and cannot restore the settings of the terminal.
                self.terminal.take().iter().for_each(|settings| prompt::restore(settings));
            }
        }
        OutputEnd { error: state.error.take(), lost: std::mem::take(&mut state.queue.lost) }
    }
}

impl SharedScreen {
    /// The state, after a wait for room in the queue if it is full and the output moves.
    fn with_room(&self) -> MutexGuard<'_, ScreenState> {
        let state = lock(&self.state);
        if !state.queue.is_full() || state.stands_still {
            return state;
        }
        self.wanted.notify_one();
        let is_full = |state: &mut ScreenState| state.queue.is_full() && state.error.is_none();
        let waited = self.moved.wait_timeout_while(state, PATIENCE, is_full);
        let (mut state, time) = waited.unwrap_or_else(PoisonError::into_inner);
        state.stands_still = time.timed_out();
        state
    }

    /// The body of the thread: writes portions until the end, then gives the terminal back.
    fn run(&self, mut output: impl Write, mut prompt: Option<Prompt>) -> io::Result<()> {
        // Whether the terminal marks what is pasted.
        let mut marks = false;
        while let Some(ScreenPortion { lines, prompt: wanted, stop }) = self.next() {
            let turns_on = prompt.is_some() && !std::mem::replace(&mut marks, true);
            let mark = if turns_on { PASTE_MARKS.0 } else { "" };
            let text = mark.to_owned() + &rendered(lines, wanted, &mut prompt);
            self.write(&mut output, &text)?;
            if let (Some(reading), Some(prompt)) = (stop, &mut prompt) {
                marks = false;
                self.write(&mut output, &(prompt.clear() + PASTE_MARKS.1))?;
                prompt.stop();
                lock(&self.state).queue.redraws = true;
                drop(reading);
            }
        }
        let clear = prompt.as_mut().map(|prompt| prompt.clear() + PASTE_MARKS.1);
        self.write(&mut output, &clear.unwrap_or_default())
    }

    /// Waits for something to write, and takes a portion of it; `None` at the end.
    fn next(&self) -> Option<ScreenPortion> {
        let mut state = lock(&self.state);
        while state.queue.is_idle() {
            if state.closed {
                return None;
            }
            state = wait(&self.wanted, state);
        }
        state.stands_still = false;
        self.moved.notify_all();
        Some(state.queue.take())
    }

    /// Writes a text step by step.
    fn write(&self, output: &mut impl Write, text: &str) -> io::Result<()> {
        for step in text.as_bytes().chunks(STEP) {
            output.write_all(step)?;
            output.flush()?;
            lock(&self.state).steps += 1;
            self.moved.notify_all();
        }
        Ok(())
    }

    /// Notes that the thread has ended, or that there is none.
    fn end(&self, error: Option<io::Error>) {
        let mut state = lock(&self.state);
        state.done = true;
        let alarm = state.alarm.take().filter(|_| error.is_some());
        if error.is_some() {
            state.queue.give_up();
        }
        state.error = error;
        drop(state);
        self.moved.notify_all();
        if let Some(alarm) = alarm {
            alarm();
        }
    }
}

/// The characters that show lines above the prompt, and the prompt as it is wanted.
fn rendered(
    lines: Vec<LineParts>,
    wanted: Option<PromptLine>,
    prompt: &mut Option<Prompt>,
) -> String {
    let Some(prompt) = prompt else {
        return lines.into_iter().map(|[before, who, rest]| before + &who + &rest + "\n").collect();
    };
    let mut text = String::new();
    for [before, who, rest] in lines {
        // The first line takes the place of the prompt.
        text += &[prompt.clear(), before, prompt.colour(&who), rest, "\n".to_owned()].concat();
    }
    text + &match wanted {
        Some((line, cursor)) => prompt.draw(line, cursor),
        None => prompt.clear(),
    }
}
