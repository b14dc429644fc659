//! The page: the same chat, shown by a browser on this machine.
//!
//! It is a second front end of the one event loop. Its events go out on an [`event_stream`]; its typed lines come
//! in as events, like those from the keyboard. The page keeps no state of its own: a browser that reloads it reads
//! the last events again.
//!
//! Threads: `page` accepts connections, and one `browser` serves each of them, with one request for a connection. A
//! stream of events is a request whose answer does not end. The threads share two locks: that of the event log, and
//! one that keeps the answers to typed lines in the order of the loop.
//!
//! A request passes three files: [`http`] reads it, [`access`] decides whether it may have what it asks for, and this
//! file answers.

pub mod http;
pub mod access;
pub mod event_stream;

use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use access::{Access, Route};
use event_stream::{Cursor, EventLog};
use http::{HttpError, HttpRequest};

use crate::client::event::{Event, Events};
use crate::io_error::is_waiting;
use crate::net::accept::accept;
use crate::net::deadline::linger;
use crate::net::{Accept, DeadlineStream, Newcomer, Newcomers, Slot, Slots};
use crate::sync::lock;
use crate::wire::Secret;

/// The page itself, with `{nonce}` in place of the nonce.
const HTML: &str = include_str!("page.html");
/// The most connections at a time: newcomers, streams, and lines that wait for the loop.
const MAX_CONNECTIONS: usize = 128;
/// The most connections that have not sent a good request. Then the oldest one is disconnected.
const MAX_NEWCOMERS: usize = 32;
/// The most connections that are streams of events, so that some are left for lines.
const MAX_STREAMS: usize = 32;
/// How long a browser may take to send its request, and to read its answer.
const REQUEST: Duration = Duration::from_secs(5);
/// A stream is closed if its browser reads nothing for this long.
const STUCK: Duration = Duration::from_secs(10);
/// How often an idle stream checks that its browser is still there.
const LOOK: Duration = Duration::from_secs(1);
/// How long a lingering close may take, so that the answer reaches the browser.
const LINGER: Duration = Duration::from_secs(1);

/// The headers of every answer: the browser must not store it, guess its type, tell other sites about it, or give
/// it to other pages.
const HEADERS: &str = "Cache-Control: no-store\r\n\
    Connection: close\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n";
/// The page's content security policy: it may run the script and the style that carry the nonce, and connect to this
/// server, and nothing else. A text can never become markup: trusted types are required and none is defined, so the
/// functions that could do it throw.
const POLICY: &str = "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// The page, to send events to. Without a browser a call costs little.
#[derive(Debug, Clone)]
pub struct Page(Arc<Shared>);

/// What the page's threads share.
#[derive(Debug)]
struct Shared {
    access: Access,
    /// What goes out to the browsers.
    log: EventLog,
    /// Where typed lines go.
    events: Events,
    /// The slots for streams of events.
    streams: Slots,
    /// Held while a line is handed to the loop and answered, so that lines are answered in the order of the loop.
    lines: Mutex<()>,
}

impl Page {
    /// Starts to serve on `listener`, which must be bound to 127.0.0.1. Typed lines arrive as `events`.
    ///
    /// # Errors
    /// When the listener has no address or a thread cannot be started.
    pub fn serve(listener: TcpListener, events: Events) -> io::Result<Page> {
        let shared = Arc::new(Shared {
            access: Access::new(listener.local_addr()?.port()),
            log: EventLog::default(),
            events,
            streams: Slots::new(MAX_STREAMS),
            lines: Mutex::default(),
        });
        let page = Page(Arc::clone(&shared));
        let newcomers = Newcomers::new(MAX_NEWCOMERS);
        let mut browsers = Browsers { shared, newcomers, slots: Slots::new(MAX_CONNECTIONS) };
        let accepting = move || accept(&listener, &mut browsers);
        thread::Builder::new().name("page".to_owned()).spawn(accepting)?;
        Ok(page)
    }

    /// The page's address, `http://127.0.0.1:PORT/TOKEN/`. A browser that knows it can use this client.
    pub fn address(&self) -> String {
        self.0.access.address()
    }

    /// Sends an event, as JSON, to all browsers, and keeps it for later ones.
    pub fn tell(&self, json: &str) {
        self.0.log.tell(json);
    }

    /// Sends the client's state, as JSON, to all browsers, if it has changed. Later ones read the last state.
    pub fn state(&self, json: &str) {
        self.0.log.state(json);
    }

    /// Waits until the last line is answered, which may be the one that ends the program. It must be called after the
    /// loop has ended.
    pub fn finish(&self) {
        drop(lock(&self.0.lines));
    }

    /// Opens the page with the system's opener. That may be a browser that runs for hours, so a thread waits for
    /// it, or a program that does not exist, which is ignored.
    ///
    /// Its command line holds the address. Where a system shows command lines to other users (`ps`), they can see it;
    /// `--no-open` avoids that.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn open(&self) -> io::Result<()> {
        let (program, before): (&str, &[&str]) = match () {
            () if cfg!(windows) => ("cmd", &["/C", "start", ""]), // "" is the window's title
            () if cfg!(target_os = "macos") => ("open", &[]),
            () => ("xdg-open", &[]),
        };
        let mut opener = Command::new(program);
        opener.args(before).arg(self.address());
        opener.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let opening = move || drop(opener.status()); // the address is printed as well
        thread::Builder::new().name("opener".to_owned()).spawn(opening).map(drop)
    }
}

