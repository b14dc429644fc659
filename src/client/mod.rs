//! The client.

pub mod connection;
pub mod event;
pub mod command;
pub mod link;
pub mod peer;
pub mod ear;
pub mod calls;
pub mod terminal;
pub mod membership;
pub mod chats;

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use chats::{Chats, Me};
use command::{Command, HELP};
use event::{ConnectionId, Event, LinkEvent, PeerEvent, WAITING_EVENTS};
use membership::{Membership, News};
use terminal::Screen;

use crate::cause::cause;
use crate::wire::answer::{Answer, Introduction};
use crate::wire::line::MAX_LINE;
use crate::wire::name::{Name, Who};
use crate::wire::request::{Request, Via};
use crate::wire::text::{Text, escape};

/// How long the server may take to answer what the user has asked.
const ANSWER: Duration = Duration::from_secs(5);
/// How long `/quit` waits for what is on its way.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// After the end of input, the client ends when nothing has happened for this long.
const STUCK: Duration = Duration::from_secs(10);
/// How many typed lines may wait for their turn.
const TYPED: usize = 64;

/// What the person who starts the client decides.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name; without one it is asked for.
    pub name: Option<String>,
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// The server, as `HOST:PORT`.
    pub server: String,
    /// Somebody sits at a terminal and can be asked.
    pub interactive: bool,
}

/// Why the client ends before its time, and with which exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A sentence.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

/// Runs a client until its user has enough.
///
/// # Errors
/// When it cannot listen, the server's host is unknown, or the name cannot be had and nobody can be
/// asked for another.
pub fn run(
    options: Options,
    input: impl BufRead + Send + 'static,
    output: impl Write + 'static,
) -> Result<(), Failure> {
    let fail = |verb: &str, object: &str, error: &io::Error| Failure {
        message: format!("cannot {verb} {object}: {}", cause(error)),
        code: 1,
    };
    let server = &options.server;
    let addresses = link::resolve(server).map_err(|error| fail("find", server, &error))?;
    let Some(address) = addresses.first() else {
        return Err(Failure { message: format!("{server} has no address"), code: 1 });
    };
    let own = listening_address(address, options.port);
    let listener =
        TcpListener::bind(own).map_err(|error| fail("listen on", &own.to_string(), &error))?;
    let start = |error: &io::Error| fail("start", "the client", error);
    let own = listener.local_addr().map_err(|error| start(&error))?;
    let (events, happenings) = mpsc::sync_channel(WAITING_EVENTS);
    let (permits, permitted) = mpsc::channel();
    for _ in 0..TYPED {
        // The other end is in this function.
        let _ = permits.send(());
    }
    calls::listen(listener, events.clone()).map_err(|error| start(&error))?;
    terminal::listen(input, events.clone(), permitted).map_err(|error| start(&error))?;
    let client = Client {
        own,
        asks: options.interactive || options.name.is_none(),
        interactive: options.interactive,
        screen: Screen::new(output),
        membership: Membership::new(options.server, own, events.clone()),
        chats: Chats::new(events),
        typed: VecDeque::new(),
        permits,
        awaited: None,
        writers: 0,
        ending: None,
        failure: None,
    };
    client.live(options.name, &happenings)
}

/// Where to listen: towards a server on this machine only for this machine, else for all.
fn listening_address(server: &SocketAddr, port: u16) -> SocketAddr {
    match (server.ip().is_loopback(), server.is_ipv4()) {
        (true, true) => (Ipv4Addr::LOCALHOST, port).into(),
        (true, false) => (Ipv6Addr::LOCALHOST, port).into(),
        (false, true) => (Ipv4Addr::UNSPECIFIED, port).into(),
        (false, false) => (Ipv6Addr::UNSPECIFIED, port).into(),
    }
}

