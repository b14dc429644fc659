//! The client: one loop owns all state; the other threads only wait and send [events](event).
//!
//! Threads: one reads the keyboard ([`ui::screen`]), one accepts calls and one reads from each peer
//! ([`direct::tcp::listener`]), one receives datagrams ([`direct::udp::socket`]), one reads from the server
//! ([`rendezvous::connection`]), one writes to each connection ([`net::writer`]), and the page has its own
//! ([`ui::web`]). There are no locks around the client's state: the loop handles one event after the other.

pub mod net;
pub mod event;
pub mod help;
pub mod ui;
pub mod rendezvous;
pub mod direct;
pub mod shutdown;
pub mod state;
pub mod typing;
pub mod snapshot;
pub mod execute;
pub mod ways;
pub mod responses;
pub mod verdict;
pub mod event_loop;
pub mod netcat;

use std::fs;
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use direct::udp::lossy::Rates;
use direct::udp::socket::Datagrams;
use direct::{Conversations, Listening, Transfers};
use event::Events;
use event_loop::{EventLoop, Settings};
use rendezvous::connection;
use rendezvous::server_session::ServerSession;
use state::State;
use ui::screen::{self, Screen};
use ui::web::Page;

use crate::class_key;
use crate::cli::Failure;
use crate::io_error::cause_at;
use crate::net::pair::{self, Pair};
use crate::tls::KeyLog;

/// What the person who starts the client decides.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ClientOptions {
    /// The name; without one the client asks for it.
    pub name: Option<String>,
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// The server, as `HOST:PORT`.
    pub server: String,
    /// The file of the key by which the server speaks TLS; without one this client does not.
    pub key: Option<PathBuf>,
    /// Whether somebody sits at a terminal and can be asked.
    pub interactive: bool,
    /// Whether the output goes to that terminal, too, so that it can have a prompt.
    pub prompt: bool,
    /// Whether tracing is on from the beginning.
    pub explain: bool,
    /// Whether the terminal rings when somebody says this client's name.
    pub bell: bool,
    /// The folder into which received files go; without one they are refused.
    pub files: Option<PathBuf>,
    /// How long a message over UDP is tried.
    pub give_up: Duration,
    /// The loss, duplication and reordering that the client simulates, if any.
    pub lossy: Option<Rates>,
    /// The page for the browser, if it is wanted.
    pub page: Option<PageOptions>,
}

/// The options of the page.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions {
    /// Its port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Whether a browser opens it. Its address is printed in any case.
    pub open: bool,
}

/// Runs a client until its user leaves.
///
/// # Errors
/// When it cannot listen, the server's host is unknown, or the name cannot be had and nobody can be
/// asked for another.
pub fn run(
    options: ClientOptions,
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), Failure> {
    options.files.iter().try_for_each(|folder| check_folder(folder))?;
    let key = options.key.as_deref().map(class_key::read).transpose();
    let key = key.map_err(|message| Failure { message, code: 1 })?;
    let pairs = sockets(&options)?;
    let start = |error: io::Error| Failure::cannot("start", "the client", &error);
    let (events, receiver) = Events::channel();
    let mut datagrams = Datagrams::new(options.lossy);
    let listening = Listening::start(pairs, &mut datagrams, &events).map_err(start)?;
    let own = listening.first();
    let (credits, mut screen) =
        screen::open(input, output, options.prompt, events.clone()).map_err(start)?;
    let page = options.page.map(|wanted| serve_page(wanted, &events, &mut screen)).transpose()?;
    if let Some(rates) = &options.lossy {
        screen.line(rates);
    }
    if let Some(notice) = KeyLog::notice() {
        screen.line(notice);
    }
    let conversations = Conversations::new(datagrams, options.give_up);
    let server = ServerSession::new((options.server, key), own, events.clone());
    let files = Transfers::new(options.files, events.clone());
    let mut state = State::new(screen, server, (listening, conversations), files, events);
    state.trace(options.explain);
    let asks = options.interactive || options.name.is_none() || page.is_some();
    let settings = Settings { own, asks, interactive: options.interactive, bell: options.bell };
    EventLoop::new(settings, state, page, credits).run(options.name, receiver)
}

/// Binds the first sockets to listen on, those for IPv4 alone where they are needed. The server's address decides who
/// can reach them.
fn sockets(options: &ClientOptions) -> Result<(Pair, Option<Pair>), Failure> {
    let server = &options.server;
    let addresses =
        connection::resolve(server).map_err(|error| Failure::cannot("find", server, &error))?;
    // The connection to the server decides later. Until then no more machines can reach this client than must.
    let loopback = addresses.iter().find(|address| address.ip().is_loopback());
    let Some(address) = loopback.or(addresses.first()) else {
        return Err(Failure { message: format!("{server} has no address"), code: 1 });
    };
    pair::bind(listening_address(address, options.port))
        .map_err(|(place, error)| cannot_listen("listen on", &place, options.port, &error))
}

/// Checks the folder for files: a mistake should be told before somebody sends one.
fn check_folder(folder: &Path) -> Result<(), Failure> {
    let name = folder.display();
    let about = fs::metadata(folder);
    if about.map_err(|error| Failure::cannot("put files into", &name, &error))?.is_dir() {
        return Ok(());
    }
    Err(Failure { message: format!("cannot put files into {name}: it is no folder"), code: 1 })
}

/// The failure when a port cannot be listened on.
fn cannot_listen(verb: &str, place: &str, port: u16, error: &io::Error) -> Failure {
    Failure { message: format!("cannot {verb} {place}: {}", cause_at(port, error)), code: 1 }
}

/// Starts the page, for the browsers of this machine only. It shows what the screen shows after the line with its
/// address, and not that line itself: the address is a secret, and people let others look at their page.
fn serve_page(wanted: PageOptions, events: &Events, screen: &mut Screen) -> Result<Page, Failure> {
    let place = SocketAddr::from((Ipv4Addr::LOCALHOST, wanted.port));
    let served = TcpListener::bind(place).and_then(|bound| Page::serve(bound, events.clone()));
    let failed =
        |error| cannot_listen("serve the page on", &place.to_string(), wanted.port, &error);
    let page = served.map_err(failed)?;
    screen.line(format_args!("page: {}", page.address()));
    screen.show_on(page.clone());
    if wanted.open && page.open().is_err() {
        screen.line("cannot open a browser: open that address yourself");
    }
    Ok(page)
}

/// The address to listen on. With a server on this machine only this machine can connect, otherwise every machine
/// can.
fn listening_address(server: &SocketAddr, port: u16) -> SocketAddr {
    match (server.ip().is_loopback(), server.is_ipv4()) {
        (true, true) => (Ipv4Addr::LOCALHOST, port).into(),
        (true, false) => (Ipv6Addr::LOCALHOST, port).into(),
        (false, true) => (Ipv4Addr::UNSPECIFIED, port).into(),
        (false, false) => (Ipv6Addr::UNSPECIFIED, port).into(),
    }
}
