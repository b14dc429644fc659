//! Yesterday's programs still talk to today's: those of an earlier commit are built from the history, and each mixture
//! of a server, a caller and somebody who is called does what a chat consists of.
//!
//! The earlier programs are built once, into a folder below `target`. They need the commit: a shallow clone has none.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use crate::support::{Folder, Program};

/// The commit whose programs must go on working: the first release of this protocol.
const COMMIT: &str = "11e1b56450d6adf0b5aa1b492bb8aaa375583e42";

/// Which programs: those of that commit, or those of this tree.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Era {
    Old,
    New,
}

use Era::{New, Old};

/// All mixtures: the server, who calls, and who is called.
const MIXTURES: [[Era; 3]; 6] = [
    [Old, New, New],
    [New, Old, New],
    [New, New, Old],
    [New, Old, Old],
    [Old, Old, New],
    [Old, New, Old],
];

impl Era {
    /// The path of the program with this name.
    fn program(self, name: &str) -> PathBuf {
        match (self, name) {
            (Old, _) => old_programs().join(format!("{name}{}", std::env::consts::EXE_SUFFIX)),
            (New, "server") => env!("CARGO_BIN_EXE_server").into(),
            (New, _) => env!("CARGO_BIN_EXE_client").into(),
        }
    }

    /// Starts its server in this folder, whose log it continues, and waits until it listens.
    #[track_caller]
    fn serves(self, folder: &Folder, port: u16) -> (Program, SocketAddr) {
        let path = self.program("server");
        let arguments = ["--port", &port.to_string(), "--log", "server.log"];
        let title = format!("server ({self:?})");
        let server = Program::start(&title, path.to_str().unwrap(), &arguments, folder);
        let line = server.sees("Server listening on ");
        let address = line.rsplit(' ').next().unwrap().parse().unwrap();
        (server, address)
    }

    /// Starts its client and waits until it is in the room.
    #[track_caller]
    fn joins(self, name: &str, server: SocketAddr) -> Person {
        let (path, server) = (self.program("client"), server.to_string());
        let arguments = ["--id", name, "--port", "0", "--server", &server];
        let (title, folder) = (format!("client {name} ({self:?})"), Folder::fresh());
        let program = Program::start(&title, path.to_str().unwrap(), &arguments, &folder);
        let line = program.sees(&format!("{name} running on "));
        let address = line.rsplit(' ').next().unwrap().parse().unwrap();
        program.sees("Other clients' IDs: ");
        Person { name: name.to_owned(), address, program, _folder: folder }
    }
}

/// A client in the room.
struct Person {
    name: String,
    address: SocketAddr,
    program: Program,
    _folder: Folder,
}

impl Deref for Person {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl Person {
    /// Says something in the room, which comes back as SAID and reaches the other.
    #[track_caller]
    fn says(&self, other: &Person, text: &str) {
        self.types(text);
        for person in [self, other] {
            person.sees(&format!(" {}: {text}", self.name));
        }
    }

    /// Tells the other something through the server.
    #[track_caller]
    fn tells(&self, other: &Person, text: &str) {
        self.types(&format!("/tell {} {text}", other.name));
        self.sees(&format!("Sent to {} ", other.name));
        other.sees(&format!("{} (private): {text}", self.name));
    }

    /// Calls the other. The Ticket verifies the caller, the Answer the other: both clients say so.
    #[track_caller]
    fn calls(&self, other: &Person) {
        self.types(&format!("/chat {}", other.name));
        // Between two of today, at a server of today, the line says that it is encrypted.
        other.sees(&format!("Incoming chat request from {} {} (verified", self.name, self.address));
        self.sends(other, "direct", "the first by TCP");
        other.sends(self, "direct", "the second by TCP");
        for (person, peer) in [(self, other), (other, self)] {
            person.lists(peer, "tcp");
        }
    }

    /// Opens a conversation by UDP, to which the other opens its own.
    #[track_caller]
    fn queries(&self, other: &Person) {
        for (person, peer) in [(self, other), (other, self)] {
            person.types(&format!("/query {}", peer.name));
            person.sees(&format!("conversation with {} {} ", peer.name, peer.address));
            let from = format!("{} {} (verified", person.name, person.address);
            peer.sees(&format!("Incoming query from {from}"));
        }
        for (person, peer) in [(self, other), (other, self)] {
            for number in 1..=20 {
                let text = format!("number {number} by UDP");
                person.sends(peer, "udp", &text);
                person.sees_line(&format!("Delivered to {} (udp): {text}", peer.name));
            }
            person.lists(peer, "udp");
        }
    }

    /// Sends the other a text in the current direct chat.
    #[track_caller]
    fn sends(&self, other: &Person, way: &str, text: &str) {
        self.types(&format!("/msg {text}"));
        self.sees(&format!("Sent to {} ", other.name));
        other.sees_line(&format!("{} ({way}): {text}", self.name));
    }

    /// Has a verified direct chat with the other.
    #[track_caller]
    fn lists(&self, other: &Person, transport: &str) {
        self.types("/peers");
        self.sees(&format!("{} {} {transport} (verified", other.name, other.address));
    }

