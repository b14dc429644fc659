//! The page: the same chat, shown by a browser on this machine. It is a second front end of the one loop:
//! what happens is told on a [`event_stream`], what is typed comes as events like the keyboard's.
//!
//! Threads: one that accepts, and one for each connection, which carries one request. A stream of events is
//! a request whose answer does not end. The lock is the board's.

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
use crate::net::accept::{Accept, Slot, Slots, accept};
use crate::net::deadline::{DeadlineStream, linger};
use crate::sync::lock;
use crate::wire::secret::Secret;

/// The page itself, with `{nonce}` in it.
const HTML: &str = include_str!("page.html");
/// The most connections at a time, and how many of them may be streams of events.
const MAX_CONNECTIONS: usize = 64;
const MAX_STREAMS: usize = 32;
/// How long a request may take to come, and its answer to be taken.
const REQUEST: Duration = Duration::from_secs(5);
/// A stream whose browser takes nothing for this long is closed.
const STUCK: Duration = Duration::from_secs(10);
/// How often a stream with no events is looked at: a browser may be gone without a word.
const LOOK: Duration = Duration::from_secs(1);
/// How long a connection is read on after a refusal. Closed with bytes unread it would be reset, and the
/// answer lost.
const LINGER: Duration = Duration::from_secs(1);

/// What every answer says: keep nothing, guess nothing, tell nobody, let no other page have it.
const HEADERS: &str = "Cache-Control: no-store\r\n\
    Connection: close\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n";
/// What the page may do: run the script and the style that carry the nonce, and talk to us. Text can never
/// become markup: with trusted types required and none defined, the functions that could do it throw.
const POLICY: &str = "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// The page: what browsers are told. Cheap to call with no browser there.
#[derive(Debug, Clone)]
pub struct Page(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    access: Access,
    log: EventLog,
    events: Events,
    streams: Slots,
    /// Held while a line is handed to the loop and answered: one after the other, as they are taken there.
    lines: Mutex<()>,
}

impl Page {
    /// Starts serving on `listener`, which is bound to 127.0.0.1. Typed lines arrive as events.
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
        let mut browsers = Browsers(shared);
        let accepting = move || accept(&listener, &Slots::new(MAX_CONNECTIONS), &mut browsers);
        thread::Builder::new().name("page".to_owned()).spawn(accepting)?;
        Ok(page)
    }

    /// Where it is: `http://127.0.0.1:PORT/TOKEN/`. Who knows it can use the client.
    pub fn address(&self) -> String {
        self.0.access.address()
    }

    /// Tells all browsers something that has happened, and keeps it for those who come later. JSON.
    pub fn tell(&self, json: &str) {
        self.0.log.tell(json);
    }

    /// Tells all browsers how things stand, if that has changed; who comes later gets the last one. JSON.
    pub fn state(&self, json: &str) {
        self.0.log.state(json);
    }

    /// Waits until the last line that was taken is answered: it may be the one that ends the program. To be
    /// called when there is no loop any more.
    pub fn finish(&self) {
        drop(lock(&self.0.lines));
    }

    /// Opens the page with the system's opener. It may be a browser that runs on and on, or not be there:
    /// a thread of its own waits for it, and nobody reads what it says. Its command line holds the address:
    /// where a system shows command lines to its other users (`ps`), they can see it; `--no-open` avoids that.
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
        let opening = move || drop(opener.status()); // the address was printed, too
        thread::Builder::new().name("opener".to_owned()).spawn(opening).map(drop)
    }
}

/// What becomes of the connections to the page.
struct Browsers(Arc<Shared>);

impl Accept for Browsers {
    fn serve(&mut self, stream: TcpStream, _: SocketAddr, slot: Slot) {
        let shared = Arc::clone(&self.0);
        let attending = move || {
            let _slot = slot;
            let _ = shared.attend(&stream); // a browser that has gone needs no answer
        };
        // Without a thread the connection and its slot go with the closure.
        let _ = thread::Builder::new().name("browser".to_owned()).spawn(attending);
    }
}

impl Shared {
    /// One connection's thread.
    fn attend(&self, socket: &TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(REQUEST))?;
        let mut reader = BufReader::new(DeadlineStream::new(socket, REQUEST));
        let granted = match HttpRequest::read(&mut reader) {
            Ok(None) => return Ok(()),
            Ok(Some(request)) => self.access.judge(&request).map(|route| (route, request)),
            Err(refusal) => Err(refusal),
        };
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

    /// Hands a line to the loop and answers. The loop takes its time when it has much to do, and whoever types
    /// waits for it.
    fn take_line(&self, typed: Event, socket: &TcpStream) -> io::Result<()> {
        let _turn = lock(&self.lines);
        let refused = self.events.send(typed).err().map(|_| HttpError::Busy);
        send(socket, &short_answer(refused))
    }

    /// Streams what happens until the browser is gone, if there are not too many streams.
    fn stream(&self, socket: &TcpStream) -> io::Result<()> {
        match self.streams.take() {
            Some(_slot) => self.follow(socket),
            None => send(socket, &short_answer(Some(HttpError::Busy))),
        }
    }

    /// Never returns but with an error.
    fn follow(&self, mut socket: &TcpStream) -> io::Result<()> {
        socket.set_write_timeout(Some(STUCK))?;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
        write!(socket, "{head}{HEADERS}\r\nretry: 1000\n\n")?;
        let mut place = Cursor::default();
        loop {
            match self.log.read(&mut place, LOOK) {
                Some(text) => socket.write_all(text.as_bytes())?,
                None => look(socket)?,
            }
        }
    }
}

/// Sends the page, with a nonce that no other answer has.
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

/// The answer to a request that gets nothing, or wants nothing.
fn short_answer(refused: Option<HttpError>) -> String {
    let status = refused.map_or("204 No Content", HttpError::status);
    let allow = if refused == Some(HttpError::Method) { "Allow: GET, POST\r\n" } else { "" };
    let length = if refused.is_some() { "Content-Length: 0\r\n" } else { "" };
    format!("HTTP/1.1 {status}\r\n{allow}{length}{HEADERS}\r\n")
}

/// Sends the whole answer.
fn send(mut socket: &TcpStream, answer: &str) -> io::Result<()> {
    socket.write_all(answer.as_bytes())?;
    socket.shutdown(Shutdown::Write)
}

/// Finds out whether the other side is still there.
fn look(socket: &TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_millis(1)))?;
    match socket.peek(&mut [0]) {
        Ok(0) => Err(io::ErrorKind::ConnectionAborted.into()),
        Err(error) if !is_waiting(&error) => Err(error),
        _ => Ok(()),
    }
}
