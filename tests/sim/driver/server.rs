//! A server on a host of its own, which is started, killed and started again on the log that it left.

use std::net::SocketAddr;

use p2p_chat::server::{self, ServerOptions};
use world::net::TcpListener;
use world::sim::{self, HostId, SECOND};
use world::terminal::{self, Paper, Typist};
use world::turns::ThreadId;

use crate::record::invariant;

/// The log's name.
pub const LOG: &str = "server.log";

/// The key of a class.
const KEY: &str = "00112233445566778899aabbccddeeff\n";

/// A server.
pub struct Server {
    pub host: HostId,
    pub address: SocketAddr,
    pub options: ServerOptions,
    pub paper: Paper,
    typist: Option<Typist>,
    thread: ThreadId,
}

impl Server {
    /// Starts one.
    pub fn start(options: ServerOptions) -> Server {
        let address = SocketAddr::from(([10, 0, 1, 1], 5555));
        let host = sim::host("server", address.ip());
        if let Some(file) = &options.key {
            sim::disk(host).put(file, KEY);
        }
        let paper = Paper::new(sim::key());
        let mut server = Server { host, address, options, paper, typist: None, thread: 0 };
        server.start_again();
        server
    }

    /// Starts it again, after it has ended.
    pub fn start_again(&mut self) {
        let (typist, keyboard) = terminal::keyboard();
        let (address, options, paper) = (self.address, self.options.clone(), self.paper.clone());
        self.typist = Some(typist);
        self.thread = sim::start(self.host, "main", move || {
            let run = || server::run(TcpListener::bind(address)?, options, keyboard, paper);
            let ended = run();
            sim::note("server ends", 0, || format!("{ended:?}"));
            if let Err(error) = ended {
                sim::fail("the server runs", &error.to_string());
            }
        });
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        sim::kill(self.host);
    }

    /// Takes its power.
    pub fn power_off(&mut self) {
        sim::power_off(self.host);
    }

    /// Types a command of the operator.
    pub fn types(&self, line: &str) {
        if let Some(typist) = &self.typist {
            typist.line(line);
        }
    }

    /// Ends it in good order.
    pub fn quit(&mut self) {
        self.types("/quit");
        if !sim::await_end(self.thread, sim::now() + 10 * SECOND) {
            sim::fail(invariant::NO_SLEEP, "10 s after /quit the server has not ended");
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        sim::has_ended(self.thread)
    }

    /// What its log has.
    pub fn log(&self) -> String {
        sim::disk(self.host).text(LOG)
    }
}

/// The options of a scene in which half of the seeds have a key: server and clients speak TLS.
pub fn perhaps_with_a_key() -> ServerOptions {
    let key = (sim::dice(2) == 0).then(|| "class.key".into());
    ServerOptions { key, ..options() }
}

/// The options of a scene: no limits of speed.
pub fn options() -> ServerOptions {
    ServerOptions { rate: 0, log: LOG.into(), ..ServerOptions::default() }
}
