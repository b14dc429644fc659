//! The stdin thread and the screen.

use std::fmt::Display;
use std::io::{self, BufRead, BufWriter, ErrorKind, Write};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::SystemTime;

use crate::client::event::{Event, Events};
use crate::client::net::capture::Captured;
use crate::client::ui::output::{Output, traffic_json};
use crate::client::ui::terminal::prompt::{PASTE_MARKS, Prompt};
use crate::client::ui::web::Page;
use crate::clock;
use crate::wire::line::{Line, read_line};
use crate::wire::text::escape;

/// How many typed lines may wait for their turn.
const TYPED: usize = 64;
/// How much of a time of day the page shows: `12:35`.
const HOUR_MINUTE: usize = 5;

/// Opens the screen, with a prompt if there shall and can be one, and starts the thread that reads what the
/// user types. It sends a line for each permit, and has some to begin with: a long file on stdin waits
/// there, not in the client's memory. Gives the way to permit more. At a prompt it sends keys, and Enter
/// needs the permit: a long paste waits, too.
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
        // The loop is gone only when the program ends.
        let read = if by_key { follow_keys } else { follow };
        let _ = read(input, &events, &credits)
            .and_then(|()| events.send(Event::InputEnded).map_err(drop));
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(typing)?;
    Ok((credit, screen))
}

/// Reads to the end of the input; an error of it is its end. A line that is too long for any message is
/// told and skipped.
fn follow(mut input: impl BufRead, events: &Events, credits: &Receiver<()>) -> Result<(), ()> {
    let (mut line, mut skipping) = (Vec::new(), false);
    loop {
        let found = read_line(&mut input, &mut line).unwrap_or(Line::End);
        let text = String::from_utf8_lossy(&line).into_owned();
        match found {
            Line::TooLong if !skipping => {
                skipping = true;
                events.send(Event::TypedTooMuch).map_err(drop)?;
            }
            Line::TooLong => {}
            Line::End if line.is_empty() => return Ok(()),
            Line::Whole | Line::End => {
                if !std::mem::take(&mut skipping) {
                    credits.recv().map_err(drop)?;
                    events.send(Event::Typed(text)).map_err(drop)?;
                }
                if found == Line::End {
                    return Ok(());
                }
            }
        }
        line.clear();
    }
}

/// Sends keys as they come, and what follows an Enter as another event. Nothing is read before they are
/// dealt with: one of them may be Ctrl-Z, and what is typed then is for the shell.
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
        let (reading, dealt_with) = mpsc::channel();
        events.send(Event::Keys(keys, reading)).map_err(drop)?;
        let _ = dealt_with.recv(); // an error: the sender has been dropped
    }
}

/// Where the client shows what happens, line by line.
pub struct Screen {
    output: BufWriter<Box<dyn Write>>,
    closed: bool,
    /// The wire is shown, in local time that is so many minutes ahead of UTC.
    tracing: Option<i32>,
    prompt: Option<Prompt>,
    /// The page, and what its times are ahead of UTC.
    page: Option<(Page, i32)>,
}

impl Screen {
    /// A screen on some output, perhaps a terminal with a prompt.
    pub fn new(output: impl Write + 'static, prompt: Option<Prompt>) -> Screen {
        let output = BufWriter::new(Box::new(output) as Box<dyn Write>);
        let mut screen = Screen { output, closed: false, tracing: None, prompt, page: None };
        screen.mark_pastes(PASTE_MARKS.0);
        screen
    }

    /// From now on all of it is told on the page, too. `offset`: see [`clock`].
    pub fn show_on(&mut self, page: Page, offset: i32) {
        self.page = Some((page, offset));
    }

    /// Shows the wire from now on, or no more. `offset`: see [`clock`].
    pub fn trace(&mut self, offset: Option<i32>) {
        self.tracing = offset;
    }

    /// Shows what was sent or received, if that is wanted; `with` is who is at the other end.
    pub fn captured(&mut self, captured: &Captured, with: impl Display) {
        let (Some(offset), with) = (self.tracing, with.to_string()) else { return };
        captured
            .lines(&with, offset)
            .into_iter()
            .for_each(|line| self.print(&Output::Notification(&line)));
        if let Some((page, _)) = &self.page {
            page.tell(&traffic_json(captured, &with, offset));
        }
    }

    /// Shows a line. Whatever others have sent cannot move the cursor, hide outgoings or start a new line:
    /// all that is shown is escaped here.
    pub fn line(&mut self, line: impl Display) {
        self.show(&Output::Notification(&line.to_string()));
    }

    /// Shows something that is more than a sentence. The prompt makes way.
    pub fn show(&mut self, shown: &Output) {
        if let Some((page, offset)) = &self.page {
            page.tell(&shown.json(&clock::precise(SystemTime::now(), *offset)[..HOUR_MINUTE]));
        }
        self.print(shown);
    }

    fn print(&mut self, shown: &Output) {
        let Some([before, who, rest]) = shown.line() else { return };
        let (before, who, rest) = (escape(&before), escape(&who), escape(&rest));
        let line = match &mut self.prompt {
            None => format!("{before}{who}{rest}\n"),
            Some(prompt) => format!("{}{before}{}{rest}\n", prompt.clear(), prompt.colour(&who)),
        };
        self.write(&line);
    }

    /// Shows a text as the prompt, with the cursor before that byte, or no prompt. To be called before the
    /// loop waits. Nothing if the screen has no prompt.
    pub fn prompt(&mut self, text: Option<(String, usize)>) {
        let Some(prompt) = &mut self.prompt else { return };
        let change = match text {
            Some((text, cursor)) => prompt.draw(text, cursor),
            None => prompt.clear(),
        };
        self.write(&change);
    }

    /// Stops the program until it is continued (Ctrl-Z and `fg`).
    pub fn stop(&mut self) {
        self.leave();
        self.prompt.iter_mut().for_each(Prompt::stop);
        self.mark_pastes(PASTE_MARKS.0);
    }

    /// Takes from the terminal what we have brought there.
    fn leave(&mut self) {
        self.prompt(None);
        self.mark_pastes(PASTE_MARKS.1);
        self.flush();
    }

    fn mark_pastes(&mut self, mark: &str) {
        if self.prompt.is_some() {
            self.write(mark);
        }
    }

    fn write(&mut self, text: &str) {
        self.closed |= self.output.write_all(text.as_bytes()).is_err();
    }

    /// Really shows it. To be called before the loop waits: as long as there is something to do, many
    /// lines go out in one write.
    pub fn flush(&mut self) {
        self.closed |= self.output.flush().is_err();
    }

    /// Whether nobody can see it any more: the output is a pipe, and its reader is gone.
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

impl Drop for Screen {
    /// Leaves the terminal as it was, also after a panic.
    fn drop(&mut self) {
        self.leave();
    }
}
