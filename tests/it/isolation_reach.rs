//! What a program of a hand-in reaches where it runs apart: no socket or home of others, no terminal, few processes. It
//! ends with whoever has started it.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};

use p2p_chat::tools::handout::isolation::{Apart, Grant, Isolation};

use crate::support::Folder;

/// The variable by which the test that starts a program, and is killed, knows the folder and how.
const STARTS: &str = "TEST_STARTS";
/// How long the end of a program may take. It would run on for twice as long.
const SOON: Duration = Duration::from_secs(20);

/// How programs can be kept apart here. Root can do all of it.
fn all() -> Vec<Isolation> {
    let found = Isolation::find();
    let root = Isolation::Namespaces { root: true };
    match found {
        Isolation::Nothing => Vec::new(),
        found if found == root => {
            vec![root, Isolation::Namespaces { root: false }, Isolation::User]
        }
        found => vec![found],
    }
}

/// What this script says where a hand-in's program runs. `$1` is the folder there.
fn says(isolation: Isolation, folder: &Path, script: &str, path: &str) -> String {
    let place = isolation.place(1, folder).display().to_string();
    let (shares, limit) = (&[Grant::Write(folder)], 3 * SOON);
    let run = Apart { isolation, worker: 90, shares, hidden: &[], is_theirs: true, limit };
    let outcome = run.run(&["sh", "-c", script, "sh", &place], &[("PATH", path.to_owned())]);
    outcome.map(|it| it.output + &it.errors).unwrap()
}

/// A folder that lies neither in `/tmp` nor where anything is hidden by its name.
struct Elsewhere(PathBuf);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // it lies among others of its kind
    }
}

#[test]
#[ignore = "needs namespaces"]
fn homes_sockets_and_terminals_are_not_there_and_programs_are() {
    let home = Elsewhere(Path::new("/var/tmp").join(format!("reach-{}", process::id())));
    let (programs, socket) = (home.0.join("bin"), home.0.join("socket"));
    fs::create_dir_all(&programs).unwrap();
    let _listener = UnixListener::bind(&socket).unwrap();
    symlink("/bin/echo", programs.join("of-the-home")).unwrap();
    let path = format!("{}:{}", env::var("PATH").unwrap(), programs.display());
    let script = format!(
        "for place in {} /dev/tty /dev/pts; do [ ! -e $place ] || echo $place; done; of-the-home all",
        socket.display()
    );
    for isolation in all().into_iter().filter(|it| matches!(it, Isolation::Namespaces { .. })) {
        let said = says(isolation, Folder::fresh().path(), &script, &path);
        assert_eq!(said, "all\n", "{isolation:?}");
    }
}

#[test]
#[ignore = "needs root or namespaces"]
fn programs_have_a_session_of_their_own_and_few_processes() {
    let script = "read -r all < /proc/self/stat; set -- ${all##*) }; [ $4 = $$ ] && echo own; \
                  awk '/Max processes/ { print $3, $4 }' /proc/self/limits";
    for isolation in all() {
        let most = if isolation == (Isolation::Namespaces { root: false }) { 8192 } else { 1024 };
        let said = says(isolation, Folder::fresh().path(), script, &env::var("PATH").unwrap());
        assert_eq!(said, format!("own\n{most} {most}\n"), "{isolation:?}");
    }
}

/// Tells that it has begun, and then stays for a while. All of its output goes through the folder.
const STAY: &str = "exec > $1/pipe && echo begun && trap '' INT TERM HUP && exec sleep 40";

/// The process that is killed. The others wait for none of it.
#[test]
#[ignore = "another test starts it"]
fn starts_a_program_and_waits() {
    let Ok(folder) = env::var(STARTS) else { return };
    let (number, folder) = folder.split_once(' ').unwrap();
    let isolation = all()[number.parse::<usize>().unwrap()];
    says(isolation, Path::new(folder), STAY, &env::var("PATH").unwrap());
}

/// The end of a run is the end of what it has started, which has no terminal that could end it.
#[test]
#[ignore = "needs root or namespaces"]
fn programs_end_with_who_has_started_them() {
    for (number, isolation) in all().into_iter().enumerate() {
        let folder = Folder::fresh();
        let pipe = folder.file("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["isolation_reach::starts_a_program_and_waits", "--exact", "--ignored"]);
        command.env(STARTS, format!("{number} {}", folder.path().display()));
        let mut starter = command.stdout(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(File::open(&pipe).unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "begun\n", "{isolation:?}");
        let start = Instant::now();
        starter.kill().unwrap();
        starter.wait().unwrap();
        said.read_to_string(&mut line).unwrap();
        assert!(start.elapsed() < SOON, "{isolation:?}");
    }
}
