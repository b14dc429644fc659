//! The loop that owns the client's state: one event after the other, and what is due in between.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::time::Instant;

use crate::arguments::Failure;
use crate::client::chat::Scene;
use crate::client::command::{self, Command};
use crate::client::connection::{ConnectionId, Progress};
use crate::client::ending::{Ending, Rest};
use crate::client::event::{Event, LinkEvent, PeerEvent};
use crate::client::keyboard::Keyboard;
use crate::client::page::Page;
use crate::client::reception::News;
use crate::client::session::Session;
use crate::client::view;
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
    Keyboard,
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
    session: Session,
    /// What is being typed, at a prompt.
    keyboard: Keyboard,
    /// What the user has typed, until its turn comes.
    typed: VecDeque<Typed>,
    /// The second front end, if it is wanted.
    page: Option<Page>,
    permits: SyncSender<()>,
    /// How many connections have a writer that is not done. (Below zero for a moment when a writer is
    /// done before its connection is announced.)
    writers: isize,
    ending: Ending,
    failure: Option<Failure>,
}

impl EventLoop {
    /// A loop in which nothing has happened yet; for each line that it has taken from the keyboard it
    /// gives a permit.
    pub fn new(
        settings: Settings,
        session: Session,
        page: Option<Page>,
        permits: SyncSender<()>,
    ) -> EventLoop {
        EventLoop {
            settings,
            session,
            keyboard: Keyboard::default(),
            typed: VecDeque::new(),
            page,
            permits,
            writers: 0,
            ending: Ending::default(),
            failure: None,
        }
    }

    /// Takes one event after the other until the user has enough.
    ///
    /// # Errors
    /// When the name cannot be had and nobody can be asked for another.
    pub fn live(
        mut self,
        name: Option<String>,
        happenings: Receiver<Event>,
    ) -> Result<(), Failure> {
        match name {
            Some(name) => self.take_name(&name),
            None => self.ask_for_name(),
        }
        while !self.is_over() {
            let event = happenings.try_recv().ok().or_else(|| self.wait(&happenings));
            let before = self.pending();
            if let Some(event) = event {
                self.take(event);
            }
            self.tick();
            self.obey();
            if self.pending() != before {
                self.ending.goes_forward(Instant::now());
            }
        }
        self.session.chats.by_udp.finish(&mut self.session.screen);
        self.session.screen.flush();
        drop(happenings); // whoever waits for the loop hears that it is gone
        self.page.iter().for_each(Page::finish);
        self.failure.map_or(Ok(()), Err)
    }

    /// Nothing has happened that is not dealt with: waits until something does, or is due.
    fn wait(&mut self, happenings: &Receiver<Event>) -> Option<Event> {
        self.keyboard.show(&mut self.session, self.ending.has_begun());
        self.session.screen.flush();
        if let Some(page) = &self.page {
            page.state(&view::state(&self.session.membership, &self.session.chats));
        }
        let Some(at) = self.deadline() else { return happenings.recv().ok() };
        happenings.recv_timeout(at.saturating_duration_since(Instant::now())).ok()
    }

    /// How much there is still to be done.
    fn pending(&self) -> usize {
        self.typed.len() + self.session.pending()
    }

    /// The same, as the end sees it.
    fn rest(&self) -> Rest {
        Rest {
            pending: self.pending(),
            unconfirmed: self.session.unconfirmed(),
            by_udp: self.session.chats.by_udp.pending(),
        }
    }

    fn is_over(&self) -> bool {
        let lingers = self.session.chats.by_udp.lingers_until();
        self.ending.is_over(Instant::now(), self.writers > 0, lingers)
            || (self.page.is_none() && self.session.screen.is_closed())
    }

