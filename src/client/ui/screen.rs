//! The screen, which the loop writes, and the stdin thread, which reads what the user types.
//!
//! Without a prompt (stdin or stdout is a pipe or a file) the thread sends whole lines. With a prompt it
//! sends keys, and the loop edits the line, because an arriving message must be shown above it.
//!
//! Three rules hold here for all output: it is escaped, it is written line by line, and it also goes to the
//! page.

use std::fmt::Display;
use std::io::{self, BufRead, BufWriter, ErrorKind, Write};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::SystemTime;

use crate::client::event::{Event, Events};
use crate::client::net::Captured;
use crate::client::ui::output::{Output, traffic_json};
use crate::client::ui::terminal::prompt::{PASTE_MARKS, Prompt};
use crate::client::ui::web::Page;
use crate::clock;
use crate::typed::{TypedLine, TypedLines};
use crate::wire::text::escape;

/// How many typed lines may wait for the loop.
const TYPED: usize = 64;
/// How many characters of a time of day the page shows: `12:35`.
const HOUR_MINUTE: usize = 5;

/// Opens the screen and starts the stdin thread. `prompt`: with a prompt, if the terminal can have one.
///
/// Each line uses up one credit, and the loop gives a credit back for each line that it has executed: a long
/// file on stdin waits there and not in the client's memory. At a prompt only Enter uses up a credit, so a
/// long paste waits, too. The sender that is returned gives credits.
///
/// # Errors
/// When the thread cannot be started.
pub fn open(
    input: impl BufRead + Send + 'static,
    output: impl Write + 'static,
    prompt: bool,
    events: Events,
) -> io::Result<(SyncSender<()>, Screen)> {
    let screen = Screen::new(output, if prompt { Prompt::begin() } else { None });
    let by_key = screen.prompt.is_some();
    let (credit, credits) = mpsc::sync_channel(TYPED);
    while credit.try_send(()).is_ok() {}
    let typing = move || {
        // An error: the program ends.
        let read = if by_key { follow_keys } else { follow };
        let _ = read(input, &events, &credits)
            .and_then(|()| events.send(Event::InputEnded).map_err(drop));
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(typing)?;
    Ok((credit, screen))
}

/// Sends each line of the input as an event. A line that is too long for any message is reported once and skipped.
fn follow(input: impl BufRead, events: &Events, credits: &Receiver<()>) -> Result<(), ()> {
    for typed in TypedLines::new(input) {
        let event = match typed {
            TypedLine::TooLong => Event::TypedTooMuch,
            TypedLine::Whole(line) => {
                credits.recv().map_err(drop)?;
                Event::Typed(String::from_utf8_lossy(&line).into())
            }
        };
        events.send(event).map_err(drop)?;
    }
    Ok(())
}

/// Sends the keys that were pressed, at most up to an Enter, as one event. Reads on only after the loop has
/// handled them: one of them may be Ctrl-Z, and what is typed after it is for the shell.
fn follow_keys(mut input: impl BufRead, events: &Events, credits: &Receiver<()>) -> Result<(), ()> {
    loop {
        let found = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            found => found.unwrap_or_default(),
        };
        let enter = found.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let keys = found[..enter.map_or(found.len(), |at| at + 1)].to_vec();
        input.consume(keys.len());
        if keys.is_empty() {
            return Ok(());
        }
        if enter.is_some() {
            credits.recv().map_err(drop)?;
        }
        let (reading, handled) = mpsc::channel();
        events.send(Event::Keys(keys, reading)).map_err(drop)?;
        let _ = handled.recv(); // always an error: the loop drops the sender when it has handled the keys
    }
}

/// The output of the client, line by line: to a terminal, a pipe or a file, and to the page.
pub struct Screen {
    output: BufWriter<Box<dyn Write>>,
    /// Whether a write failed. The client ends then: nothing can be shown any more.
    closed: bool,
    /// While tracing is on: the minutes that local time is ahead of UTC.
    tracing: Option<i32>,
    /// The prompt, if the output is a terminal that can have one.
    prompt: Option<Prompt>,
    /// The page, and the minutes that its times are ahead of UTC.
    page: Option<(Page, i32)>,
}

