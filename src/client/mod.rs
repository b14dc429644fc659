//! The client: one loop that owns all state, fed by threads that only send events.
//!
//! Threads: the keyboard's ([`terminal`]), the listener's and one for each peer ([`calls`]), one that waits
//! for datagrams ([`datagram`]), one that reads from the server ([`link`]), a writer for each
//! connection ([`connection`]), and the page's ([`page`]). No locks: what happens is
//! an [`event`], and events are taken one after the other.

pub mod connection;
pub mod traffic;
pub mod shown;
pub mod event;
pub mod command;
pub mod link;
pub mod peer;
pub mod ear;
pub mod calls;
pub mod page;
pub mod terminal;
pub mod reliable;
pub mod lossy;
pub mod datagram;
pub mod room;
pub mod membership;
pub mod reception;
pub mod chat;
pub mod conversation;
pub mod conversations;
pub mod chats;
pub mod door;
pub mod view;
pub mod session;
pub mod asking;
pub mod answering;
pub mod keyboard;
pub mod ending;
pub mod event_loop;
pub mod raw;

use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use chats::Chats;
use conversations::Conversations;
use datagram::Datagrams;
use event::Events;
use event_loop::{EventLoop, Settings};
use lossy::Rates;
use membership::Membership;
use page::Page;
use session::Session;
use terminal::Screen;

use crate::arguments::Failure;
use crate::clock;

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
    /// And sees there what we show.
    pub prompt: bool,
    /// The wire is shown from the beginning.
    pub explain: bool,
    /// How long a message by UDP is tried.
    pub give_up: Duration,
    /// How badly our datagrams are spoiled on purpose.
    pub lossy: Option<Rates>,
    /// The page for the browser, if it is wanted.
    pub page: Option<PageOptions>,
}

/// How the page is wanted.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions {
    /// Its port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// It is to be opened, and not only its address printed.
    pub open: bool,
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
    let (listener, socket) = sockets(&options)?;
    let start = |error: io::Error| Failure::cannot("start", "the client", &error);
    let own = listener.local_addr().map_err(start)?;
    let (events, happenings) = Events::channel();
    calls::listen(listener, events.clone()).map_err(start)?;
    datagram::listen(&socket, events.clone()).map_err(start)?;
    let (permits, mut screen) =
        terminal::open(input, output, options.prompt, events.clone()).map_err(start)?;
    let page = options.page.map(|wanted| serve_page(wanted, &events, &mut screen)).transpose()?;
    if let Some(rates) = &options.lossy {
        screen.line(rates);
    }
    let conversations = Conversations::new(Datagrams::new(socket, options.lossy), options.give_up);
    let mut session = Session::new(
        screen,
        Membership::new(options.server, own, events.clone()),
        Chats::new(events, conversations),
    );
    session.explain(options.explain);
    let asks = options.interactive || options.name.is_none() || page.is_some();
    let settings = Settings { own, asks, interactive: options.interactive };
    EventLoop::new(settings, session, page, permits).live(options.name, happenings)
}

/// Both sockets to listen on.
fn sockets(options: &Options) -> Result<(TcpListener, Arc<UdpSocket>), Failure> {
    let server = &options.server;
    let addresses =
        link::resolve(server).map_err(|error| Failure::cannot("find", server, &error))?;
    let Some(address) = addresses.first() else {
        return Err(Failure { message: format!("{server} has no address"), code: 1 });
    };
    let (listener, socket) = datagram::bind(listening_address(address, options.port))
        .map_err(|(place, error)| Failure::cannot("listen on", place, &error))?;
    Ok((listener, Arc::new(socket)))
}

/// Starts the page: for the browsers of this machine, and for nobody else. Only from then on it shows what the
/// screen does: its address is a secret, and pages are shown around.
fn serve_page(wanted: PageOptions, events: &Events, screen: &mut Screen) -> Result<Page, Failure> {
    let place = SocketAddr::from((Ipv4Addr::LOCALHOST, wanted.port));
    let served = TcpListener::bind(place).and_then(|bound| Page::serve(bound, events.clone()));
    let page = served.map_err(|error| Failure::cannot("serve the page on", place, &error))?;
    screen.line(format_args!("page: {}", page.address()));
    screen.show_on(page.clone(), clock::local_offset());
    if wanted.open && page.open().is_err() {
        screen.line("the browser cannot be opened: open that address in one");
    }
    Ok(page)
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