/// What the user has asked the server and not been answered yet. What is typed meanwhile waits, so that
/// lines are obeyed in their order.
#[derive(Debug, Clone)]
enum Awaited {
    Registration,
    Info,
    Bridge,
    /// The address of somebody who is to be called.
    Call,
    Receipt(Who, Text),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// There will be no more input: end when all is done, or when nothing has happened until then.
    InputEnded(Instant),
    /// End when what is on its way is written, but not after this.
    Quitting(Instant),
    /// Goodbye has been said; the writers may take until then.
    Closing(Instant),
}

/// The loop's state: all there is.
struct Client {
    own: SocketAddr,
    /// A name that cannot be had is asked for again.
    asks: bool,
    interactive: bool,
    screen: Screen,
    membership: Membership,
    chats: Chats,
    /// What the user has typed, until its turn comes.
    typed: VecDeque<String>,
    permits: Sender<()>,
    awaited: Option<(Awaited, Instant)>,
    /// How many connections have a writer.
    writers: usize,
    ending: Option<Ending>,
    failure: Option<Failure>,
}

impl Client {
    fn live(mut self, name: Option<String>, happenings: &Receiver<Event>) -> Result<(), Failure> {
        match name {
            Some(name) => self.take_name(&name),
            None => self.ask_for_name(),
        }
        while !self.is_over() {
            let event = match self.deadline() {
                None => happenings.recv().ok(),
                Some(at) => {
                    let time = at.saturating_duration_since(Instant::now());
                    happenings.recv_timeout(time).ok()
                }
            };
            if let Some(event) = event {
                self.take(event);
            }
            self.tick();
            self.obey();
        }
        self.failure.map_or(Ok(()), Err)
    }

    fn is_over(&self) -> bool {
        let closed = matches!(self.ending, Some(Ending::Closing(until))
            if self.writers == 0 || until <= Instant::now());
        closed || self.screen.is_closed()
    }

