//! The stdin thread and the screen.

use std::fmt::Display;
use std::io::{self, BufRead, BufWriter, Write};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use crate::client::event::{Event, Events};
use crate::client::shown::Shown;
use crate::client::traffic::Traffic;
use crate::wire::line::{Line, read_line};
use crate::wire::text::escape;

/// How many typed lines may wait for their turn.
const TYPED: usize = 64;

/// Starts the thread that reads what the user types. It sends a line for each permit, and has some to
/// begin with: a long file on stdin waits there, not in the client's memory. Gives the way to permit more.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(input: impl BufRead + Send + 'static, events: Events) -> io::Result<SyncSender<()>> {
    let (permit, permits) = mpsc::sync_channel(TYPED);
    while permit.try_send(()).is_ok() {}
    let typing = move || {
        // The loop is gone only when the program ends.
        let _ = follow(input, &events, &permits)
            .and_then(|()| events.send(Event::InputEnded).map_err(drop));
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(typing)?;
    Ok(permit)
}

/// Reads to the end of the input; an error of it is its end. A line that is too long for any message is
/// told and skipped.
fn follow(mut input: impl BufRead, events: &Events, permits: &Receiver<()>) -> Result<(), ()> {
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
                    permits.recv().map_err(drop)?;
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

/// Where the client shows what happens, line by line.
pub struct Screen {
    output: BufWriter<Box<dyn Write>>,
    closed: bool,
    /// The wire is shown, in local time that is so many minutes ahead of UTC.
    explaining: Option<i32>,
}

impl Screen {
    /// A screen on some output.
    pub fn new(output: impl Write + 'static) -> Screen {
        Screen { output: BufWriter::new(Box::new(output)), closed: false, explaining: None }
    }

    /// Shows the wire from now on, or no more. `offset`: see [`clock`](crate::clock).
    pub fn explain(&mut self, offset: Option<i32>) {
        self.explaining = offset;
    }

    /// Shows what was sent or received, if that is wanted; `with` is who is at the other end.
    pub fn traffic(&mut self, traffic: &Traffic, with: impl Display) {
        if let Some(offset) = self.explaining {
            traffic.lines(&with.to_string(), offset).into_iter().for_each(|line| self.line(line));
        }
    }

    /// Shows a line. Whatever others have sent cannot move the cursor, hide letters or start a new line:
    /// all that is shown is escaped here.
    pub fn line(&mut self, line: impl Display) {
        self.show(&Shown::Notice(&line.to_string()));
    }

    /// Shows something that is more than a sentence.
    pub fn show(&mut self, shown: &Shown) {
        let Some((who, rest)) = shown.line() else { return };
        self.closed |= writeln!(self.output, "{}{}", escape(&who), escape(&rest)).is_err();
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
