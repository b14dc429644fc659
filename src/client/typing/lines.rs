//! The typed lines whose turn has not come. Nothing waits behind a peer that takes nothing: each addressee has a
//! bounded queue of its own, and what concerns this client alone does not wait.
//!
//! ```text
//!                      ┌── concerns this client alone ──────────────► now
//! typed ──► in order ──┼── a request ─────► queue for the server ───► one at a time
//!                      ├── to everyone ───► queue for the room ─────► when it has room
//!                      └── to one peer ───► queue for that chat ────► when it has room
//! ```
//!
//! A full queue makes a script wait, as long as the addressee moves. If it stands still, further lines for it are
//! refused, so that the lines behind them go on.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use crate::client::state::State;
use crate::client::typing::command::Command;
use crate::client::typing::input::Typed;
use crate::client::typing::line_queues::{
    Addressee, LAST_WORDS, LineQueues, STILL, STILL_OVER_UDP, Source, WAITING_LINES, WaitingLine,
};
use crate::client::ui::Screen;

/// What becomes of a line.
enum Turn {
    /// It is carried out.
    Now,
    /// It waits where it is.
    Later,
    /// It waits in a queue.
    Queued(Addressee),
    /// Too many wait before it.
    Refused,
}

/// All lines whose turn has not come.
pub struct Lines {
    /// Those that have no place yet, in the order in which they were typed.
    typed: VecDeque<WaitingLine>,
    /// Those that wait for their addressee.
    queues: LineQueues,
}

impl Lines {
    /// No lines yet. `credits` allows the terminal's thread one more line for each that is carried out.
    pub fn new(credits: SyncSender<()>) -> Lines {
        Lines { typed: VecDeque::new(), queues: LineQueues::new(credits) }
    }

    /// Takes a line that was typed.
    pub fn push(&mut self, typed: Typed, source: Source, screen: &mut Screen) {
        let Typed { line, command, took_credit: holds_credit } = typed;
        if source == Source::Browser && self.typed.len() >= WAITING_LINES {
            return screen.failure(refused(&line));
        }
        self.typed.push_back(WaitingLine {
            line,
            command,
            source,
            holds_credit,
            is_resolved: false,
        });
    }

    /// Allows the terminal's thread one more line.
    pub fn give_credit(&self) {
        self.queues.give_credit();
    }

    /// How many lines wait.
    pub fn count(&self) -> usize {
        self.typed.len() + self.queues.iter().map(|(_, queue)| queue.lines.len()).sum::<usize>()
    }

    /// The rows of the texts that wait.
    pub fn rows(&self) -> impl Iterator<Item = String> {
        let queued = self.queues.iter().flat_map(|(_, queue)| &queue.lines);
        queued.chain(&self.typed).filter_map(|line| line.command.row())
    }

    /// The next line whose turn has come.
    pub fn next(&mut self, state: &mut State, now: Instant) -> Option<WaitingLine> {
        self.queues.follow(|id| state.chats.heir(id));
        loop {
            if let Some(line) = self.next_queued(state, now) {
                return Some(line);
            }
            match self.turn(self.typed.front()?, state, now) {
                Turn::Now => return self.take(None, state, now),
                Turn::Later => return None,
                turn => {
                    let first = self.typed.pop_front()?;
                    self.put(first, &turn, state, now);
                }
            }
        }
    }

    /// Takes all lines that wait, in the order of their addressees: the client ends.
    pub fn take_all(&mut self) -> Vec<WaitingLine> {
        let queued = self.queues.take_all();
        queued.chain(self.typed.drain(..)).map(|line| self.queues.paid(line)).collect()
    }

    /// Drops the lines that have no place yet.
    pub fn forget_typed(&mut self) {
        self.typed.clear();
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.queues.tick(now);
    }

