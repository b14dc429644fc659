//! The loop that owns the client's state: one event after the other, and what is due in between.
//!
//! ```text
//! wait for an event, or for the next deadline
//!   └► take the event      the part of the state that it concerns changes
//!   └► tick                what is due is done: a retransmission, a timeout, the next attempt to connect
//!   └► run the commands    the typed lines whose turn has come
//! ```
//!
//! Nothing in the loop waits for a socket, and nothing else changes the state.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::time::Instant;

use crate::cli::Failure;
use crate::client::event::{Event, LinkEvent};
use crate::client::execute::{execute, say_the_rest};
use crate::client::net::{ConnectionId, Progress};
use crate::client::shutdown::{Haste, Outstanding, Shutdown};
use crate::client::state::State;
use crate::client::typing::command::{self, Command};
use crate::client::typing::input::{self, Entered, Input, Typed};
use crate::client::typing::line_queues::Source;
use crate::client::typing::lines::Lines;
use crate::client::ui::web::Page;
use crate::client::verdict::{Audience, verdict};
use crate::client::{responses, snapshot, ways};
use crate::wire::{MAX_LINE, Name};

/// What is asked without a name.
const QUESTION: &str = "Your nickname?";

/// The settings of a loop.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The address where the client listens.
    pub own: SocketAddr,
    /// Whether the user can be asked for another name when one is refused.
    pub asks: bool,
    /// Whether somebody sits at a terminal.
    pub interactive: bool,
    /// Whether the terminal rings when somebody says this client's name.
    pub bell: bool,
}

/// The loop with all that it owns.
pub struct EventLoop {
    settings: Settings,
    state: State,
    /// The line that is being typed at a prompt.
    input: Input,
    /// The lines that wait for their turn.
    lines: Lines,
    /// The page in the browser, if it is wanted. It is a second keyboard and a second screen.
    page: Option<Page>,
    /// How many connections have a writer that still writes; below zero if one ends before it is announced.
    writers: isize,
    /// How far the client's end has come.
    shutdown: Shutdown,
    /// Why the program ends with an error.
    failure: Option<Failure>,
}

impl EventLoop {
    /// A loop in which nothing has happened yet. It gives one credit for each line of the terminal that it has
    /// carried out.
    pub fn new(
        settings: Settings,
        state: State,
        page: Option<Page>,
        credits: SyncSender<()>,
    ) -> EventLoop {
        EventLoop {
            settings,
            state,
            input: Input::default(),
            lines: Lines::new(credits),
            page,
            writers: 0,
            shutdown: Shutdown::default(),
            failure: None,
        }
    }

    /// Handles one event after the other until the user leaves.
    ///
    /// # Errors
    /// When the name is refused and nobody can be asked for another.
    pub fn run(mut self, name: Option<String>, receiver: Receiver<Event>) -> Result<(), Failure> {
        match name {
            Some(name) => self.take_name(&name),
            None => self.state.screen.line(QUESTION),
        }
        while !self.is_over() {
            let event = receiver.try_recv().ok().or_else(|| self.wait(&receiver));
            let before = self.outstanding();
            if let Some(event) = event {
                self.take(event);
            }
            self.tick();
            self.run_commands();
            if self.outstanding() != before {
                // Something was done or said: after the end of the input, the client waits on.
                self.shutdown.goes_forward(Instant::now());
            }
        }
        for conversation in self.state.chats.over_udp_mut() {
            conversation.finish_receiving(&mut self.state.screen);
        }
        self.state.chats.ending.give_up(&mut self.state.screen);
        drop(receiver); // a thread that waits for the loop learns that it is gone
        self.page.iter().for_each(Page::finish);
        let audience = Audience::of(self.settings.interactive, self.page.is_some());
        self.failure.or(verdict(&mut self.state.screen, audience)).map_or(Ok(()), Err)
    }

    /// The queue is empty: shows the state, and waits for the next event or the next deadline.
    fn wait(&mut self, receiver: &Receiver<Event>) -> Option<Event> {
        self.input.show(&mut self.state, self.lines.rows(), self.shutdown.has_begun());
        self.state.screen.flush();
        if let Some(page) = &self.page {
            page.state(&snapshot::state(&self.state));
        }
        let Some(at) = self.deadline() else { return receiver.recv().ok() };
        receiver.recv_timeout(at.saturating_duration_since(Instant::now())).ok()
    }

    /// What is still to be done.
    fn outstanding(&self) -> Outstanding {
        self.state.outstanding(self.lines.count())
    }

    /// Whether the loop ends: everything is done, or nobody can see the screen any more.
    fn is_over(&self) -> bool {
        let lingers = self.state.conversations.lingers_until();
        self.shutdown.is_over(Instant::now(), self.writers > 0, lingers)
            || (self.page.is_none() && self.state.screen.is_closed())
    }

