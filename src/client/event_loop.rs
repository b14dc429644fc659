//! The loop that owns the client's state: one event after the other, and what is due in between.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::time::Instant;

use crate::cli::Failure;
use crate::client::command::{self, Command};
use crate::client::direct::tcp::chat::Context;
use crate::client::event::{Event, LinkEvent, PeerEvent};
use crate::client::input::Input;
use crate::client::net::writer::{ConnectionId, Progress};
use crate::client::rendezvous::incoming::Update;
use crate::client::shutdown::{Outstanding, Shutdown};
use crate::client::snapshot;
use crate::client::state::State;
use crate::client::ui::web::Page;
use crate::wire::line::MAX_LINE;
use crate::wire::name::Name;

/// How many typed lines may wait for their turn before one from the page is refused.
const WAITING_LINES: usize = 256;

/// A line that waits for its turn.
struct Typed {
    line: String,
    source: Source,
}

/// Where a line was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// There: it came with a permit.
    Input,
    /// In the browser, perhaps in the view of one direct chat. There are no permits there: a line that
    /// is too much is refused.
    Page(Option<ConnectionId>),
}

impl Typed {
    fn command(&self) -> Command {
        match self.source {
            Source::Page(Some(chat)) => Command::MsgTo(chat, self.line.clone()),
            _ => command::parse(&self.line),
        }
    }
}

/// What the loop is told at its start.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Where we listen.
    pub own: SocketAddr,
    /// A name that cannot be had is asked for again.
    pub asks: bool,
    /// Somebody sits at a terminal.
    pub interactive: bool,
}

/// The loop, and its state: all there is.
pub struct EventLoop {
    settings: Settings,
    state: State,
    /// What is being typed, at a prompt.
    input: Input,
    /// What the user has typed, until its turn comes.
    typed: VecDeque<Typed>,
    /// The second front end, if it is wanted.
    page: Option<Page>,
    credits: SyncSender<()>,
    /// How many connections have a writer that is not done. (Below zero for a moment when a writer is
    /// done before its connection is announced.)
    writers: isize,
    shutdown: Shutdown,
    failure: Option<Failure>,
}