    /// When [`Lines::tick`] or [`Lines::next`] has something to do, if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        self.queues.deadline()
    }

    /// Whether nothing is on its way that a script's `/quit` must wait for. A queue that stands still is nothing.
    fn is_settled(&self, state: &State, now: Instant) -> bool {
        let rests = self.queues.iter().all(|(_, queue)| queue.stands_still(now));
        let has_files = state.files.outstanding(None) > 0;
        rests && state.server.requests.count() == 0 && !state.chats.calls_to_speak() && !has_files
    }

    /// What becomes of a line that nothing comes before.
    fn turn(&self, first: &WaitingLine, state: &State, now: Instant) -> Turn {
        let (is_script, server) = (first.source == Source::Script, &state.server);
        if server.name.is_none() && first.command.may_be_name() {
            return Turn::Now;
        }
        // If the server refuses the name, the next line of a script is another one.
        if is_script && server.is_starting() && server.id == 0 {
            return Turn::Later;
        }
        if first.command == Command::Quit {
            return if self.is_settled(state, now) { Turn::Now } else { Turn::Later };
        }
        let Some(addressee) = self.addressee(first, state) else { return Turn::Now };
        if server.name.is_none() && !matches!(addressee, Addressee::Chat(_)) {
            return Turn::Now; // it is told why it cannot be done
        }
        let queue = self.queues.get(addressee);
        let is_next = queue.is_none() || matches!(first.command, Command::Hangup(_));
        if is_next && !must_wait(addressee, first, now, now, state) {
            return Turn::Now;
        }
        match queue.filter(|queue| queue.is_full()) {
            None => Turn::Queued(addressee),
            Some(queue) if first.source == Source::Browser || queue.stands_still(now) => {
                Turn::Refused
            }
            Some(_) => Turn::Later,
        }
    }

    /// The addressee of a line; `None` if it concerns this client alone.
    ///
    /// A call that is being introduced will be the current chat. So what concerns the current chat waits behind the
    /// request for the introduction.
    fn addressee(&self, typed: &WaitingLine, state: &State) -> Option<Addressee> {
        let is_named = matches!(typed.command, Command::Hangup(Some(_)));
        let waits_for_calls = typed.command.concerns_current_chat()
            && !typed.is_resolved
            && !(is_named && typed.source != Source::Script)
            && (state.server.requests.has_bridge() || self.has_queued(is_call));
        match &typed.command {
            _ if waits_for_calls => Some(Addressee::Server),
            command if command.asks_server() => Some(Addressee::Server),
            // A `/to` that waits decides where the text goes: private words must not become public.
            Command::Plain(_) | Command::Room if !typed.is_resolved && self.has_queued(is_to) => {
                Some(Addressee::Server)
            }
            Command::Plain(text) => match state.chats.for_plain(text) {
                Ok(None) => Some(Addressee::Room),
                Ok(Some(id)) => Some(Addressee::Chat(id)),
                Err(_) => None,
            },
            Command::Say(_) => Some(Addressee::Room),
            Command::Msg(_) | Command::Send(None, _) => state.chats.current.map(Addressee::Chat),
            Command::MsgTo(id, _) | Command::Send(Some(id), _) => {
                Some(Addressee::Chat(state.chats.heir(*id)))
            }
            Command::Hangup(label) => {
                state.chats.meant(label.as_deref()).ok().flatten().map(Addressee::Chat)
            }
            _ => None,
        }
    }

    /// Whether such a command waits for the server.
    fn has_queued(&self, is_wanted: impl Fn(&Command) -> bool) -> bool {
        let queue = self.queues.get(Addressee::Server);
        queue.is_some_and(|queue| queue.lines.iter().any(|line| is_wanted(&line.command)))
    }

    /// The next line of the queues whose turn has come.
    fn next_queued(&mut self, state: &mut State, now: Instant) -> Option<WaitingLine> {
        let due = self.queues.iter().filter(|(addressee, queue)| {
            let first = queue.lines.front();
            first.is_some_and(|it| !must_wait(*addressee, it, queue.moved, now, state))
        });
        let due: Vec<_> = due.map(|(addressee, _)| addressee).collect();
        due.into_iter().find_map(|addressee| match addressee {
            Addressee::Server => self.next_of_server(state, now),
            addressee => self.take(Some(addressee), state, now),
        })
    }

    /// The next line of the queue for the server. The calls before it are settled, so a line that is no request has
    /// its own place now.
    fn next_of_server(&mut self, state: &mut State, now: Instant) -> Option<WaitingLine> {
        loop {
            let first = self.queues.first(Addressee::Server)?;
            first.is_resolved = true;
            if first.command.asks_server() {
                return self.take(Some(Addressee::Server), state, now);
            }
            let first = self.queues.get(Addressee::Server)?.lines.front()?;
            match self.turn(first, state, now) {
                Turn::Now => return self.take(Some(Addressee::Server), state, now),
                Turn::Later => return None,
                turn => {
                    let first = self.queues.pop(Addressee::Server, now)?;
                    self.put(first, &turn, state, now);
                }
            }
        }
    }

    /// Takes the first line of a queue, or of the typed lines. If it ends a chat, the lines that wait for that chat
    /// come before it.
    fn take(
        &mut self,
        from: Option<Addressee>,
        state: &State,
        now: Instant,
    ) -> Option<WaitingLine> {
        let first = match from {
            Some(addressee) => self.queues.get(addressee)?.lines.front()?,
            None => self.typed.front()?,
        };
        let ended = match &first.command {
            Command::Hangup(_) => self.addressee(first, state),
            _ => None,
        };
        let before = ended.filter(|_| from != ended).and_then(|chat| self.queues.pop(chat, now));
        let line = before.or_else(|| match from {
            Some(addressee) => self.queues.pop(addressee, now),
            None => self.typed.pop_front(),
        })?;
        Some(self.queues.paid(line))
    }

    /// Moves a line into the queue of its addressee, or refuses it.
    fn put(&mut self, mut line: WaitingLine, turn: &Turn, state: &mut State, now: Instant) {
        let Turn::Queued(addressee) = *turn else {
            return state.screen.failure(refused(&self.queues.paid(line).line));
        };
        // From here on a text is for this chat, or for the room, whatever is chosen meanwhile.
        line.command = match (line.command, addressee) {
            (Command::Msg(text) | Command::Plain(text), Addressee::Chat(id)) => {
                Command::MsgTo(id, text)
            }
            (Command::Send(None, path), Addressee::Chat(id)) => Command::Send(Some(id), path),
            (Command::Plain(text), Addressee::Room) => Command::Say(text),
            (command, _) => command,
        };
        let still = match addressee {
            Addressee::Chat(id) if state.chats.tcp(id).is_none() => STILL_OVER_UDP,
            _ => STILL,
        };
        self.queues.push(addressee, line, still, now);
    }
}

