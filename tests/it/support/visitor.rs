//! The page's server from both sides: as the loop that tells it things, and as what a browser is on the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use p2p_chat::client::event::{Event, Events};
use p2p_chat::client::ui::web::Page;

use super::DEADLINE;

/// A page that is served without a client behind it: the test is the loop.
#[derive(Debug)]
pub struct Host {
    /// What the loop holds.
    pub page: Page,
    happenings: Receiver<Event>,
    site: Site,
}

/// Where a page is: all that a browser must know.
#[derive(Clone, Debug)]
pub struct Site {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The token, with a slash on both sides.
    pub path: String,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The head, as it came.
    pub head: String,
    /// What follows it.
    pub body: String,
}

/// A stream of events.
#[derive(Debug)]
pub struct Stream(BufReader<TcpStream>);

/// An event: its type (`message` if it has none), its number, its data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// `reset`, `live` or `message`.
    pub kind: String,
    /// Its number.
    pub id: Option<u64>,
    /// The JSON.
    pub data: String,
}

impl Host {
    /// Serves a page on a free port.
    #[track_caller]
    pub fn start() -> Self {
        let (events, happenings) = Events::channel();
        let page = Page::serve(TcpListener::bind("127.0.0.1:0").unwrap(), events).unwrap();
        let site = Site::at(&page.address());
        Self { page, happenings, site }
    }

    /// Where it is.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Waits for the next line that was typed on the page, and gives it with its chat.
    #[track_caller]
    pub fn hears(&self) -> (String, Option<u64>) {
        match self.happenings.recv_timeout(DEADLINE) {
            Ok(Event::FromPage { line, chat }) => {
                (line, chat.map(|id| id.to_string().parse().unwrap()))
            }
            other => panic!("expected a line from the page, got {other:?}"),
        }
    }

    /// Demands that nothing has been typed that was not heard.
    #[track_caller]
    pub fn has_heard_all(&self) {
        assert!(self.happenings.try_recv().is_err());
    }
}

impl Site {
    /// Takes the address of a page apart.
    #[track_caller]
    pub fn at(address: &str) -> Self {
        let rest = address.strip_prefix("http://127.0.0.1:").unwrap();
        let (port, path) = rest.split_once('/').unwrap();
        assert!(path.len() == 33 && path.ends_with('/'), "{address}");
        Self { port: port.parse().unwrap(), path: format!("/{path}") }
    }

    /// Connects and says nothing yet.
    #[track_caller]
    pub fn connects(&self) -> TcpStream {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
        socket
    }

    /// Sends these bytes and reads the answer to its end; `None` if there is none.
    #[track_caller]
    pub fn gives(&self, request: &[u8]) -> Option<Answer> {
        let mut socket = self.connects();
        // It may refuse before it has read everything.
        let _ = socket.write_all(request);
        answer(socket)
    }

    /// The head of a request, with the right Host and these headers, each with its end of line.
    pub fn head(&self, method: &str, path: &str, headers: &str) -> String {
        let (port, token) = (self.port, &self.path);
        format!("{method} {token}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n")
    }

    /// Asks with the right Host and these headers.
    #[track_caller]
    pub fn asks(&self, method: &str, path: &str, headers: &str) -> Answer {
        self.gives(self.head(method, path, headers).as_bytes()).expect("no answer")
    }

    /// Posts a line as the page's script does, and gives the status.
    #[track_caller]
    pub fn posts(&self, path: &str, line: &str) -> u16 {
        let (port, length) = (self.port, line.len());
        let headers = format!("Origin: http://127.0.0.1:{port}\r\nContent-Length: {length}\r\n");
        let request = self.head("POST", path, &headers) + line;
        self.gives(request.as_bytes()).expect("no answer").status
    }

    /// Opens a stream of events, which begins with a reset.
    #[track_caller]
    pub fn listens(&self) -> Stream {
        let mut stream = self.asks_for_stream();
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.next().kind, "reset");
        stream
    }

    /// Asks for a stream of events.
    #[track_caller]
    pub fn asks_for_stream(&self) -> Stream {
        let mut socket = self.connects();
        socket.write_all(self.head("GET", "events", "").as_bytes()).unwrap();
        Stream(BufReader::new(socket))
    }
}

impl Stream {
    /// The status of the answer, whose head is skipped.
    #[track_caller]
    pub fn status(&mut self) -> u16 {
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        while !self.line().is_empty() {}
        status
    }

    /// Waits for the next event.
    #[track_caller]
    pub fn next(&mut self) -> Told {
        let mut told = Told { kind: "message".to_owned(), id: None, data: String::new() };
        loop {
            let line = self.line();
            match line.split_once(':').map(|(name, value)| (name, value.trim_start())) {
                None => return told,
                Some(("event", kind)) => kind.clone_into(&mut told.kind),
                Some(("id", number)) => told.id = Some(number.parse().unwrap()),
                Some(("data", data)) => data.clone_into(&mut told.data),
                Some(("retry", _)) => assert_eq!(self.line(), ""),
                Some(_) => panic!("an unknown line: {line}"),
            }
        }
    }

    /// The data of all events up to and with the one that is `last`.
    #[track_caller]
    pub fn reads_to(&mut self, last: &str) -> Vec<String> {
        let mut all = Vec::new();
        while all.last().is_none_or(|data| data != last) {
            all.push(self.next().data);
        }
        all
    }

    /// The data of the next event that contains this.
    #[track_caller]
    pub fn reads_of(&mut self, text: &str) -> String {
        let until = Instant::now() + DEADLINE;
        loop {
            let data = self.next().data;
            if data.contains(text) {
                return data;
            }
            assert!(Instant::now() < until, "the page is told much, but not {text:?}");
        }
    }

    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        assert!(read.as_ref().is_ok_and(|count| *count > 0), "the stream ended: {read:?}");
        line.trim_end().to_owned()
    }
}

/// Reads an answer to the end of its connection.
pub fn answer(mut socket: TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    // A reset after the answer does not take it back.
    let _ = socket.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
