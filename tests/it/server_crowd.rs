//! Many at once: one order for all, and nobody waits for the slow, the silent or the hostile.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use crate::support::{Block, DEADLINE, Server, Wire, alice_joined};

/// Enters the room, past what is said about those who enter at the same time.
fn enter(address: SocketAddr, name: &str, port: u16) -> Wire {
    let mut wire = Wire::joined(address, name, port);
    wire.stream().set_nodelay(true).unwrap();
    wire.asks("PING", &[("Token", "in")]);
    wire.skips_to("PONG");
    wire
}

/// The next `count` messages of the room.
fn messages(wire: &mut Wire, count: usize) -> Vec<Block> {
    (0..count).map(|_| wire.skips_to("SAID")).collect()
}

#[test]
fn everyone_hears_every_message_once_and_in_one_order() {
    const SPEAKERS: u16 = 8;
    const LISTENERS: u16 = 4;
    const EACH: usize = 200;
    let server = Server::start(&["--rate", "0"]);
    let names = (0..SPEAKERS + LISTENERS).map(|number| (number, format!("c{number}")));
    let mut wires: Vec<Wire> =
        names.map(|(number, name)| enter(server.address(), &name, 20_000 + number)).collect();
    let all = usize::from(SPEAKERS) * EACH;
    let heard: Vec<Vec<Block>> = thread::scope(|scope| {
        let work = |(number, wire): (usize, &'_ mut Wire)| {
            if number < usize::from(SPEAKERS) {
                for count in 0..EACH {
                    wire.says(&format!("{number} {count}"));
                }
            }
            messages(wire, all)
        };
        let running: Vec<_> =
            wires.iter_mut().enumerate().map(|member| scope.spawn(move || work(member))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let seqs: Vec<u64> = heard[0].iter().map(|block| block.number("Seq")).collect();
    assert_eq!(seqs, (1..=all as u64).collect::<Vec<_>>());
    for (number, other) in heard.iter().enumerate() {
        assert!(*other == heard[0], "member {number} heard something else than member 0");
    }
    for speaker in 0..SPEAKERS {
        let name = format!("c{speaker}");
        let own = heard[0].iter().filter(|block| block.get("clientID") == name);
        let texts: Vec<&str> = own.map(|block| block.get("Text")).collect();
        let expected: Vec<String> = (0..EACH).map(|count| format!("{speaker} {count}")).collect();
        assert_eq!(texts, expected, "what {name} said, in the order in which it was said");
    }
}

/// Pushes `rounds` times fifty long texts through the room, the listener always keeping up, and gives the LEFT that
/// came in between, if it did.
#[track_caller]
fn push(rounds: usize, speaker: &mut Wire, listener: &mut Wire) -> Option<Block> {
    const EACH: usize = 50;
    let text = "x".repeat(1900);
    let mut left = None;
    for round in 0..rounds {
        for _ in 0..EACH {
            speaker.says(&text);
        }
        messages(speaker, EACH);
        for count in 0..EACH {
            let mut block = listener.block("a block");
            if block.kind == "LEFT" {
                left = Some(block);
                block = listener.block("a block");
            }
            assert_eq!(block.number("Seq"), (round * EACH + count + 1) as u64);
        }
    }
    left
}

/// Over 6 MB with [`push`], where the buffers of a loopback connection end at about 4.
const ROUNDS: usize = 70;

#[test]
fn a_member_that_never_reads_delays_nobody() {
    let server = Server::start(&["--rate", "0", "--backlog", "65536"]);
    let stalled = server.joined("stalled", 20_001);
    let mut speaker = enter(server.address(), "speaker", 20_002);
    let mut listener = enter(server.address(), "listener", 20_003);
    let left = push(ROUNDS, &mut speaker, &mut listener);
    let left = left.unwrap_or_else(|| listener.gets("LEFT"));
    left.has_exactly(&[("ID", "1"), ("clientID", "stalled"), ("Reason", "slow")]);
    drop(stalled);
}

#[test]
fn a_member_without_progress_is_sent_away_before_its_backlog_is_full() {
    let server = Server::start(&["--rate", "0", "--backlog", "100000000"]);
    let _stalled = server.joined("stalled", 20_001);
    let mut speaker = enter(server.address(), "speaker", 20_002);
    let mut listener = enter(server.address(), "listener", 20_003);
    // Its 3 s are the server's; here is only waited for what it says then.
    let left = push(ROUNDS, &mut speaker, &mut listener);
    let left = left.unwrap_or_else(|| listener.gets("LEFT"));
    left.has(&[("clientID", "stalled"), ("Reason", "slow")]);
}

#[test]
fn a_member_that_reads_late_is_given_everything() {
    let server = Server::start(&["--rate", "0", "--backlog", "100000000"]);
    let mut late = server.joined("late", 20_001);
    let mut speaker = enter(server.address(), "speaker", 20_002);
    let mut listener = enter(server.address(), "listener", 20_003);
    push(10, &mut speaker, &mut listener);
    let seqs: Vec<u64> = messages(&mut late, 500).iter().map(|block| block.number("Seq")).collect();
    assert_eq!(seqs, (1..=500).collect::<Vec<_>>());
}

#[test]
fn one_name_has_one_owner_however_many_want_it() {
    const RIVALS: u16 = 50;
    let server = Server::start(&["--rate", "0"]);
    for round in 0..6 {
        let name = format!("prize{round}");
        let start = Barrier::new(RIVALS.into());
        let wires: Vec<Wire> = (0..RIVALS).map(|_| server.connect("somebody")).collect();
        let rivals: Vec<(Wire, bool)> = thread::scope(|scope| {
            let fight = |(rival, mut wire): (u16, Wire)| {
                let (name, port) = (&name, 20_000 + rival);
                start.wait();
                wire.sends(format!(
                    "REGISTER\r\nclientID: {name}\r\nIP: \r\nPort: {port}\r\n\r\n\
                     JOIN\r\nclientID: {name}\r\n\r\n"
                ));
                let (registered, joined) = (wire.block("a block"), wire.block("a block"));
                for block in
                    [&registered, &joined].into_iter().filter(|block| block.kind == "ERROR")
                {
                    assert_eq!(block.get("Code"), "name-taken", "{block}");
                }
                (wire, joined.kind == "JOINACK")
            };
            let running: Vec<_> =
                (0..).zip(wires).map(|rival| scope.spawn(move || fight(rival))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        // All connections stand until all were answered, or the name would have been free in between.
        assert_eq!(rivals.iter().filter(|(_, won)| *won).count(), 1, "owners of {name}");
    }
}

#[test]
fn fifty_come_at_once_and_each_has_an_id_of_its_own() {
    const GUESTS: u16 = 50;
    let server = Server::start(&[]);
    let start = Barrier::new(GUESTS.into());
    let wires: Vec<Wire> = (0..GUESTS).map(|_| server.connect("somebody")).collect();
    let wires: Vec<(Wire, u64)> = thread::scope(|scope| {
        let enter = |(guest, mut wire): (u16, Wire)| {
            start.wait();
            let registered = wire.registers(&format!("guest{guest}"), 20_000 + guest).number("ID");
            let joined =
                wire.obtains("JOIN", &[("clientID", &format!("guest{guest}"))]).number("ID");
            assert_eq!(registered, joined);
            (wire, joined)
        };
        let running: Vec<_> =
            (0..).zip(wires).map(|guest| scope.spawn(move || enter(guest))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut ids: Vec<u64> = wires.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=u64::from(GUESTS)).collect::<Vec<_>>());
    let mut wire = server.connect("wire");
    assert_eq!(wire.lists().len(), usize::from(GUESTS));
}

#[test]
fn the_silent_and_the_slow_to_finish_block_nobody() {
    let server = Server::start(&[]);
    let _silent: Vec<Wire> = (0..20).map(|_| server.connect("somebody")).collect();
    let mut half = server.connect("half");
    half.sends("REGISTER\r\nclientID: half\r\nPo");
    let mut alice = server.joined("alice", 20_001);
    let mut bob = server.joined("bob", 20_002);
    alice.gets("JOINED");
    alice.says("nobody is in our way");
    bob.gets("SAID");
    half.sends("rt: 20003\r\n\r\n");
    half.gets("REGACK").has(&[("Port", "20003"), ("ID", "3")]);
}

#[test]
fn a_full_server_says_so_and_has_room_again_later() {
    let server = Server::start(&["--max-clients", "2"]);
    let mut first = server.connect("first");
    let mut second = server.connect("second");
    first.hears_nothing();
    second.hears_nothing();
    let mut third = server.connect("third");
    third.refuses("", "server-full");
    third.is_closed();
    first.hears_nothing();
    drop(second);
    // The server needs a moment to see that the second is gone, so the fourth asks until it is let in.
    while !let_in(&server) {}
    first.hears_nothing();
}

/// Connects and tells whether the server has room.
fn let_in(server: &Server) -> bool {
    let mut wire = server.connect("wire");
    // A full server may have hung up before it reads this.
    let _ = wire.stream().write_all(b"PING\r\nToken: room\r\n\r\n");
    let answer = wire.block("a block");
    if answer.kind == "ERROR" {
        answer.has(&[("Code", "server-full")]);
    }
    answer.kind == "PONG"
}

#[test]
fn connections_that_come_and_go_leave_nothing_behind() {
    let server = Server::start(&["--max-clients", "10"]);
    for round in 0..100 {
        let mut wire = server.connect("wire");
        match round % 4 {
            0 => drop(wire.sends("GET / HTTP/1.1\r\n\r\n")),
            1 => drop(wire.sends("REGISTER\r\nclient")),
            2 => drop(wire.sends(b"\xff\xff\0\0\r\n\r\n")),
            _ => {}
        }
        drop(wire);
        while !let_in(&server) {}
    }
    let mut wire = server.connect("wire");
    assert_eq!(wire.lists(), [""; 0]);
}

#[test]
fn who_asks_and_never_reads_the_answers_harms_nobody() {
    let (server, mut alice) = alice_joined(&["--rate", "0", "--backlog", "65536"]);
    let mut bob = enter(server.address(), "bob", 20_002);
    alice.gets("JOINED");
    let deaf = server.connect("deaf");
    let questions = "INFO\r\n\r\n".repeat(1000);
    let since = Instant::now();
    // Until the server has had enough of it: what it keeps for one client is limited.
    while deaf.stream().write_all(questions.as_bytes()).is_ok() {
        alice.speaks("still here");
        bob.gets("SAID");
        assert!(since.elapsed() < DEADLINE, "the server answers somebody who never reads");
    }
    bob.hears_nothing();
}
