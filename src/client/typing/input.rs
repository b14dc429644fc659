//! The keyboard at a prompt: what keys do to the typed line and to the client.
//!
//! The [editor](crate::client::ui::terminal::editor) knows the line and nothing else. This module knows the client:
//! it completes names, and draws the prompt.

use std::sync::mpsc::Sender;

use crate::client::direct::Destination;
use crate::client::direct::tcp::Chat;
use crate::client::state::State;
use crate::client::typing::command::{Command, parse, told};
use crate::client::typing::question::{Meant, Question};
use crate::client::ui::terminal::editor::{Action, Editor};

/// The most names that Tab lists.
const MAX_LISTED: usize = 100;

/// A line that waits for its turn.
#[derive(Debug)]
pub struct Typed {
    /// The line itself: it may be the answer to the question for a nickname.
    pub line: String,
    /// What it means.
    pub command: Command,
    /// Whether it used up a credit. Lines of the page need none: one too many is refused.
    pub took_credit: bool,
}

/// The most texts that are shown above the prompt while they are on their way.
const MAX_ABOVE: usize = 5;
/// The most characters of such a text that are shown.
const MAX_ROW: usize = 60;

/// What keys have entered.
#[derive(Debug)]
pub enum Entered {
    /// A whole line.
    Line(String),
    /// Lines that were pasted, or that the user was asked about.
    Meant(Vec<Typed>),
    /// An Enter that ended no line.
    Nothing,
    /// The end of input.
    End,
}

/// The keyboard at a prompt.
#[derive(Debug, Default)]
pub struct Input {
    editor: Editor,
    /// What the user is being asked.
    question: Option<Question>,
}

impl Input {
    /// Handles bytes of the keyboard. Returns what they have entered. No more keys are read before `reading` is
    /// dropped.
    pub fn take(&mut self, bytes: &[u8], reading: &Sender<()>, state: &mut State) -> Vec<Entered> {
        let mut entered = Vec::new();
        for byte in bytes {
            if self.question.is_some() {
                entered.extend(self.answer(*byte, state));
            } else if let Some(action) = self.editor.take(*byte) {
                entered.extend(self.act(action, reading, state));
            }
        }
        let is_line = |entered: &Entered| matches!(entered, Entered::Line(_));
        if bytes.ends_with(b"\r") || bytes.ends_with(b"\n") {
            entered.extend((!entered.iter().any(is_line)).then_some(Entered::Nothing));
        }
        entered
    }

    /// Does what a key asks for.
    fn act(&mut self, action: Action, reading: &Sender<()>, state: &mut State) -> Option<Entered> {
        match action {
            Action::Line(line) => {
                echo(&line, &parse(&line), state);
                match Question::about_typed(&line).filter(|_| state.server.name.is_some()) {
                    None => return Some(Entered::Line(line)),
                    Some(question) => self.ask(question, state),
                }
            }
            Action::Lines(lines) => match Question::about_pasted(lines) {
                Ok(question) => self.ask(question, state),
                Err(meant) => return Some(entered(meant, state)),
            },
            Action::PastedTooMuch => {
                state.screen.line("nothing was sent: what was pasted is too long");
            }
            Action::Complete(again) => {
                let mut found = self.editor.complete(names(state));
                found.truncate(MAX_LISTED);
                if again && !found.is_empty() {
                    state.screen.line(found.join("  "));
                }
            }
            Action::End => return Some(Entered::End),
            Action::Leave => return Some(Entered::Line("/quit".to_owned())),
            Action::Stop => state.screen.stop(reading.clone()),
        }
        None
    }

    /// Asks the user.
    fn ask(&mut self, question: Question, state: &mut State) {
        let to = match &state.chats.destination {
            Destination::Room => "the room",
            Destination::Chat(_, label) => label,
        };
        state.screen.line(question.sentence(to));
        self.question = Some(question);
    }

    /// Handles a key while the user is asked.
    fn answer(&mut self, byte: u8, state: &mut State) -> Option<Entered> {
        let meant = self.question.as_mut()?.answered(self.editor.key(byte)?)?;
        self.question = None;
        if meant.is_empty() {
            state.screen.line("nothing was sent");
        }
        Some(entered(meant, state))
    }

