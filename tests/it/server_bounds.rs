//! What others may cost: a slow reader no time, a greedy one no memory, a restless one no descriptors.

use std::io::Read;

use crate::support::{Server, Wire};

/// Enters the room, past what is said about those who enter at the same time.
#[track_caller]
fn enter(server: &Server, name: &str, port: u16) -> Wire {
    let mut wire = server.joined(name, port);
    wire.asks("PING", &[("Token", "in")]);
    wire.skips_to("PONG");
    wire
}

/// Reads a little of what waits, if anything does, and gives its size.
fn sips(wire: &Wire) -> usize {
    let mut little = [0; 4096];
    wire.stream().set_nonblocking(true).unwrap();
    let count = wire.stream().read(&mut little).unwrap_or(0);
    wire.stream().set_nonblocking(false).unwrap();
    count
}

#[test]
fn those_who_read_a_little_at_a_time_slow_nobody_down() {
    const MESSAGES: u64 = 5_000;
    let server = Server::start(&["--rate", "0", "--backlog", "100000000"]);
    let names = (0..5).map(|number| (20_010 + number, format!("slow{number}")));
    let slow: Vec<Wire> = names.map(|(port, name)| enter(&server, &name, port)).collect();
    let mut speaker = enter(&server, "speaker", 20_001);
    let mut listener = enter(&server, "listener", 20_002);
    speaker.gets("JOINED");
    let (text, mut drunk) = ("x".repeat(1900), [0; 5]);
    // They are given almost four times as much as they take, so that soon their sockets are full and stay so.
    for seq in 1..=MESSAGES {
        speaker.speaks(&text);
        assert_eq!(listener.gets("SAID").number("Seq"), seq);
        if seq % 8 == 0 {
            slow.iter().zip(&mut drunk).for_each(|(wire, drunk)| *drunk += sips(wire));
        }
    }
    let said = usize::try_from(MESSAGES).unwrap() * text.len();
    for (mut wire, drunk) in slow.into_iter().zip(drunk) {
        assert!(0 < drunk && drunk < said / 2, "of {said} bytes one has read {drunk}");
        // They were slow and not stuck, so nothing is lost to them.
        let mut rest = 0;
        while rest + drunk < said {
            let mut much = [0; 16 * 1024];
            let count = wire.stream().read(&mut much).unwrap();
            assert!(count > 0, "sent away after {} of {said} bytes", drunk + rest);
            rest += count;
        }
        wire.ends();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn small_questions_with_large_answers_cost_little_memory() {
    use crate::support::process::Memory;

    const ENTRIES: u64 = 600;
    let server = Server::start(&["--rate", "0"]);
    let mut many = server.connect("many");
    for number in 0..ENTRIES {
        many.registers(&format!("{number:04}{}", "x".repeat(28)), 20_001);
    }
    let mut greedy = enter(&server, "greedy", 20_002);
    let memory = Memory::of(server.pid());
    // 54 KB, the answers to which would be 450 MB.
    greedy.sends("INFO\n\n".repeat(9_000));
    server.sees("greedy left (slow)");
    memory.has_grown_by_less_than(32);
}

/// How many descriptors the server has open.
#[cfg(target_os = "linux")]
fn descriptors(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

#[cfg(target_os = "linux")]
#[test]
fn who_comes_back_a_hundred_times_leaves_no_descriptors_behind() {
    use std::time::Instant;

    use crate::support::DEADLINE;

    let server = Server::start(&["--rate", "0"]);
    let mut other = server.connect("other");
    let mut alice = server.registered("alice", 20_001);
    let token = alice.joins("alice").get("Token").to_owned();
    let before = descriptors(&server);
    for _ in 0..100 {
        let mut again = server.connect("again");
        again.obtains("JOIN", &[("clientID", "alice"), ("Token", &token)]);
        alice = again;
    }
    // Nobody says anything in the room; each connection may take a moment to end.
    let since = Instant::now();
    while descriptors(&server) > before {
        other.hears_nothing();
        let now = descriptors(&server);
        assert!(since.elapsed() < DEADLINE, "{before} descriptors at first, {now} in the end");
    }
    alice.speaks("still here");
}