/// Serves the connections to the page.
struct Browsers {
    shared: Arc<Shared>,
    newcomers: Newcomers,
    slots: Slots,
}

/// A connection of a browser that was let in. In the end its slot is free before it is closed.
struct Visitor {
    shared: Arc<Shared>,
    stream: Arc<TcpStream>,
    newcomer: Arc<Newcomer>,
    slot: Slot,
}

impl Accept for Browsers {
    type Admitted = Visitor;

    fn admit(&mut self, stream: TcpStream, _: SocketAddr) -> Option<Visitor> {
        let slot = self.slots.take()?;
        let (shared, stream) = (Arc::clone(&self.shared), Arc::new(stream));
        let newcomer = self.newcomers.admit(&stream);
        Some(Visitor { shared, stream, newcomer, slot })
    }

    fn thread(_: SocketAddr) -> thread::Builder {
        thread::Builder::new().name("browser".to_owned())
    }

    fn serve(Visitor { shared, stream, newcomer, slot: _slot }: Visitor) {
        let _ = shared.attend(&stream, newcomer); // a browser that has gone needs no answer
    }
}

impl Shared {
    /// Serves one connection: the body of its thread. It is a newcomer until it has sent a good request.
    fn attend(&self, socket: &TcpStream, newcomer: Arc<Newcomer>) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(REQUEST))?;
        let mut reader = BufReader::new(DeadlineStream::new(socket, REQUEST));
        let granted = match HttpRequest::read(&mut reader) {
            Ok(None) => return Ok(()),
            Ok(Some(request)) => self.access.judge(&request).map(|route| (route, request)),
            Err(refusal) => Err(refusal),
        };
        let _refused = granted.is_err().then_some(newcomer);
        match granted {
            Ok((Route::Page, _)) => send_page(socket),
            Ok((Route::Events, _)) => self.stream(socket),
            Ok((Route::Line(chat), request)) => {
                self.take_line(Event::FromPage { line: request.body, chat }, socket)
            }
            Err(refusal) => send(socket, &short_answer(Some(refusal))),
        }?;
        linger(socket, LINGER);
        Ok(())
    }

    /// Hands a line to the loop and answers. A busy loop makes the browser wait: that is the page's flow control.
    fn take_line(&self, typed: Event, socket: &TcpStream) -> io::Result<()> {
        let _turn = lock(&self.lines);
        let refused = self.events.send(typed).err().map(|_| HttpError::Busy);
        send(socket, &short_answer(refused))
    }

    /// Streams events until the browser is gone, unless there are too many streams.
    fn stream(&self, socket: &TcpStream) -> io::Result<()> {
        match self.streams.take() {
            Some(_slot) => self.follow(socket),
            None => send(socket, &short_answer(Some(HttpError::Busy))),
        }
    }

    /// Writes the stream. It ends only by an error, when the browser is gone or reads nothing.
    fn follow(&self, mut socket: &TcpStream) -> io::Result<()> {
        socket.set_write_timeout(Some(STUCK))?;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
        write!(socket, "{head}{HEADERS}\r\nretry: 1000\n\n")?;
        let mut cursor = Cursor::default();
        loop {
            match self.log.read(&mut cursor, LOOK) {
                Some(text) => socket.write_all(text.as_bytes())?,
                None => look(socket)?,
            }
        }
    }
}

/// Sends the page with a fresh nonce.
fn send_page(socket: &TcpStream) -> io::Result<()> {
    let nonce = Secret::random().to_string();
    let (html, policy) = (HTML.replace("{nonce}", &nonce), POLICY.replace("{nonce}", &nonce));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n";
    let length = html.len();
    send(
        socket,
        &format!(
            "{head}Content-Security-Policy: {policy}\r\nContent-Length: {length}\r\n{HEADERS}\r\n{html}"
        ),
    )
}

/// Formats an answer without a body: a refusal, or the success of a line.
fn short_answer(refused: Option<HttpError>) -> String {
    let status = refused.map_or("204 No Content", HttpError::status);
    let allow = if refused == Some(HttpError::Method) { "Allow: GET, POST\r\n" } else { "" };
    let length = if refused.is_some() { "Content-Length: 0\r\n" } else { "" };
    format!("HTTP/1.1 {status}\r\n{allow}{length}{HEADERS}\r\n")
}

/// Sends a whole answer and closes this side of the connection.
fn send(mut socket: &TcpStream, answer: &str) -> io::Result<()> {
    socket.write_all(answer.as_bytes())?;
    socket.shutdown(Shutdown::Write)
}

/// Fails if the browser has closed the connection. It looks at the next byte and leaves it there.
fn look(socket: &TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_millis(1)))?;
    match socket.peek(&mut [0]) {
        Ok(0) => Err(io::ErrorKind::ConnectionAborted.into()),
        Err(error) if !is_waiting(&error) => Err(error),
        _ => Ok(()),
    }
}