    /// Draws the prompt and the line as they are now, below the last texts of the user that are not settled: `waiting`
    /// are those that wait for their turn. Draws nothing while the client ends.
    pub fn show(&self, state: &mut State, waiting: impl Iterator<Item = String>, ends: bool) {
        let (label, (line, cursor)) = match &self.question {
            Some(question) => (question.prompt().to_owned(), ("", 0)),
            None => (label(state), self.editor.line()),
        };
        let above = if state.screen.has_prompt() { above(state, waiting) } else { String::new() };
        let text =
            (!ends).then(|| (format!("{above}{label}{line}"), above.len() + label.len() + cursor));
        state.screen.prompt(text);
    }
}

/// Binds lines to where the prompt says that they go, and shows them as if typed.
fn entered(meant: Vec<Meant>, state: &mut State) -> Entered {
    let bind = |(line, command): Meant| {
        echo(&line, &command, state);
        Typed { line, command: bound(command, state), took_credit: false }
    };
    Entered::Meant(meant.into_iter().map(bind).collect())
}

/// Takes a command that was typed at a prompt, and returns what is to be done in its turn. Where plain text goes
/// changes at once, and a plain text is bound to where the prompt said that it goes: nothing that happens before
/// its turn can send it elsewhere.
pub fn bound(command: Command, state: &mut State) -> Command {
    let State { chats, screen, .. } = state;
    match command {
        command if !screen.has_prompt() || state.server.name.is_none() => command,
        Command::Plain(text) => match chats.for_plain(&text) {
            Ok(None) => Command::Say(text),
            Ok(Some(id)) => Command::MsgTo(id, text),
            Err(message) => Command::Mistake(message),
        },
        Command::To(typed) => {
            let directed = chats.direct_to(&typed, screen);
            directed.unwrap_or_else(|message| screen.line(message));
            Command::Nothing
        }
        Command::Room => {
            chats.direct_to_room(screen);
            Command::Nothing
        }
        command => command,
    }
}

/// The text before the line: where plain text goes, and where `/msg` goes. Without a name it is taken for one.
fn label(state: &State) -> String {
    if state.server.name.is_none() {
        return "nickname > ".to_owned();
    }
    let prompt = state.chats.prompt(state.server.is_lost());
    match prompt.strip_prefix('[') {
        _ if state.screen.away.answer().is_none() => prompt,
        Some(rest) => format!("[away; {rest}"),
        None => format!("[away] {prompt}"),
    }
}

/// Shows a line that was entered. A text is not shown here: it stands above the prompt until it is settled, and then as
/// a line of the conversation.
fn echo(line: &str, command: &Command, state: &mut State) {
    if state.server.name.is_none() || command.row().is_none() {
        let label = label(state);
        state.screen.line(format_args!("{label}{line}"));
    }
}

/// The last texts of the user that are not settled, a row for each.
fn above(state: &State, waiting: impl Iterator<Item = String>) -> String {
    let direct = state.screen.unsettled.lines();
    let tells = state.server.requests.tells().map(|(peer, text)| told(peer, text.as_str()));
    let room = state.server.room.unheard_texts().map(str::to_owned);
    let files = state.files.progress();
    let rows: Vec<String> = files.chain(direct).chain(tells).chain(room).chain(waiting).collect();
    let more = rows.len().saturating_sub(MAX_ABOVE);
    let begun = if more > 0 { format!("… and {more} before\n") } else { String::new() };
    let rows = rows[more..].iter().map(|row| {
        let shown: String = row.chars().take(MAX_ROW).collect();
        format!("… {shown}{}\n", if shown.len() < row.len() { "…" } else { "" })
    });
    begun + &rows.collect::<String>()
}

/// The names that a command may mean, for Tab.
fn names(state: &State) -> Vec<String> {
    let room = state.server.room.others().map(|entry| entry.name.to_string());
    let known = |chat: &&Chat| chat.is_open() || chat.is_calling();
    let by_tcp = state.chats.over_tcp().filter(known).map(Chat::label);
    let by_udp = state.chats.over_udp().map(|conversation| conversation.entry.name.to_string());
    room.chain(by_tcp).chain(by_udp).collect()
}
