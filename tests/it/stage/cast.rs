//! Who is on the stage: a server, and clients.

use std::net::SocketAddr;
use std::ops::Deref;

use super::{Folder, Program};

/// A running server: by default on 127.0.0.1 and a free port, with its log in a fresh folder.
#[derive(Debug)]
pub struct Server {
    program: Program,
    folder: Folder,
    address: SocketAddr,
    arguments: Vec<String>,
}

impl Server {
    /// Starts a server with these arguments besides `--port 0` and `--log server.log`, and waits until it listens.
    #[track_caller]
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(Folder::fresh(), 0, arguments)
    }

    /// Starts a server on this port in this folder, whose `server.log` it goes on with.
    #[track_caller]
    pub fn start_in(folder: Folder, port: u16, arguments: &[&str]) -> Self {
        let (port, log) = (port.to_string(), folder.file("server.log"));
        let mut all = vec!["--port", &port, "--log", log.to_str().unwrap()];
        all.extend(arguments);
        let program = Program::start("server", env!("CARGO_BIN_EXE_server"), &all, &folder);
        let first = program.sees_next();
        let address = first.strip_prefix("Server listening on ").and_then(|text| text.parse().ok());
        let Some(address) = address else { program.fail("does not begin with where it listens") };
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program, folder, address, arguments }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The text of its log.
    #[track_caller]
    pub fn log(&self) -> String {
        self.folder.text("server.log")
    }

    /// The folder in which it runs.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Kills it and starts another with the same arguments, port and log in its place.
    #[track_caller]
    pub fn starts_again(self) -> Self {
        let Self { program, folder, address, arguments } = self;
        drop(program);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Self::start_in(folder, address.port(), &arguments)
    }
}

impl Deref for Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// A running client in a fresh folder.
#[derive(Debug)]
pub struct Client {
    program: Program,
    address: Option<SocketAddr>,
    _folder: Folder,
}

impl Client {
    /// Starts a client of that name on a free port for this server, and waits until it listens.
    #[track_caller]
    pub fn start(name: &str, server: &Server) -> Self {
        Self::start_at(name, &server.address().to_string(), &[])
    }

    /// The same for any `HOST:PORT`, and with more arguments.
    #[track_caller]
    pub fn start_at(name: &str, server: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["--id", name, "--port", "0", "--server", server];
        arguments.extend(more);
        let mut client = Self::with_args(&arguments);
        let line = client.sees(&format!("{name} running on "));
        client.address = line.rsplit(' ').next().and_then(|text| text.parse().ok());
        client
    }

    /// Starts a client as [`Client::start`] does and waits until it is in the room.
    #[track_caller]
    pub fn joined(name: &str, server: &Server) -> Self {
        let client = Self::start(name, server);
        client.sees("Your ID: ");
        client.sees("Other clients' IDs: ");
        client
    }

    /// Starts a client with exactly these arguments and waits for nothing.
    #[track_caller]
    pub fn with_args(arguments: &[&str]) -> Self {
        let folder = Folder::fresh();
        let title = format!("client {}", arguments.join(" "));
        let program = Program::start(&title, env!("CARGO_BIN_EXE_client"), arguments, &folder);
        Self { program, address: None, _folder: folder }
    }

    /// Where it said that it listens; only for those that [`Client::start`] and its kin have made.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        self.address.unwrap_or_else(|| self.fail("did not say where it listens"))
    }

    /// The port on which it listens.
    #[track_caller]
    pub fn port(&self) -> u16 {
        self.address().port()
    }
}

impl Deref for Client {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}
