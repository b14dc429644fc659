//! A program from outside: where it says that it listens, and what the system knows about it.

use std::net::SocketAddr;

use super::{Folder, Program};
use crate::driver::program::Around;

/// Starts a server by any command line, and gives back where it listens.
#[track_caller]
pub fn server_by(path: &str, arguments: &[&str], folder: &Folder) -> (Program, SocketAddr) {
    let program = Program::start("server", path, arguments, folder);
    let address = program
        .waits("where it listens", |line| line.strip_prefix("Server listening on ")?.parse().ok());
    (program, address)
}

/// Starts a server that does not end with its input, perhaps through a script for `/bin/sh` that ends in
/// `exec "$0" "$@"`. Gives back where it listens.
#[track_caller]
pub fn lasting_server(shell: Option<&str>, folder: &Folder) -> (Program, SocketAddr) {
    let variables = &[("CHAT_UNTIL_EOF", "0".to_owned())];
    let around = Around { variables, shell };
    let program = Program::start_within("server", "server", &["--port", "0"], folder, around);
    let address = program
        .waits("where it listens", |line| line.strip_prefix("Server listening on ")?.parse().ok());
    (program, address)
}

/// Sends a signal to a process: STOP holds it, as Ctrl-Z does, CONT lets it go on.
#[cfg(unix)]
pub fn signal(pid: u32, name: &str) {
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args([format!("-{name}"), pid.to_string()]).status().unwrap().success());
}

/// The most memory that a process has had so far, in kB.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub struct Memory {
    pid: u32,
    peak: u64,
}

#[cfg(target_os = "linux")]
impl Memory {
    /// As it is now.
    #[track_caller]
    pub fn of(pid: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        Self { pid, peak: line.trim().trim_end_matches(" kB").parse().unwrap() }
    }

    /// Demands that since then it has not become so many MB more.
    #[track_caller]
    pub fn has_grown_by_less_than(&self, megabytes: u64) {
        let (before, after) = (self.peak, Self::of(self.pid).peak);
        assert!(after - before < megabytes * 1024, "{before} kB at first, {after} kB in the end");
    }
}

/// How many threads a process has.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn threads(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count()
}

/// How long a process has kept a processor busy, in hundredths of a second.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
    // utime and stime are the fields 14 and 15; 3 is the first behind the program's name.
    fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}
