//! A server with a key, and who speaks TLS with it.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use p2p_chat::class_key;
use p2p_chat::tls::{Secured, connect};

use crate::driver::program::Around;
use crate::support::{Client, DEADLINE, Folder, Program, Server};

/// The file of the key, in the server's folder.
const FILE: &str = "class.key";

/// A server that has made its key.
pub struct Keyed(pub Server);

impl Keyed {
    /// Starts it with these flags more.
    #[track_caller]
    pub fn start(flags: &[&str]) -> Self {
        Self(Server::start_in(Folder::fresh(), 0, &[&["--key", FILE], flags].concat()))
    }

    /// The file of its key.
    pub fn key(&self) -> PathBuf {
        self.0.folder().file(FILE)
    }

    /// The digits of its key.
    pub fn digits(&self) -> String {
        fs::read_to_string(self.key()).unwrap().trim().to_owned()
    }

    /// Somebody with the key starts a client with these variables in its environment.
    #[track_caller]
    pub fn client_with(&self, name: &str, variables: &[(&str, String)]) -> Program {
        let (key, address) = (self.key(), self.0.address().to_string());
        let flags = ["--id", name, "--server", &address, "--key", key.to_str().unwrap()];
        let (title, around) = (format!("{name}'s client"), Around { variables, shell: None });
        Program::start_within(&title, "client", &flags, &Folder::fresh(), around)
    }

    /// Somebody with the key joins, perhaps by a network, with these flags more.
    #[track_caller]
    pub fn joined(&self, name: &str, by: SocketAddr, flags: &[&str]) -> Client {
        let client = self.client(name, by, flags);
        client.sees("Other clients' IDs: ");
        client
    }

    /// Somebody with the key connects.
    #[track_caller]
    pub fn client(&self, name: &str, by: impl Display, flags: &[&str]) -> Client {
        let (key, by) = (self.key(), by.to_string());
        Client::start_with(name, by, &[&["--key", key.to_str().unwrap()], flags].concat())
    }

    /// Somebody with the key, by hand.
    #[track_caller]
    pub fn connect(&self, by: SocketAddr) -> Tunnel {
        let socket = TcpStream::connect(by).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let key = class_key::read(&self.key()).unwrap();
        let secured = connect(&mut &socket, &mut &socket, &key, None).unwrap();
        Tunnel { secured, socket }
    }
}

/// A connection by TLS, record by record.
pub struct Tunnel {
    /// Both directions.
    pub secured: Secured,
    /// The socket below it.
    pub socket: TcpStream,
}

impl Tunnel {
    /// The records of these bytes.
    pub fn seals(&mut self, bytes: &str) -> Vec<u8> {
        let mut records = Vec::new();
        assert!(self.secured.sealer.seal(bytes.as_bytes(), &mut records));
        records
    }

    /// Sends these bytes.
    #[track_caller]
    pub fn sends(&mut self, bytes: &str) {
        let records = self.seals(bytes);
        self.socket.write_all(&records).unwrap();
    }

    /// Adds what comes next. Returns whether anything may follow.
    fn more(&mut self, all: &mut Vec<u8>) -> io::Result<bool> {
        let opener = &mut self.secured.opener;
        match opener.fill(&mut self.socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            filled => filled?,
        }
        let length = opener.data().len();
        all.extend_from_slice(opener.data());
        opener.consume(length);
        Ok(length > 0)
    }

    /// Reads to the end: what came, and how it ended.
    pub fn rest(&mut self) -> (String, io::Result<()>) {
        let mut all = Vec::new();
        let end = loop {
            match self.more(&mut all) {
                Ok(true) => {}
                end => break end.map(drop),
            }
        };
        (String::from_utf8(all).unwrap(), end)
    }

    /// Reads until this has come, and gives everything up to there.
    #[track_caller]
    pub fn gets(&mut self, expected: &str) -> String {
        let mut all = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&all).into_owned();
            if text.contains(expected) {
                return text;
            }
            assert!(self.more(&mut all).unwrap(), "it ends after {text}");
        }
    }
}
