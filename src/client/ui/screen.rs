//! The screen, which the loop fills and a [thread](super::screen_writer) writes, and the stdin thread, which reads
//! what the user types.
//!
//! Without a prompt (stdin or stdout is a pipe or a file) the thread sends whole lines. With a prompt it
//! sends keys, and the loop edits the line, because an arriving message must be shown above it.
//!
//! Three rules hold here for all output: it is escaped, it is written line by line, and it also goes to the
//! page.

use std::fmt::Display;
use std::io::{self, BufRead, ErrorKind, Write};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;
use std::time::SystemTime;

use crate::client::event::{Event, Events};
use crate::client::net::Captured;
use crate::client::ui::away::Away;
use crate::client::ui::filter::Filter;
use crate::client::ui::output::{Output, PeerInfo, traffic_json};
use crate::client::ui::screen_queue::{LineParts, OutputEnd};
use crate::client::ui::screen_writer::ScreenWriter;
use crate::client::ui::terminal::prompt::Prompt;
use crate::client::ui::transcript::Transcript;
use crate::client::ui::unsettled::Unsettled;
use crate::client::ui::web::Page;
use crate::clock::{LocalTime, Zone, day_line};
use crate::typed::{TypedLine, TypedLines};
use crate::wire::text::escape;

/// How many typed lines may wait for the loop.
const TYPED: usize = 64;

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
    output: impl Write + Send + 'static,
    prompt: bool,
    events: Events,
) -> io::Result<(SyncSender<()>, Screen)> {
    let screen = Screen::new(output, if prompt { Prompt::begin() } else { None });
    let by_key = screen.has_prompt;
    let alarm = events.clone();
    // An error: the program ends.
    screen.writer.alarms(move || drop(alarm.send(Event::OutputClosed)));
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
    writer: ScreenWriter,
    /// Whether there is a prompt.
    has_prompt: bool,
    /// How many texts or lines of the user came to nothing.
    failures: usize,
    /// Whether tracing is on.
    tracing: bool,
    /// How far local time is from UTC.
    zone: Zone,
    /// The day of what was shown last, counted from 1970-01-01 on.
    day: Option<u64>,
    /// The page, if there is one.
    page: Option<Page>,
    /// The user's texts that are on their way.
    pub unsettled: Unsettled,
    /// What is not shown.
    pub filter: Filter,
    /// What was shown.
    pub transcript: Transcript,
    /// Who is away, as far as is known.
    pub away: Away,
    /// Rings the terminal's bell when somebody says this name; `None` without `--bell`.
    pub bell: Option<String>,
}

/// What a TAB looks like at a prompt.
const TAB: &str = "    ";
/// What a terminal answers with a sound.
const BELL: &str = "\x07";

impl Screen {
    /// A screen on an output. With a prompt the output is a terminal.
    pub fn new(output: impl Write + Send + 'static, prompt: Option<Prompt>) -> Screen {
        let (has_prompt, zone) = (prompt.is_some(), Zone::of_system());
        let day = LocalTime::at(SystemTime::now(), zone.offset()).day;
        let writer = ScreenWriter::start(output, prompt);
        let (filter, transcript, bell) = (Filter::default(), Transcript::default(), None);
        let (tracing, page, unsettled) = (false, None, Unsettled::default());
        Screen {
            writer,
            has_prompt,
            failures: 0,
            tracing,
            zone,
            day,
            page,
            unsettled,
            filter,
            transcript,
            away: Away::default(),
            bell,
        }
    }

    /// Shows everything on the page, too, from now on.
    pub fn show_on(&mut self, page: Page) {
        self.page = Some(page);
    }

    /// Turns tracing on or off.
    pub fn trace(&mut self, on: bool) {
        self.tracing = on;
    }

    /// Shows captured bytes, if tracing is on. `with` is the label of the other end.
    pub fn captured(&mut self, captured: &Captured, with: impl Display) {
        if !self.tracing {
            return;
        }
        let with = with.to_string();
        for line in captured.lines(&with, self.zone.offset()) {
            self.writer.line([String::new(), String::new(), escape(&line).into_owned()]);
        }
        if let Some(page) = &self.page {
            page.tell(&traffic_json(captured, &with, self.zone.offset()));
        }
    }