    /// When something must be done even if nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let lingers = self.state.conversations.lingers_until();
        let shutdown = self.shutdown.deadline(Instant::now(), self.writers > 0, lingers);
        [shutdown, self.state.deadline(), self.lines.deadline()].into_iter().flatten().min()
    }

    /// Handles one event.
    fn take(&mut self, event: Event) {
        match event {
            Event::Typed(line) => self.take_line(line),
            Event::FromPage { line, chat } => self.take_page_line(line, chat),
            Event::TypedTooMuch => {
                let rule = format_args!("a line of more than {MAX_LINE} bytes was not sent");
                self.state.screen.failure(rule);
            }
            Event::Keys(keys, reading) => self.take_keys(&keys, reading),
            Event::InputEnded => self.input_ended(),
            Event::Link(id, event) => self.link(id, event),
            Event::Peer(id, event) => {
                if event.has_writer() {
                    self.writers += 1;
                }
                self.state.peer_event(id, event);
            }
            Event::File(key, event) => self.state.file_event(key, event),
            Event::Captured(id, captured) => self.state.captured(id, captured),
            Event::Datagram(from, bytes) => self.state.datagram(from, bytes),
            Event::Writer(id, Progress::Done) => {
                self.writers -= 1;
                self.state.chats.writer_ended(id, &mut self.state.screen);
            }
            // The one comes as captured, and the loop looks at the screen before it waits.
            Event::Writer(_, Progress::Writing(_)) | Event::OutputClosed => {}
            Event::Writer(id, Progress::Written) => self.state.written(id),
        }
    }

    /// Handles a line of the terminal or of a script.
    fn take_line(&mut self, line: String) {
        let command = input::bound(command::parse(&line), &mut self.state);
        let interactive = self.settings.interactive;
        let source = if interactive { Source::Keyboard } else { Source::Script };
        self.push(Typed { line, command, took_credit: true }, source);
    }

    /// Handles a line from the page, perhaps for one direct chat and nowhere else.
    fn take_page_line(&mut self, line: String, chat: Option<ConnectionId>) {
        let command = match chat {
            Some(chat) => Command::MsgTo(chat, line.clone()),
            None => command::parse(&line).in_room(),
        };
        self.push(Typed { line, command, took_credit: false }, Source::Browser);
    }

    /// Takes a line. A user need not wait to leave; a script ends in its turn.
    fn push(&mut self, typed: Typed, source: Source) {
        if self.shutdown.is_deaf() {
            return;
        }
        if typed.command == Command::Quit && source != Source::Script {
            self.quit(Haste::User);
        } else {
            self.lines.push(typed, source, &mut self.state.screen);
        }
    }

    /// Handles keys at the prompt. No more keys are read before these are handled: one of them may be Ctrl-Z.
    fn take_keys(&mut self, keys: &[u8], reading: Sender<()>) {
        for entered in self.input.take(keys, &reading, &mut self.state) {
            match entered {
                Entered::Line(line) => self.take_line(line),
                Entered::Meant(lines) => {
                    for line in lines {
                        self.push(line, Source::Keyboard);
                    }
                }
                Entered::Nothing => self.lines.give_credit(),
                Entered::End => self.input_ended(),
            }
        }
        drop(reading); // now the next keys may be read
    }

    /// Handles the end of the terminal's input. With a page there is another way to type.
    fn input_ended(&mut self) {
        if self.page.is_none() {
            self.shutdown.input_ended(Instant::now());
        }
    }

    /// Handles an event of a connection to the server, and hands on what the session leaves to others.
    fn link(&mut self, id: ConnectionId, event: LinkEvent) {
        if matches!(event, LinkEvent::Up(..)) {
            self.writers += 1;
        }
        let update = self.state.link_event(id, event);
        let refused = update.and_then(|update| responses::update(&mut self.state, update));
        if let Some(message) = refused {
            self.name_refused(&message);
        }
    }

    /// Does what is due.
    fn tick(&mut self) {
        let now = Instant::now();
        self.state.tick(now);
        ways::ask(&mut self.state);
        if !self.shutdown.has_begun() {
            return;
        }
        let outstanding = self.outstanding();
        if self.shutdown.is_due(now, outstanding) {
            // The input ended before the user gave a name. After `/quit` that is no failure.
            if self.state.server.name.is_none() && !self.shutdown.is_deaf() {
                let message = "no nickname was given".to_owned();
                self.failure.get_or_insert(Failure { message, code: 2 });
            }
            self.close(now);
        }
    }

    /// Begins to leave: nothing more is carried out, but everything said before is still sent.
    fn quit(&mut self, haste: Haste) {
        say_the_rest(&mut self.state, self.lines.take_all());
        self.shutdown.quit(Instant::now(), self.outstanding(), haste);
    }

    /// Says goodbye to all.
    fn close(&mut self, now: Instant) {
        say_the_rest(&mut self.state, self.lines.take_all());
        self.state.close();
        self.shutdown.close(now);
    }

    /// Carries out the typed lines whose turn has come.
    fn run_commands(&mut self) {
        self.lines.tick(Instant::now());
        while !self.shutdown.is_deaf()
            && let Some(typed) = self.lines.next(&mut self.state, Instant::now())
        {
            match typed.command {
                Command::Quit => {
                    self.lines.forget_typed(); // they stand behind the end
                    self.quit(Haste::Script);
                }
                command if self.state.server.name.is_none() && command.may_be_name() => {
                    self.take_name(typed.line.trim());
                }
                command => execute(&mut self.state, command),
            }
            self.tick();
        }
    }

    /// Takes a nickname, and goes to the server with it if its form is right.
    fn take_name(&mut self, name: &str) {
        match name.parse::<Name>() {
            Ok(name) => {
                self.state.screen.line(format_args!("{name} running on {}", self.settings.own));
                self.state.screen.bell = self.settings.bell.then(|| name.to_string());
                self.state.server.begin(name);
            }
            Err(rule) => self.name_refused(&rule.to_string()),
        }
    }

    /// Handles that a name cannot be used: asks for another, or ends if nobody can be asked.
    fn name_refused(&mut self, message: &str) {
        self.state.server.name = None;
        if self.settings.asks {
            self.state.screen.line(message);
            self.state.screen.line(QUESTION);
        } else {
            self.failure = Some(Failure { message: message.to_owned(), code: 2 });
            self.close(Instant::now());
        }
    }
}
