//! The server that is measured: one that is started for the run, or one that runs already.
//!
//! A started server is a process of its own if possible, so that its processor time and memory can be told from
//! those of the load generator.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, PipeWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use crate::io_error::cause;
use crate::server::{self, ServerOptions};
use crate::tools::load::folder::Folder;
use crate::tools::load::options::LoadOptions;

/// Linux counts processor time in hundredths of a second on all usual machines (`sysconf(_SC_CLK_TCK)`, which the
/// standard library does not offer).
const TICKS: f64 = 100.0;
/// How many more clients than members a started server takes, so that a person can join and look.
const SPARE: usize = 64;
/// The most bytes of a started server's first line.
const LONGEST_LINE: u64 = 4_096;

/// A server to measure. Dropping it ends a server that was started for the run.
#[derive(Debug)]
pub struct Target {
    /// The address that the server listens on.
    pub address: SocketAddr,
    kind: TargetKind,
}

/// Where the server runs, with what must be ended or removed in the end.
#[derive(Debug)]
enum TargetKind {
    /// In a process of its own: the `server` program beside this one.
    Process(Child, #[allow(dead_code, reason = "removed at the end")] Folder),
    /// In a thread of this process, where there is no such program. The pipe is its console.
    Inside(PipeWriter, Option<JoinHandle<()>>, #[allow(dead_code, reason = "the same")] Folder),
    /// Somewhere else: it was running already.
    Theirs,
}

impl Target {
    /// Finds the running server, or starts one for `members` clients, without a rate limit: the limit would be
    /// measured, and not the server.
    ///
    /// # Errors
    /// A sentence about what is missing.
    pub fn find(options: &LoadOptions, members: usize) -> Result<Target, String> {
        if let Some(server) = &options.server {
            let addresses = server.to_socket_addrs();
            let address = addresses
                .map_err(|error| format!("cannot find {server}: {}", cause(&error)))?
                .next();
            let address = address.ok_or_else(|| format!("{server} has no address"))?;
            return Ok(Target { address, kind: TargetKind::Theirs });
        }
        let started = |error: io::Error| format!("cannot start a server: {}", cause(&error));
        let folder = Folder::fresh().map_err(started)?;
        let program = env::current_exe()
            .ok()
            .map(|own| own.with_file_name(format!("server{}", env::consts::EXE_SUFFIX)));
        match program.filter(|program| program.is_file()) {
            Some(program) => Target::process(&program, folder, options, members),
            None => Target::inside(folder, options, members),
        }
        .map_err(started)
    }

    /// Starts the server's program, and reads its address from its first line. With port 0 the system chooses a free
    /// port, so several runs do not disturb each other. The server ends with its input, the other end of which this
    /// process holds: so it does not outlive a run that is killed.
    fn process(
        program: &Path,
        folder: Folder,
        wanted: &LoadOptions,
        members: usize,
    ) -> io::Result<Target> {
        let clients = (members + SPARE).max(ServerOptions::default().max_clients).to_string();
        let mut command = Command::new(program);
        command.args(["--port", "0", "--rate", "0", "--max-clients", &clients, "--log"]);
        command.arg(folder.log()).env("CHAT_UNTIL_EOF", "1");
        if let Some(file) = &wanted.key {
            command.arg("--key").arg(file);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut output = BufReader::new(output);
        let mut target = Target {
            address: ([127, 0, 0, 1], 0).into(),
            kind: TargetKind::Process(child, folder),
        };
        let mut line = String::new();
        output.by_ref().take(LONGEST_LINE).read_line(&mut line)?;
        let address = line.trim_end().rsplit(' ').next().and_then(|word| word.parse().ok());
        target.address = address.ok_or(io::ErrorKind::UnexpectedEof)?;
        // A full pipe would stop the server, so the rest of its output is read and discarded.
        let drain = move || drop(io::copy(&mut output, &mut io::sink()));
        thread::Builder::new().name("server's output".to_owned()).spawn(drain)?;
        Ok(target)
    }

    /// Starts the server in a thread. Its processor time cannot be told from that of the load generator.
    fn inside(folder: Folder, wanted: &LoadOptions, members: usize) -> io::Result<Target> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let usual = ServerOptions::default();
        let max_clients = usual.max_clients.max(members + SPARE);
        let (log, key) = (folder.log(), wanted.key.clone());
        let options = ServerOptions { rate: 0, log, key, max_clients, ..usual };
        let (typed, console) = io::pipe()?;
        let serve = move || {
            // If it fails, then at its start. Then no member can join, and that is reported.
            let _ = server::run(listener, options, BufReader::new(typed), io::sink());
        };
        let thread = thread::Builder::new().name("server".to_owned()).spawn(serve)?;
        Ok(Target { address, kind: TargetKind::Inside(console, Some(thread), folder) })
    }

    /// Returns the seconds of processor time that the server has used, and its largest memory in KiB. `None` unless
    /// it is a process of this run, on Linux.
    ///
    /// Both come from files in `/proc`: the time from `stat`, the memory from `status`, see proc(5).
    pub fn usage(&self) -> Option<(f64, u64)> {
        let TargetKind::Process(child, _) = &self.kind else { return None };
        let read = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.id())).ok();
        let (stat, status) = (read("stat")?, read("status")?);
        // The second field is the program's name in parentheses. It may hold spaces and parentheses itself.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib = peak.split_whitespace().next()?.parse().ok()?;
        Some(((ticks(11)? + ticks(12)?) / TICKS, kib)) // utime and stime, see proc(5)
    }
}

/// Ends the server: a process is killed, for its log is of no use; a thread is told to quit, for it cannot be killed.
impl Drop for Target {
    fn drop(&mut self) {
        match &mut self.kind {
            TargetKind::Process(child, _) => {
                // An error says that it has ended by itself.
                let _ = child.kill();
                let _ = child.wait();
            }
            TargetKind::Inside(console, thread, _) => {
                let _ = console.write_all(b"/quit\n"); // an error says the same here
                let _ = thread.take().map(JoinHandle::join);
            }
            TargetKind::Theirs => {}
        }
    }
}
