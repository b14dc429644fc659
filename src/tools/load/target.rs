//! The server that is measured: one of our own, or one that runs already.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, PipeWriter, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

use crate::io_error::cause;
use crate::server::{self, ServerOptions};

/// Linux counts processor time in hundredths of a second, on every machine we know of. It could tell,
/// but not through the standard library.
const TICKS: f64 = 100.0;
/// Clients beyond the members that our server takes, for whoever wants to look in.
const SPARE: usize = 64;

/// A server and how it ends.
#[derive(Debug)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    kind: TargetKind,
}

#[derive(Debug)]
enum TargetKind {
    /// The program beside ours, a process of its own, so that its share of the machine can be told.
    Process(Child, #[allow(dead_code, reason = "removed at the end")] Folder),
    /// The same server within this process, where there is no such program.
    Inside(PipeWriter, Option<JoinHandle<()>>, #[allow(dead_code, reason = "the same")] Folder),
    /// Somebody else's.
    Theirs,
}

/// A fresh folder for a log, removed at the end.
#[derive(Debug)]
struct Folder(PathBuf);

impl Target {
    /// A server for so many members: the one at `server`, else a new one, without a limit to what a
    /// client may say.
    ///
    /// # Errors
    /// A sentence about what is missing.
    pub fn find(server: Option<&str>, members: usize) -> Result<Target, String> {
        if let Some(server) = server {
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
            Some(program) => Target::process(&program, folder, members),
            None => Target::inside(folder, members),
        }
        .map_err(started)
    }

    fn process(program: &Path, folder: Folder, members: usize) -> io::Result<Target> {
        let clients = (members + SPARE).max(ServerOptions::default().max_clients).to_string();
        let mut command = Command::new(program);
        command.args(["--port", "0", "--rate", "0", "--max-clients", &clients, "--log"]);
        command.arg(folder.log()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut output = BufReader::new(output);
        let mut host = Target {
            address: ([127, 0, 0, 1], 0).into(),
            kind: TargetKind::Process(child, folder),
        };
        let mut line = String::new();
        output.read_line(&mut line)?;
        let address = line.trim_end().rsplit(' ').next().and_then(|word| word.parse().ok());
        host.address = address.ok_or(io::ErrorKind::UnexpectedEof)?;
        // What it prints from here on must be taken from it, and nobody wants it.
        let drain = move || drop(io::copy(&mut output, &mut io::sink()));
        thread::Builder::new().name("server's output".to_owned()).spawn(drain)?;
        Ok(host)
    }

    fn inside(folder: Folder, members: usize) -> io::Result<Target> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let usual = ServerOptions::default();
        let max_clients = usual.max_clients.max(members + SPARE);
        let options = ServerOptions { rate: 0, log: folder.log(), max_clients, ..usual };
        let (typed, console) = io::pipe()?;
        let serve = move || {
            // It would have failed at its start, and then nobody can join, which is told.
            let _ = server::run(listener, options, BufReader::new(typed), io::sink());
        };
        let thread = thread::Builder::new().name("server".to_owned()).spawn(serve)?;
        Ok(Target { address, kind: TargetKind::Inside(console, Some(thread), folder) })
    }

    /// The seconds of processor time that the server has used, and the most KiB of memory it had, where
    /// the system tells (Linux) and the server is a process of ours.
    pub fn usage(&self) -> Option<(f64, u64)> {
        let TargetKind::Process(child, _) = &self.kind else { return None };
        let read = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.id())).ok();
        let (stat, status) = (read("stat")?, read("status")?);
        // The second field is the program's name in parentheses, which may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib = peak.split_whitespace().next()?.parse().ok()?;
        Some(((ticks(11)? + ticks(12)?) / TICKS, kib)) // utime and stime, see proc(5)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        match &mut self.kind {
            TargetKind::Process(child, _) => {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
            }
            TargetKind::Inside(console, thread, _) => {
                let _ = console.write_all(b"/quit\n"); // the same
                let _ = thread.take().map(JoinHandle::join);
            }
            TargetKind::Theirs => {}
        }
    }
}

impl Folder {
    fn fresh() -> io::Result<Folder> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("p2p-chat-load-{}-{number}", process::id());
        let folder = Folder(env::temp_dir().join(name));
        fs::create_dir_all(&folder.0)?;
        // What stands there is of a run that was killed and had this process id.
        match fs::remove_file(folder.log()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(folder),
        }
    }

    fn log(&self) -> PathBuf {
        self.0.join("server.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind it is untidy and does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