impl Screen {
    /// A screen on an output. With a prompt the output is a terminal.
    pub fn new(output: impl Write + 'static, prompt: Option<Prompt>) -> Screen {
        let output = BufWriter::new(Box::new(output) as Box<dyn Write>);
        let mut screen = Screen { output, closed: false, tracing: None, prompt, page: None };
        screen.mark_pastes(PASTE_MARKS.0);
        screen
    }

    /// Shows everything on the page, too, from now on. `offset`: see [`clock`].
    pub fn show_on(&mut self, page: Page, offset: i32) {
        self.page = Some((page, offset));
    }

    /// Turns tracing on or off. `offset`: see [`clock`].
    pub fn trace(&mut self, offset: Option<i32>) {
        self.tracing = offset;
    }

    /// Shows captured bytes, if tracing is on. `with` is the label of the other end.
    pub fn captured(&mut self, captured: &Captured, with: impl Display) {
        let (Some(offset), with) = (self.tracing, with.to_string()) else { return };
        for line in captured.lines(&with, offset) {
            self.print(&Output::Sentence(&line));
        }
        if let Some((page, _)) = &self.page {
            page.tell(&traffic_json(captured, &with, offset));
        }
    }

    /// Shows a sentence. All output is escaped: no peer can move the cursor, hide characters or start a new
    /// line.
    pub fn line(&mut self, line: impl Display) {
        self.show(&Output::Sentence(&line.to_string()));
    }

    /// Shows an output on the terminal and the page.
    pub fn show(&mut self, output: &Output) {
        if let Some((page, offset)) = &self.page {
            page.tell(&output.json(&clock::precise(SystemTime::now(), *offset)[..HOUR_MINUTE]));
        }
        self.print(output);
    }

    /// Writes the line of an output.
    fn print(&mut self, output: &Output) {
        let Some(parts) = output.line() else { return };
        let [before, who, rest] = parts.each_ref().map(|part| escape(part));
        let line = match &mut self.prompt {
            None => format!("{before}{who}{rest}\n"),
            // The line takes the place of the prompt, which is drawn again before the loop waits.
            Some(prompt) => format!("{}{before}{}{rest}\n", prompt.clear(), prompt.colour(&who)),
        };
        self.write(&line);
    }

    /// Whether there is a prompt, which says where plain text goes.
    pub fn has_prompt(&self) -> bool {
        self.prompt.is_some()
    }

    /// Draws the prompt: a text, with the cursor before that byte. `None` takes the prompt away. The loop
    /// calls this before it waits. Does nothing without a prompt.
    pub fn prompt(&mut self, text: Option<(String, usize)>) {
        let Some(prompt) = &mut self.prompt else { return };
        let change = match text {
            Some((text, cursor)) => prompt.draw(text, cursor),
            None => prompt.clear(),
        };
        self.write(&change);
    }

    /// Stops the program until the shell continues it (Ctrl-Z and `fg`).
    pub fn stop(&mut self) {
        self.leave();
        self.prompt.iter_mut().for_each(Prompt::stop);
        self.mark_pastes(PASTE_MARKS.0);
    }

    /// Takes away the prompt and the marks of pastes: the terminal belongs to the shell again.
    fn leave(&mut self) {
        self.prompt(None);
        self.mark_pastes(PASTE_MARKS.1);
        self.flush();
    }

    /// Tells the terminal to mark what is pasted, or not to.
    fn mark_pastes(&mut self, mark: &str) {
        if self.prompt.is_some() {
            self.write(mark);
        }
    }

    /// Writes into the buffer.
    fn write(&mut self, text: &str) {
        self.closed |= self.output.write_all(text.as_bytes()).is_err();
    }

    /// Writes what is buffered. The loop calls this before it waits: while it is busy, many lines go out in one
    /// write.
    pub fn flush(&mut self) {
        self.closed |= self.output.flush().is_err();
    }

    /// Whether the output is closed: it is a pipe, and its reader is gone.
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

impl Drop for Screen {
    /// Leaves the terminal as it was before, also after a panic.
    fn drop(&mut self) {
        self.leave();
    }
}