    /// When something must be done even if nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let ending = self.ending.map(|ending| match ending {
            Ending::InputEnded(until) | Ending::Quitting(until) | Ending::Closing(until) => until,
        });
        let awaited = self.awaited.as_ref().map(|(_, until)| *until);
        let parts = [ending, awaited, self.membership.deadline(), self.chats.deadline()];
        parts.into_iter().flatten().min()
    }

    /// Takes what has happened.
    fn take(&mut self, event: Event) {
        if let Some(Ending::InputEnded(until)) = &mut self.ending {
            *until = Instant::now() + STUCK;
        }
        match event {
            Event::Typed(line) if self.interactive && command::parse(&line) == Command::Quit => {
                self.quit();
            }
            Event::Typed(line) => self.typed.push_back(line),
            Event::TypedTooMuch => {
                let line = format_args!("a line of more than {MAX_LINE} bytes was not sent");
                self.screen.line(line);
            }
            Event::InputEnded => {
                self.ending.get_or_insert(Ending::InputEnded(Instant::now() + STUCK));
            }
            Event::Link(id, event) => self.link(id, event),
            Event::Peer(id, event) => {
                if matches!(event, PeerEvent::Connected(_) | PeerEvent::Incoming(..)) {
                    self.writers += 1;
                }
                // Before there is a name nobody can be greeted: whoever calls then is let go.
                let Some(me) = self.me() else { return };
                self.chats.event(id, event, &me, &mut self.screen, Instant::now());
            }
            Event::Written(id) => {
                self.membership.written(id);
                self.chats.written(id, &mut self.screen);
            }
            Event::WriterDone(_) => self.writers -= 1,
        }
    }

    fn link(&mut self, id: ConnectionId, event: LinkEvent) {
        if matches!(event, LinkEvent::Up(..)) {
            self.writers += 1;
        }
        match self.membership.event(id, event, &mut self.screen) {
            None => {}
            Some(News::Answer(answer)) => self.answered(answer),
            Some(News::NameRefused(message)) => self.name_refused(&escape(&message)),
            Some(News::Call(caller, vouch)) => {
                let Some(me) = self.me() else { return };
                self.chats.invite(caller, vouch, &me, &mut self.screen, Instant::now());
            }
        }
        if self.membership.is_offline() && self.awaited.take().is_some() {
            self.screen.line("the server is gone and has not answered");
        }
    }

    /// Who we are to our peers.
    fn me(&self) -> Option<Me> {
        let (id, address) = (self.membership.id(), self.membership.address());
        Some(Me { name: self.membership.name()?.clone(), id, address })
    }

    /// Does what is due.
    fn tick(&mut self) {
        let now = Instant::now();
        self.membership.tick(now, &mut self.screen);
        if let Some(me) = self.me() {
            self.chats.tick(&me, &mut self.screen, now);
        }
        if self.awaited.take_if(|(_, until)| *until <= now).is_some() {
            self.screen.line("the server does not answer");
        }
        let busy = self.is_busy() || !self.typed.is_empty() || !self.chats.is_quiet();
        match self.ending {
            Some(Ending::InputEnded(_)) if self.membership.name().is_none() && !busy => {
                let message = "there is no nickname".to_owned();
                self.failure.get_or_insert(Failure { message, code: 2 });
                self.close(now);
            }
            Some(Ending::InputEnded(until))
                if (!busy && self.membership.is_quiet()) || until <= now =>
            {
                self.close(now);
            }
            Some(Ending::Quitting(until)) if self.chats.is_quiet() || until <= now => {
                self.close(now);
            }
            _ => {}
        }
    }

    fn quit(&mut self) {
        self.typed.clear();
        self.ending = Some(Ending::Quitting(Instant::now() + LAST_WORDS));
    }

    /// Says goodbye to all.
    fn close(&mut self, now: Instant) {
        self.chats.quit(&mut self.screen);
        self.membership.quit();
        self.ending = Some(Ending::Closing(now + LAST_WORDS));
    }

    fn is_busy(&self) -> bool {
        self.awaited.is_some() || self.membership.is_busy() || self.chats.is_busy()
    }

    /// Does what the user has typed, as far as its turn has come.
    fn obey(&mut self) {
        while !self.is_busy()
            && !matches!(self.ending, Some(Ending::Quitting(_) | Ending::Closing(_)))
        {
            let Some(line) = self.typed.pop_front() else { return };
            // The thread that reads has ended if nobody receives.
            let _ = self.permits.send(());
            if self.membership.name().is_none() {
                self.take_name(line.trim());
            } else if let Err(message) = self.execute(command::parse(&line)) {
                self.screen.line(message);
            }
            self.tick();
        }
    }

    fn ask_for_name(&mut self) {
        self.screen.line("Your nickname?");
    }

    fn take_name(&mut self, name: &str) {
        match name.parse::<Name>() {
            Ok(name) => {
                self.screen.line(format_args!("{name} running on {}", self.own));
                self.membership.begin(name);
            }
            Err(rule) => self.name_refused(&rule.to_string()),
        }
    }

    fn name_refused(&mut self, message: &str) {
        self.membership.forget_name();
        if self.asks {
            self.screen.line(message);
            self.ask_for_name();
        } else {
            self.failure = Some(Failure { message: message.to_owned(), code: 2 });
            self.close(Instant::now());
        }
    }

    /// Does what a line asks for.
    ///
    /// # Errors
    /// The sentence that tells why it was not done.
    fn execute(&mut self, command: Command) -> Result<(), String> {
        let Some(me) = self.me() else { return Ok(()) };
        let screen = &mut self.screen;
        match command {
            Command::Nothing => Ok(()),
            Command::Mistake(message) => Err(message),
            Command::Say(text) => self.membership.say(&checked(&text)?),
            Command::Msg(text) => self.chats.say(&checked(&text)?, screen),
            Command::Chat(who) => self.call(&who, &me),
            Command::Peers => {
                self.chats.list(screen);
                Ok(())
            }
            Command::Peer(who) => self.chats.choose(&who, screen),
            Command::Hangup => self.chats.hang_up(screen),
            Command::Tell(peer, text) => {
                let text = checked(&text)?;
                let request = Request::Tell { peer: peer.clone(), text: text.clone() };
                self.ask(request, Awaited::Receipt(peer, text))
            }
            Command::Info => self.ask(Request::Info, Awaited::Info),
            Command::Bridge(peer) => {
                self.ask(Request::Bridge { name: me.name, peer, via: Via::Tcp }, Awaited::Bridge)
            }
            Command::Register => {
                self.membership.register()?;
                if self.membership.is_joined() {
                    self.awaited = Some((Awaited::Registration, Instant::now() + ANSWER));
                }
                Ok(())
            }
            Command::Id => {
                screen.line(format_args!("you are {} (ID {}) at {}", me.name, me.id, me.address));
                Ok(())
            }
            Command::Help => {
                screen.line(HELP);
                Ok(())
            }
            Command::Quit => {
                self.quit();
                Ok(())
            }
        }
    }

    fn ask(&mut self, request: Request, awaited: Awaited) -> Result<(), String> {
        self.membership.ask(request)?;
        self.awaited = Some((awaited, Instant::now() + ANSWER));
        Ok(())
    }

    /// Calls an address, or somebody whom the server must introduce first. While there is no server, or
    /// one without a room, whoever is known from before is called without an introduction.
    fn call(&mut self, who: &Who, me: &Me) -> Result<(), String> {
        let known = match who {
            Who::Address(address) => Some(*address),
            _ if self.membership.is_joined() => None,
            _ => self.chats.introduced(who).or_else(|| self.membership.address_of(who)),
        };
        if let Some(address) = known {
            let name = self.membership.name_at(address);
            self.chats.call(address, name, me, &mut self.screen, Instant::now());
            return Ok(());
        }
        let request =
            Request::Bridge { name: me.name.clone(), peer: Some(who.clone()), via: Via::Tcp };
        self.ask(request, Awaited::Call)
    }

    /// The server has answered.
    fn answered(&mut self, answer: Answer) {
        let awaited = self.awaited.take().map(|(awaited, _)| awaited);
        let screen = &mut self.screen;
        match (awaited, answer) {
            (Some(Awaited::Info), Answer::InfoAck(entries)) => {
                screen.line(format_args!("{} registered:", entries.len()));
                for entry in entries {
                    screen.line(entry);
                }
            }
            (Some(Awaited::Bridge), Answer::BridgeAck(None)) => screen.line("nobody else is there"),
            (Some(Awaited::Bridge), Answer::BridgeAck(Some(found))) => {
                let Introduction { name, address, .. } = &found;
                screen.line(format_args!("{name} is at {address}: /chat {address}"));
                self.chats.introduce(found, Instant::now());
            }
            (Some(Awaited::Call), Answer::BridgeAck(Some(found))) => {
                let address = found.address;
                self.chats.introduce(found, Instant::now());
                if let Some(me) = self.me() {
                    self.chats.call(address, None, &me, &mut self.screen, Instant::now());
                }
            }
            (Some(Awaited::Receipt(_, text)), Answer::TellAck { id, name }) => {
                screen.line(format_args!("Sent to {name} (ID {id}): {text}"));
            }
            (Some(Awaited::Registration), Answer::RegAck { name, address, .. }) => {
                screen.line(format_args!("registered as {name} at {address}"));
            }
            (Some(Awaited::Receipt(peer, text)), Answer::Error { message, .. }) => {
                let message = escape(&message);
                screen.line(format_args!("not delivered to {peer}: {text} ({message})"));
            }
            (_, Answer::Error { message, .. }) => screen.line(escape(&message)),
            (awaited, _) => {
                // Not what was asked for: an answer that came too late.
                self.awaited = awaited.map(|awaited| (awaited, Instant::now() + ANSWER));
            }
        }
    }
}

/// A text that may be sent, or why not.
fn checked(text: &str) -> Result<Text, String> {
    Text::parse(text).map_err(|bad| format!("not sent: {bad}"))
}
