//! What a run leaves behind that is killed: no server, and folders only until the next run.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::grader::grader;
use crate::support::{DEADLINE, Folder};

/// A process number that Linux gives to nobody.
const NOBODY: u32 = 99_999_999;

/// A program that starts servers, with a folder for all that is temporary. It is killed in the end.
struct Parent(Child);

impl Parent {
    /// Starts it.
    fn start(mut command: Command, temporary: &Folder) -> Parent {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Parent(quiet.env("TMPDIR", temporary.path()).spawn().unwrap())
    }

    /// Waits for a server that it has started, and gives its process number.
    #[track_caller]
    fn server(&self) -> u32 {
        let mut server = None;
        until("it starts a server", || {
            server =
                processes().find(|(_, name, parent)| name == "server" && *parent == self.0.id());
            server.is_some()
        });
        server.unwrap().0
    }

    fn kill(&mut self) {
        let _ = self.0.kill(); // it may have ended by itself
        let _ = self.0.wait();
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < DEADLINE, "{what}: not in time");
        thread::sleep(Duration::from_millis(2)); // the end of what is no child of one is told by nothing
    }
}

/// All processes that have not ended: their numbers, names and parents.
fn processes() -> impl Iterator<Item = (u32, String, u32)> {
    fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (head, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let ended = fields.next()? == "Z"; // nobody has asked for its exit code yet
        let name = head.split_once('(')?.1.to_owned();
        (!ended).then_some((pid, name, fields.next()?.parse().ok()?))
    })
}

/// A load that runs until it is killed.
fn load() -> Command {
    let mut load = Command::new(env!("CARGO_BIN_EXE_load"));
    load.args(["--members", "2", "--seconds", "600"]);
    load
}

/// A grader in the middle of a check.
fn grading() -> Command {
    let mut grading = Command::new(grader());
    grading.arg("lab8::a_silent_member_is_asked_and_let_go");
    grading.current_dir(env!("CARGO_MANIFEST_DIR"));
    grading
}

/// It is killed, and its server ends.
fn its_server_ends(command: fn() -> Command) {
    let temporary = Folder::fresh();
    let mut parent = Parent::start(command(), &temporary);
    let server = parent.server();
    parent.kill();
    until("the server ends", || processes().all(|(pid, ..)| pid != server));
}

/// Folders that others have left are removed, unless somebody uses them.
fn its_folders_are_swept(command: fn() -> Command, prefix: &str) {
    let temporary = Folder::fresh();
    let leaves = |number: u32, age: u64| -> (PathBuf, File) {
        let path = temporary.file(&format!("{prefix}{NOBODY}-{number}"));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("server.log"), "# The log\n").unwrap();
        let folder = File::open(&path).unwrap();
        folder.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        (path, folder)
    };
    let (abandoned, _) = leaves(0, 3_600);
    let (locked, lock) = leaves(1, 3_600);
    lock.try_lock().unwrap();
    let (young, _) = leaves(2, 0);
    let own = temporary.file(&format!("{prefix}{}-0", std::process::id()));
    fs::create_dir(&own).unwrap();
    File::open(&own).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let mut parent = Parent::start(command(), &temporary);
    parent.server();
    assert!(!abandoned.exists(), "it is swept");
    assert!(locked.exists() && young.exists() && own.exists(), "these may be in use");
    parent.kill();
    let left = fs::read_dir(temporary.path()).unwrap().count();
    assert!(left > 3, "the run that was killed has left its folder, too");
}

table! { its_server_ends:
    the_server_of_a_load_that_is_killed_ends(load);
    the_server_of_a_grader_that_is_killed_ends(grading);
}

table! { its_folders_are_swept:
    the_next_load_removes_the_folders_of_killed_ones(load, "p2p-chat-load-");
    the_next_grader_removes_the_folders_of_killed_ones(grading, "p2p-chat-grade-");
}
