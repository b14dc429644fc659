//! The end of a server: /quit waits for nobody who does not end by himself.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::{DEADLINE, Server, alice_joined};

/// How many of those who keep a connection are there at a time.
const KEPT: usize = 40;

/// Comes and says QUIT and keeps the connection, again and again until the server is gone or it is over.
fn quits_and_stays(address: SocketAddr, is_over: &AtomicBool) {
    let mut kept = VecDeque::new();
    while !is_over.load(Ordering::SeqCst) {
        let Ok(mut stream) = TcpStream::connect_timeout(&address, DEADLINE) else { return };
        // The server may end at any moment.
        let _ = stream.write_all(b"QUIT\r\n\r\n");
        kept.push_back(stream);
        if kept.len() > KEPT {
            kept.pop_front();
        }
        // Only its pace, so that some of them are always there; nothing waits for it.
        thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn quit_does_not_wait_for_those_who_have_quit_and_keep_their_connection() {
    let server = Server::start(&["--rate", "0"]);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| quits_and_stays(server.address(), &over));
        let mut wire = server.connect("wire");
        wire.asks("QUIT", &[]).is_closed();
        server.types("/quit");
        // A scope waits for its threads also when the test fails.
        let _over = Over(&over);
        server.exits(0);
    });
}

/// Says on its end that it is over.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn quit_does_not_wait_for_somebody_outside_the_room_who_never_reads() {
    let server = Server::start(&["--rate", "0", "--backlog", "100000000"]);
    let mut deaf = server.connect("deaf");
    for number in 0..200 {
        deaf.registers(&format!("{number:04}{}", "x".repeat(28)), 20_001);
    }
    // 20 MB of answers, where the buffers of a loopback connection end at about 4.
    deaf.sends("INFO\n\n".repeat(2_000));
    let mut alice = server.joined("alice", 20_002);
    server.types("/quit");
    alice.gets("BYE").has_exactly(&[("Reason", "shutdown")]);
    alice.is_closed();
    server.exits(0);
    drop(deaf);
}

#[test]
fn quit_does_not_wait_for_a_member_who_never_reads() {
    let server = Server::start(&["--rate", "0", "--backlog", "100000000"]);
    let deaf = server.joined("deaf", 20_001);
    let mut alice = server.joined("alice", 20_002);
    let text = "x".repeat(1900);
    for _ in 0..3_500 {
        alice.says(&text);
        alice.skips_to("SAID");
    }
    server.types("/quit");
    alice.gets("BYE").has_exactly(&[("Reason", "shutdown")]);
    alice.is_closed();
    server.exits(0);
    drop(deaf);
}

#[test]
fn a_line_that_is_no_text_does_not_close_the_console() {
    let (server, mut alice) = alice_joined(&[]);
    server.types_bytes(b"\xff\xfe\n/kick \xff\n\xc3\n");
    server.types("/quit");
    alice.gets("BYE").has_exactly(&[("Reason", "shutdown")]);
    server.exits(0);
}