    /// When something must be done even if nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let lingers = self.session.chats.by_udp.lingers_until();
        let ending = self.ending.deadline(Instant::now(), self.writers > 0, lingers);
        [ending, self.session.deadline()].into_iter().flatten().min()
    }

    /// Takes what has happened.
    fn take(&mut self, event: Event) {
        match event {
            Event::Typed(line)
                if self.settings.interactive && command::parse(&line) == Command::Quit =>
            {
                self.quit();
            }
            Event::Typed(line) => self.typed.push_back(Typed { line, source: Source::Keyboard }),
            Event::FromPage { line, chat } => self.typed_on_page(line, chat),
            Event::TypedTooMuch => {
                let line = format_args!("a line of more than {MAX_LINE} bytes was not sent");
                self.session.screen.line(line);
            }
            Event::Keys(keys, reading) => self.take_keys(&keys, reading),
            Event::InputEnded if self.page.is_some() => {} // there is another way to type
            Event::InputEnded => self.ending.input_ended(Instant::now()),
            Event::Link(id, event) => self.link(id, event),
            Event::Peer(id, event) => {
                if matches!(event, PeerEvent::Connected(_) | PeerEvent::Incoming(..)) {
                    self.writers += 1;
                }
                // Before there is a name nobody can be greeted: whoever calls then is let go.
                let Some(me) = self.session.me() else { return };
                let (screen, now) = (&mut self.session.screen, Instant::now());
                self.session.chats.event(id, event, Scene { me: &me, screen, now });
            }
            Event::Traffic(id, traffic) => self.session.traffic(id, traffic),
            Event::Datagram(from, bytes) => self.session.datagram(from, bytes),
            Event::Writer(_, Progress::Done) => self.writers -= 1,
            Event::Writer(_, Progress::Wrote(_)) => {} // it comes as traffic
            Event::Writer(id, Progress::Written) => {
                self.session.membership.written(id);
                self.session.chats.written(id, &mut self.session.screen);
            }
        }
    }

    fn take_keys(&mut self, keys: &[u8], reading: Sender<()>) {
        for event in self.keyboard.take(keys, &mut self.session) {
            self.take(event);
        }
        drop(reading); // now the next ones may be read
    }

    fn typed_on_page(&mut self, line: String, chat: Option<ConnectionId>) {
        if chat.is_none() && command::parse(&line) == Command::Quit {
            self.quit();
        } else if self.typed.len() >= WAITING_LINES {
            let line = format_args!("not sent, {WAITING_LINES} lines are waiting: {line}");
            self.session.screen.line(line);
        } else {
            self.typed.push_back(Typed { line, source: Source::Page(chat) });
        }
    }

    fn link(&mut self, id: ConnectionId, event: LinkEvent) {
        if matches!(event, LinkEvent::Up(..)) {
            self.writers += 1;
        }
        match self.session.membership.event(id, event, &mut self.session.screen) {
            None => {}
            Some(News::Answer(answer)) => self.session.answered(answer),
            Some(News::NameRefused(message)) => self.name_refused(&message),
            Some(News::Call(caller, via, vouch)) => self.session.called(caller, via, vouch),
        }
    }

    /// Does what is due.
    fn tick(&mut self) {
        let now = Instant::now();
        self.session.tick(now);
        if !self.ending.has_begun() {
            return;
        }
        let rest = self.rest();
        if self.ending.is_due(now, rest) {
            if self.session.membership.name().is_none() && !self.ending.is_deaf() {
                let message = "there is no nickname".to_owned();
                self.failure.get_or_insert(Failure { message, code: 2 });
            }
            self.close(now);
        }
    }

    fn quit(&mut self) {
        self.typed.clear();
        self.ending.quit(Instant::now(), self.rest());
    }

    /// Says goodbye to all.
    fn close(&mut self, now: Instant) {
        self.session.close();
        self.ending.close(now);
    }

    /// Does what the user has typed, as far as its turn has come.
    fn obey(&mut self) {
        while let Some(typed) = self.typed.front() {
            let (command, source) = (typed.command(), typed.source);
            if self.ending.is_deaf() || self.session.must_wait(&command) {
                return;
            }
            let line = self.typed.pop_front().map(|typed| typed.line).unwrap_or_default();
            if source == Source::Keyboard {
                // There is one permit for each line; the thread that reads may have ended.
                let _ = self.permits.try_send(());
            }
            match command {
                Command::Quit => self.quit(),
                _ if self.session.membership.name().is_none() => self.take_name(line.trim()),
                command => self.session.execute(command),
            }
            self.tick();
        }
    }

    fn ask_for_name(&mut self) {
        self.session.screen.line("Your nickname?");
    }

    fn take_name(&mut self, name: &str) {
        match name.parse::<Name>() {
            Ok(name) => {
                self.session.screen.line(format_args!("{name} running on {}", self.settings.own));
                self.session.membership.begin(name);
            }
            Err(rule) => self.name_refused(&rule.to_string()),
        }
    }

    fn name_refused(&mut self, message: &str) {
        self.session.membership.forget_name();
        if self.settings.asks {
            self.session.screen.line(message);
            self.ask_for_name();
        } else {
            self.failure = Some(Failure { message: message.to_owned(), code: 2 });
            self.close(Instant::now());
        }
    }
}