/// Whether a command opens a chat, which will be current.
fn is_call(command: &Command) -> bool {
    matches!(command, Command::Chat(_) | Command::Query(_))
}

/// Whether a command decides where plain text goes.
fn is_to(command: &Command) -> bool {
    matches!(command, Command::To(_) | Command::Room)
}

/// The sentence for a line that is refused because too many wait.
fn refused(line: &str) -> String {
    format!("not sent, {WAITING_LINES} lines are waiting: {line}")
}

/// Whether a line must wait for its addressee, where nothing has moved since `moved`.
fn must_wait(
    addressee: Addressee,
    typed: &WaitingLine,
    moved: Instant,
    now: Instant,
    state: &State,
) -> bool {
    let has_no_place = state.server.name.is_none() || state.server.is_starting();
    match (addressee, &typed.command) {
        (Addressee::Server, command) if command.asks_server() => {
            state.server.requests.count() > 0 || has_no_place
        }
        (Addressee::Server, _) => state.server.requests.has_bridge(),
        (Addressee::Room, _) => state.server.is_full() || has_no_place,
        // A script that hangs up says first what it has to say. Somebody at a terminal wants the end.
        (Addressee::Chat(id), Command::Hangup(_)) => {
            typed.source == Source::Script
                && (state.chats.has_unsent_call(id)
                    || state.files.outstanding(Some(id)) > 0
                    || state.chats.is_unacknowledged(id) && now < moved + LAST_WORDS)
        }
        (Addressee::Chat(id), _) => state.chats.is_full(id),
    }
}
