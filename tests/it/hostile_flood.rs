//! Those who send too much, or nothing, or come in crowds: what it costs the server and the others.

use std::io::Write;

use crate::support::{Server, connected};

/// A line with its EOL.
const LINE: usize = 4096;

#[test]
fn a_line_is_measured_alike_when_it_comes_byte_by_byte() {
    let (_server, mut wire) = connected(&[]);
    for (length, fits) in [(LINE - 1, true), (LINE, true), (LINE + 1, false)] {
        let mark = "X-Padding: ";
        let line = format!("{mark}{}\r\n", "x".repeat(length - mark.len() - 2));
        for byte in format!("PING\r\nToken: {length}\r\n{line}\r\n").bytes() {
            wire.stream().write_all(&[byte]).unwrap();
        }
        if fits {
            wire.gets("PONG").has_exactly(&[("Token", &length.to_string())]);
        } else {
            wire.refuses("PING", "too-long");
        }
        wire.hears_nothing();
    }
}

#[test]
fn blank_lines_without_an_end_are_hung_up_on() {
    let (server, mut wire) = connected(&[]);
    wire.sends("\r\n".repeat(1000)).hears_nothing();
    // The server may hang up in the middle of it, which is what is asked for.
    let _ = wire.stream().write_all("\r\n".repeat(600_000).as_bytes());
    wire.is_closed();
    server.connect("somebody").hears_nothing();
}

#[cfg(target_os = "linux")]
#[test]
fn sixty_four_mebibytes_without_an_end_of_line_cost_no_memory() {
    use crate::support::process::Memory;
    use crate::support::two_joined;

    let (server, mut alice, bob) = two_joined(&[]);
    let memory = Memory::of(server.pid());
    let piece = "x".repeat(64 * 1024);
    for (beginning, kind) in [("", ""), ("SAY\r\nText: ", "SAY"), ("PING\r\n", "PING")] {
        let mut flood = server.connect("flood");
        flood.sends(beginning);
        // It may take some more after it has had enough, so that its last words arrive; it ends all the same.
        let _ = (0..1024).all(|_| flood.stream().write_all(piece.as_bytes()).is_ok());
        flood.refuses(kind, "too-long");
        flood.is_closed();
    }
    // From somebody in the room, too.
    while bob.stream().write_all(piece.as_bytes()).is_ok() {}
    alice.gets("LEFT").has(&[("clientID", "bob")]);
    memory.has_grown_by_less_than(8);
    alice.speaks("still here");
}

#[cfg(unix)]
#[test]
fn who_stands_still_is_given_up_and_its_name_is_free_in_the_end() {
    use crate::support::process::signal;
    use crate::support::{Client, alice_joined};

    let (server, mut alice) = alice_joined(&["--ping", "1", "--expires", "1"]);
    let bob = Client::joined("bob", &server);
    alice.gets("JOINED");
    // Its socket is open, and nobody is there any more.
    signal(bob.pid(), "STOP");
    let left = loop {
        let block = alice.block("a block");
        match block.find("Token") {
            Some(token) => drop(alice.asks("PONG", &[("Token", token)])),
            None => break block,
        }
    };
    left.has_exactly(&[("ID", "2"), ("clientID", "bob"), ("Reason", "timeout")]);
    let mut again = server.connect("again");
    again.registers_in_the_end("bob", 20_002).has(&[("ID", "3")]);
    again.joins("bob").has(&[("ID", "3")]);
    // What the old connection still does or does not do is nothing to the new one.
    bob.kill();
    again.says("a new one");
    again.skips_to("SAID").has(&[("ID", "3"), ("Text", "a new one")]);
}

/// Connects, makes the server say something, and goes without reading it: that resets the connection.
fn resets(server: &Server) {
    let wire = server.connect("wire");
    wire.stream().write_all(b"PING\r\n\r\n").unwrap();
    assert!(wire.stream().peek(&mut [0]).unwrap() > 0);
}

#[test]
fn two_thousand_resets_during_a_broadcast_lose_nothing() {
    let server = Server::start(&["--rate", "0"]);
    let mut listener = server.joined("listener", 20_001);
    let mut speaker = server.joined("speaker", 20_002);
    listener.gets("JOINED");
    let mut seq = 0;
    for round in 0..100 {
        for number in 0..10 {
            speaker.says(&format!("round {round} message {number}"));
        }
        std::thread::scope(|scope| {
            let crowd = || (0..10).for_each(|_| resets(&server));
            scope.spawn(crowd);
            scope.spawn(crowd);
        });
        for number in 0..10 {
            seq += 1;
            let (text, seq) = (format!("round {round} message {number}"), seq.to_string());
            for wire in [&mut listener, &mut speaker] {
                wire.gets("SAID").has(&[("Seq", &seq), ("Text", &text)]);
            }
        }
    }
    listener.hears_nothing();
}

/// A server that may have 40 descriptors.
#[cfg(target_os = "linux")]
#[test]
fn without_descriptors_the_server_waits_quietly_and_recovers() {
    use crate::support::process::{server_by, ticks};
    use crate::support::{Folder, Wire};

    let folder = Folder::fresh();
    let program = env!("CARGO_BIN_EXE_server");
    let limited = "ulimit -n 40; exec \"$0\" --port 0";
    let (server, address) = server_by("sh", &["-c", limited, program], &folder);
    let mut alice = Wire::joined(address, "alice", 20_001);
    let many: Vec<Wire> = (0..60).map(|_| Wire::connect("somebody", address)).collect();
    server.sees("cannot accept");
    let before = ticks(server.pid());
    // It says so once a second, which tells us how much time has passed.
    for _ in 0..3 {
        server.sees("cannot accept");
        alice.hears_nothing();
    }
    let busy = ticks(server.pid()) - before;
    assert!(busy < 60, "{busy} hundredths of a second of work in the three seconds");
    let told = server.output().lines().filter(|line| line.contains("cannot accept")).count();
    assert!(told < 8, "{told} lines about it");
    alice.speaks("still here");
    drop(many);
    let mut bob = Wire::joined(address, "bob", 20_002);
    alice.gets("JOINED");
    bob.says("in at last");
    alice.gets("SAID").has(&[("clientID", "bob")]);
}