    /// Notices that the server is gone, and joins the next one.
    #[track_caller]
    fn comes_back(&self) {
        self.sees("lost the server");
        self.sees("Other clients' IDs: ");
    }
}

#[test]
#[ignore = "builds the programs of an earlier commit"]
fn yesterdays_programs_chat_with_todays() {
    old_programs();
    thread::scope(|scope| {
        for mixture @ [server, caller, called] in MIXTURES {
            let title = format!("server {server:?}, caller {caller:?}, called {called:?}");
            let chat =
                thread::Builder::new().name(title).spawn_scoped(scope, move || chat(mixture));
            chat.unwrap(); // a panic in it ends the scope with one
        }
    });
}

/// All that a chat consists of, from the first word to the last.
fn chat([at_server, at_alice, at_bob]: [Era; 3]) {
    let folder = Folder::fresh();
    let (server, address) = at_server.serves(&folder, 0);
    let alice = at_alice.joins("alice", address);
    alice.types("before bob");
    alice.sees(" alice: before bob");
    let bob = at_bob.joins("bob", address);
    alice.sees(&format!("bob joined (ID 2, {})", bob.address));
    bob.sees(" alice: before bob");
    alice.says(&bob, "hello, room");
    bob.says(&alice, "hello, alice");
    alice.tells(&bob, "between us");
    bob.tells(&alice, "between us, too");
    for (caller, called) in [(&alice, &bob), (&bob, &alice)] {
        caller.calls(called);
        caller.types("/hangup");
        called.sees_line(&format!("{} ended the chat", caller.name));
    }
    alice.queries(&bob);

    // The server is killed, and its successor goes on with its log.
    server.kill();
    let (server, _) = at_server.serves(&folder, address.port());
    for person in [&alice, &bob] {
        person.comes_back();
    }
    alice.says(&bob, "we are back");
    alice.sends(&bob, "udp", "the same conversation");
    bob.types("/quit");
    bob.exits(0);
    alice.sees("bob left (quit)");
    alice.types("/quit");
    alice.exits(0);
    server.types("/quit");
    server.exits(0);
}

/// A server is replaced by one of the other era while its room is full.
#[test]
#[ignore = "builds the programs of an earlier commit"]
fn yesterdays_log_is_continued_today_and_the_other_way_round() {
    for (first, second) in [(Old, New), (New, Old)] {
        println!("first {first:?}, then {second:?}");
        let folder = Folder::fresh();
        let (server, address) = first.serves(&folder, 0);
        let people = [Old, New].map(|era| era.joins(&format!("{era:?}"), address));
        people[0].says(&people[1], "said before");
        server.kill();
        let (_server, _) = second.serves(&folder, address.port());
        for person in &people {
            person.comes_back();
        }
        people[1].says(&people[0], "said after");
        let newcomer = second.joins("newcomer", address);
        newcomer.sees(" Old: said before");
        newcomer.sees(" New: said after");
        let said_again = people[0].output().matches("Old: said before").count();
        assert_eq!(said_again, 1, "{}", people[0].output());
    }
}

/// The folder with the programs of the earlier commit, which are built if they are not there yet.
fn old_programs() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("yesterday").join(&COMMIT[..7]);
    fs::create_dir_all(&folder).unwrap();
    let (lock, done) = (File::create(folder.join("lock")).unwrap(), folder.join("done"));
    lock.lock().unwrap();
    if !done.exists() {
        unpack(&folder.join("tree"));
        build(&folder.join("tree"), &folder.join("target"));
        fs::write(done, COMMIT).unwrap();
    }
    folder.join("target/debug")
}

/// Writes the tree of that commit into a folder.
fn unpack(tree: &Path) {
    let _ = fs::remove_dir_all(tree); // what an interrupted run has left there
    fs::create_dir_all(tree).unwrap();
    let archive = tree.with_extension("tar");
    let mut git = Command::new("git");
    git.current_dir(env!("CARGO_MANIFEST_DIR"));
    // The tree may belong to somebody else, as on many machines that run checks.
    git.args(["-c", "safe.directory=*", "archive", "--format=tar", "-o"]);
    let Output { status, stderr, .. } = git.arg(&archive).arg(COMMIT).output().unwrap();
    let told = String::from_utf8_lossy(&stderr);
    assert!(
        status.success(),
        "the history of this clone does not have commit {COMMIT}, whose programs this test builds: \
         if it is a shallow clone, `git fetch --unshallow` fetches the rest\n{told}"
    );
    let mut tar = Command::new("tar");
    assert!(tar.arg("-xf").arg(&archive).arg("-C").arg(tree).status().unwrap().success());
}

/// Builds its server and its client.
fn build(tree: &Path, target: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(tree).args(["build", "--quiet", "--bin", "server", "--bin", "client"]);
    cargo.env("CARGO_TARGET_DIR", target).env("CARGO_PROFILE_DEV_DEBUG", "0");
    let Output { status, stderr, .. } = cargo.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
}
