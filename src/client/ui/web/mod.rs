//! The page: the same chat, shown by a browser on this machine. It is a second front end of the one loop:
//! what happens is told on a [`event_stream`], what is typed comes as events like the keyboard's.
//!
//! Threads: one that accepts, and one for each connection, which carries one request. A stream of events is
//! a request whose answer does not end. The lock is the board's.

pub mod http;
pub mod access;
pub mod event_stream;

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use access::{Access, Route};
use event_stream::{Cursor, EventLog};
use http::{HttpError, HttpRequest};

use crate::client::event::{Event, Events};
use crate::io_error::is_waiting;
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
/// The pause after accept has failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    connections: AtomicUsize,
    streams: AtomicUsize,
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
            connections: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            lines: Mutex::default(),
        });
        let page = Page(Arc::clone(&shared));
        let accepting = move || {
            loop {
                match listener.accept() {
                    Ok((socket, _)) => Shared::admit(&shared, socket),
                    // No descriptors, say. It would fail again at once and for ever.
                    Err(_) => thread::sleep(ACCEPT_PAUSE),
                }
            }
        };
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

impl Shared {
    /// Gives a connection its thread, unless there are too many: dropping it is the answer then.
    fn admit(shared: &Arc<Shared>, socket: TcpStream) {
        if shared.connections.load(Ordering::Relaxed) >= MAX_CONNECTIONS {
            return;
        }
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let own = Arc::clone(shared);
        let attending = move || {
            let _ = own.attend(&socket); // a browser that has gone needs no answer
            own.connections.fetch_sub(1, Ordering::Relaxed);
        };
        if thread::Builder::new().name("browser".to_owned()).spawn(attending).is_err() {
            shared.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// One connection's thread.
    fn attend(&self, socket: &TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(REQUEST))?;
        let mut reader = BufReader::new(Until { socket, end: Instant::now() + REQUEST });
        let granted = match HttpRequest::read(&mut reader) {
            Ok(None) => return Ok(()),
            Ok(Some(request)) => self.access.judge(&request).map(|wanted| (wanted, request)),
            Err(refusal) => Err(refusal),
        };
        let refused = match granted {
            Ok((Route::Page, _)) => return send_page(socket),
            Ok((Route::Events, _)) => self.stream(socket)?,
            Ok((Route::Line(chat), request)) => {
                self.take_line(Event::FromPage { line: request.body, chat }, socket)?;
                return linger(socket);
            }
            Err(refusal) => Some(refusal),
        };
        send(socket, &short_answer(refused))?;
        linger(socket)
    }

    /// Hands a line to the loop and answers. The loop takes its time when it has much to do, and whoever types
    /// waits for it.
    fn take_line(&self, typed: Event, socket: &TcpStream) -> io::Result<()> {
        let _turn = lock(&self.lines);
        let refused = self.events.send(typed).err().map(|_| HttpError::Busy);
        send(socket, &short_answer(refused))
    }

    /// Streams what happens until the browser is gone; or gives why not.
    fn stream(&self, socket: &TcpStream) -> io::Result<Option<HttpError>> {
        if self.streams.fetch_add(1, Ordering::Relaxed) >= MAX_STREAMS {
            self.streams.fetch_sub(1, Ordering::Relaxed);
            return Ok(Some(HttpError::Busy));
        }
        let ended = self.follow(socket);
        self.streams.fetch_sub(1, Ordering::Relaxed);
        ended.map(|()| None)
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
    )?;
    linger(socket)
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

/// Ends the connection so that the answer arrives.
fn linger(socket: &TcpStream) -> io::Result<()> {
    let mut rest = Until { socket, end: Instant::now() + LINGER };
    io::copy(&mut rest, &mut io::sink()).map(drop)
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

/// Reads from a socket until a given time, however much comes: bytes alone do not buy time.
struct Until<'a> {
    socket: &'a TcpStream,
    end: Instant,
}

impl Read for Until<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        let mut socket = self.socket;
        socket.read(into)
    }
}