    /// Shows a sentence. All output is escaped: no peer can move the cursor, hide characters or start a new
    /// line.
    pub fn line(&mut self, line: impl Display) {
        self.show(&Output::Sentence(&line.to_string()));
    }

    /// Shows a sentence about something that the user typed and that came to nothing, and counts it.
    pub fn failure(&mut self, line: impl Display) {
        self.failures += 1;
        self.line(line);
    }

    /// How many of the user's texts and lines came to nothing, as far as the user was told.
    pub fn failures(&self) -> usize {
        self.failures
    }

    /// Notes that a peer has called. One who is ignored is not told that the user is away.
    pub fn called(&mut self, peer: &PeerInfo) {
        if !self.filter.ignores(&peer.label) {
            self.away.called(peer);
        }
    }

    /// Shows an output on the terminal and the page, after a line with the day if that is another one than before.
    pub fn show(&mut self, output: &Output) {
        self.failures += usize::from(output.is_failure());
        if self.filter.hides(output) {
            return;
        }
        self.away.note(output);
        let now = LocalTime::at(SystemTime::now(), self.zone.offset());
        let stamped = output.stamp().map(|stamp| LocalTime::of(stamp, self.zone.offset()));
        let LocalTime { day, time } = stamped.unwrap_or_else(|| now.clone());
        let day_line = day.zip(now.day).map(|(day, today)| day_line(day, today));
        if let Some(page) = &self.page {
            page.tell(&output.json(&time, day_line.as_deref().unwrap_or_default()));
        }
        if self.has_prompt {
            self.unsettled.note(output);
        }
        let Some(parts) = output.line(&time, self.has_prompt) else { return };
        if let Some(line) = day_line.filter(|_| self.day != day) {
            self.day = day;
            self.print([line, String::new(), String::new()], "");
        }
        let rings = self.bell.as_ref().is_some_and(|name| output.mentions(name));
        self.print(parts, if rings && self.has_prompt { BELL } else { "" });
    }

    /// Queues a line, escaped, and keeps it. `sound` stands before it on the terminal. A person sees a TAB as spaces;
    /// where programs read the lines, it has its code like other control characters.
    fn print(&mut self, parts: LineParts, sound: &str) {
        let tab = if self.has_prompt { TAB } else { "\t" };
        let [before, who, rest] = parts.map(|part| escape(&part.replace('\t', tab)).into_owned());
        self.transcript.push([&*before, &who, &rest].concat());
        self.writer.line([sound.to_owned() + &before, who, rest]);
    }

    /// Whether there is a prompt, which says where plain text goes.
    pub fn has_prompt(&self) -> bool {
        self.has_prompt
    }

    /// Sets the prompt: a text, with the cursor before that byte. `None` takes the prompt away. The loop
    /// calls this before it waits. Does nothing without a prompt.
    pub fn prompt(&mut self, text: Option<(String, usize)>) {
        if self.has_prompt {
            self.writer.prompt(text);
        }
    }

    /// Stops the program until the shell continues it (Ctrl-Z and `fg`). Until then `reading` is kept.
    pub fn stop(&mut self, reading: Sender<()>) {
        if self.has_prompt {
            self.writer.stop(reading);
        }
    }

    /// Lets the screen's thread write what is queued. The loop calls this before it waits: while it is busy, many
    /// lines go out in one write.
    pub fn flush(&mut self) {
        self.writer.wake();
    }

    /// Whether the output is closed: it is a pipe, and its reader is gone, or the disk is full.
    pub fn is_closed(&self) -> bool {
        self.writer.is_closed()
    }

    /// Writes what is left and gives the terminal back. Reports how the output has ended.
    pub fn finish(&mut self) -> OutputEnd {
        self.writer.finish()
    }
}

impl Drop for Screen {
    /// Leaves the terminal as it was before, also after a panic.
    fn drop(&mut self) {
        self.finish();
    }
}