impl EventLoop {
    /// A loop in which nothing has happened yet; for each line that it has taken from the keyboard it
    /// gives a permit.
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
            typed: VecDeque::new(),
            page,
            credits,
            writers: 0,
            shutdown: Shutdown::default(),
            failure: None,
        }
    }

    /// Takes one event after the other until the user has enough.
    ///
    /// # Errors
    /// When the name cannot be had and nobody can be asked for another.
    pub fn run(mut self, name: Option<String>, receiver: Receiver<Event>) -> Result<(), Failure> {
        match name {
            Some(name) => self.take_name(&name),
            None => self.ask_for_name(),
        }
        while !self.is_over() {
            let event = receiver.try_recv().ok().or_else(|| self.wait(&receiver));
            let before = self.pending();
            if let Some(event) = event {
                self.take(event);
            }
            self.tick();
            self.run_commands();
            if self.pending() != before {
                self.shutdown.goes_forward(Instant::now());
            }
        }
        self.state.chats.by_udp.finish(&mut self.state.screen);
        self.state.screen.flush();
        drop(receiver); // whoever waits for the loop hears that it is gone
        self.page.iter().for_each(Page::finish);
        self.failure.map_or(Ok(()), Err)
    }

    /// Nothing has happened that is not dealt with: waits until something does, or is due.
    fn wait(&mut self, receiver: &Receiver<Event>) -> Option<Event> {
        self.input.show(&mut self.state, self.shutdown.has_begun());
        self.state.screen.flush();
        if let Some(page) = &self.page {
            page.state(&snapshot::state(&self.state.membership, &self.state.chats));
        }
        let Some(at) = self.deadline() else { return receiver.recv().ok() };
        receiver.recv_timeout(at.saturating_duration_since(Instant::now())).ok()
    }

    /// How much there is still to be done.
    fn pending(&self) -> usize {
        self.typed.len() + self.state.pending()
    }

    /// The same, as the end sees it.
    fn rest(&self) -> Outstanding {
        Outstanding {
            pending: self.pending(),
            unconfirmed: self.state.unconfirmed(),
            by_udp: self.state.chats.by_udp.pending(),
        }
    }

    fn is_over(&self) -> bool {
        let lingers = self.state.chats.by_udp.lingers_until();
        self.shutdown.is_over(Instant::now(), self.writers > 0, lingers)
            || (self.page.is_none() && self.state.screen.is_closed())
    }

    /// When something must be done even if nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let lingers = self.state.chats.by_udp.lingers_until();
        let shutdown = self.shutdown.deadline(Instant::now(), self.writers > 0, lingers);
        [shutdown, self.state.deadline()].into_iter().flatten().min()
    }

    /// Takes what has happened.
    fn take(&mut self, event: Event) {
        match event {
            Event::Typed(line)
                if self.settings.interactive && command::parse(&line) == Command::Quit =>
            {
                self.quit();
            }
            Event::Typed(line) => self.typed.push_back(Typed { line, source: Source::Input }),
            Event::FromPage { line, chat } => self.typed_on_page(line, chat),
            Event::TypedTooMuch => {
                let line = format_args!("a line of more than {MAX_LINE} bytes was not sent");
                self.state.screen.line(line);
            }
            Event::Keys(keys, reading) => self.take_keys(&keys, reading),
            Event::InputEnded if self.page.is_some() => {} // there is another way to type
            Event::InputEnded => self.shutdown.input_ended(Instant::now()),
            Event::Link(id, event) => self.link(id, event),
            Event::Peer(id, event) => {
                if matches!(event, PeerEvent::Connected(_) | PeerEvent::Incoming(..)) {
                    self.writers += 1;
                }
                // Before there is a name nobody can be greeted: whoever calls then is let go.
                let Some(me) = self.state.me() else { return };
                let (screen, now) = (&mut self.state.screen, Instant::now());
                self.state.chats.event(id, event, Context { me: &me, screen, now });
            }
            Event::Captured(id, traffic) => self.state.traffic(id, traffic),
            Event::Datagram(from, bytes) => self.state.datagram(from, bytes),
            Event::Writer(_, Progress::Done) => self.writers -= 1,
            Event::Writer(_, Progress::Wrote(_)) => {} // it comes as traffic
            Event::Writer(id, Progress::Written) => {
                self.state.membership.written(id);
                self.state.chats.written(id, &mut self.state.screen);
            }
        }
    }

    fn take_keys(&mut self, keys: &[u8], reading: Sender<()>) {
        for event in self.input.take(keys, &mut self.state) {
            self.take(event);
        }
        drop(reading); // now the next ones may be read
    }

    fn typed_on_page(&mut self, line: String, chat: Option<ConnectionId>) {
        if chat.is_none() && command::parse(&line) == Command::Quit {
            self.quit();
        } else if self.typed.len() >= WAITING_LINES {
            let line = format_args!("not sent, {WAITING_LINES} lines are waiting: {line}");
            self.state.screen.line(line);
        } else {
            self.typed.push_back(Typed { line, source: Source::Page(chat) });
        }
    }

    fn link(&mut self, id: ConnectionId, event: LinkEvent) {
        if matches!(event, LinkEvent::Up(..)) {
            self.writers += 1;
        }
        match self.state.membership.event(id, event, &mut self.state.screen) {
            None => {}
            Some(Update::Response(answer)) => self.state.answered(answer),
            Some(Update::NameRefused(message)) => self.name_refused(&message),
            Some(Update::Call(caller, via, vouch)) => self.state.called(caller, via, vouch),
        }
    }

    /// Does what is due.
    fn tick(&mut self) {
        let now = Instant::now();
        self.state.tick(now);
        if !self.shutdown.has_begun() {
            return;
        }
        let rest = self.rest();
        if self.shutdown.is_due(now, rest) {
            if self.state.membership.name().is_none() && !self.shutdown.is_deaf() {
                let message = "there is no nickname".to_owned();
                self.failure.get_or_insert(Failure { message, code: 2 });
            }
            self.close(now);
        }
    }

    fn quit(&mut self) {
        self.typed.clear();
        self.shutdown.quit(Instant::now(), self.rest());
    }

    /// Says goodbye to all.
    fn close(&mut self, now: Instant) {
        self.state.close();
        self.shutdown.close(now);
    }

    /// Does what the user has typed, as far as its turn has come.
    fn run_commands(&mut self) {
        while let Some(typed) = self.typed.front() {
            let (command, source) = (typed.command(), typed.source);
            if self.shutdown.is_deaf() || self.state.must_wait(&command) {
                return;
            }
            let line = self.typed.pop_front().map(|typed| typed.line).unwrap_or_default();
            if source == Source::Input {
                // There is one permit for each line; the thread that reads may have ended.
                let _ = self.credits.try_send(());
            }
            match command {
                Command::Quit => self.quit(),
                _ if self.state.membership.name().is_none() => self.take_name(line.trim()),
                command => self.state.execute(command),
            }
            self.tick();
        }
    }

    fn ask_for_name(&mut self) {
        self.state.screen.line("Your nickname?");
    }

    fn take_name(&mut self, name: &str) {
        match name.parse::<Name>() {
            Ok(name) => {
                self.state.screen.line(format_args!("{name} running on {}", self.settings.own));
                self.state.membership.begin(name);
            }
            Err(rule) => self.name_refused(&rule.to_string()),
        }
    }

    fn name_refused(&mut self, message: &str) {
        self.state.membership.forget_name();
        if self.settings.asks {
            self.state.screen.line(message);
            self.ask_for_name();
        } else {
            self.failure = Some(Failure { message: message.to_owned(), code: 2 });
            self.close(Instant::now());
        }
    }
}
