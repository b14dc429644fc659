//! `parts` and its three parts about sockets: the command line, and what each says and does.

use std::io::{Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, ends_with, starts_with};

use crate::driver::heard::{Output, Side};
use crate::support::{Folder, Played, Program, Wire, free_port};

/// Runs `parts` to its end, with nothing on its input.
fn parts(line: &str) -> assert_cmd::assert::Assert {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parts"));
    command.args(line.split_whitespace()).timeout(Duration::from_secs(60)).assert()
}

/// Starts a part.
fn start(line: &str) -> Program {
    let words: Vec<&str> = line.split_whitespace().collect();
    Program::start(&format!("parts {}", words[0]), "parts", &words, &Folder::fresh())
}

/// Starts an echo server, and gives where it listens.
fn echo(line: &str) -> (Program, SocketAddr) {
    let echo = start(line);
    let address =
        echo.waits("where it listens", |line| line.strip_prefix("listening on ")?.parse().ok());
    (echo, address)
}

/// Waits for a line on stderr with this in it.
fn complains(program: &Program, part: &str) {
    let what = format!("a line with {part:?}");
    program.waits_for(Side::Errors, &what, Output::line, |line| line.contains(part).then_some(()));
}

#[test]
fn a_wrong_command_line_is_told_in_a_sentence_and_the_usage() {
    for (line, sentence) in [
        ("", "which part?"),
        ("window 1", "window takes no arguments"),
        ("wind", "there is no part 'wind'"),
        ("echo", "echo takes one port"),
        ("echo 5555 5556", "echo takes one port"),
        ("echo port", "PORT must be a number from 0 to 65535, not 'port'"),
        ("echo 65536", "PORT must be a number from 0 to 65535, not '65536'"),
        ("echo 0 --host here", "--host must be an IP address, not 'here'"),
        ("echo 0 --limit 1", "--limit goes with connect"),
        ("connect", "connect takes one HOST:PORT or more"),
        ("connect 127.0.0.1", "'127.0.0.1' is not HOST:PORT or [IPV6]:PORT"),
        ("connect a:1 --limit 0", "--limit must be a number from 1 to 60, not '0'"),
        ("connect a:1 --host ::", "--host goes with echo"),
        ("connect a:1 --limit", "--limit needs a value"),
        ("join a:1", "join takes two of HOST:PORT"),
        ("join a:1 b:2 c:3", "join takes two of HOST:PORT"),
        ("join a:1 b", "'b' is not HOST:PORT or [IPV6]:PORT"),
        ("echo 0 --loud", "unknown flag --loud"),
    ] {
        let usage = starts_with("usage: parts PART …\n");
        let told = ends_with(format!("\nparts: {sentence}\n"));
        parts(line).code(2).stdout("").stderr(usage.and(told));
    }
    parts("--help").success().stdout(starts_with("usage: parts PART …\n  echo PORT")).stderr("");
}

#[test]
fn what_a_part_cannot_do_is_said_with_its_cause() {
    let held = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = held.local_addr().unwrap().port();
    let told = format!("parts: cannot listen on 127.0.0.1:{port}: address in use\n");
    parts(&format!("echo {port}")).code(1).stdout("").stderr(told);
    let (one, other) = (free_port(), free_port());
    let each = [one, other].map(|port| format!("127.0.0.1:{port}: connection refused")).join("; ");
    let told = format!("parts: cannot reach any of them: {each}\n");
    parts(&format!("connect 127.0.0.1:{one} 127.0.0.1:{other}")).code(1).stderr(told);
    let told = format!("parts: cannot reach 127.0.0.1:{one}: connection refused\n");
    parts(&format!("connect 127.0.0.1:{one}")).code(1).stderr(told.clone());
    parts(&format!("join 127.0.0.1:{one} 127.0.0.1:{other}")).code(1).stderr(told);
    parts("connect no-such-host.invalid:1")
        .code(1)
        .stderr(contains("cannot find no-such-host.inv"));
}

#[test]
fn a_port_that_is_taken_for_datagrams_is_no_port_to_listen_on() {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let own = socket.local_addr().unwrap();
    if TcpListener::bind(own).is_err() {
        return; // somebody else has just taken it for connections
    }
    let told = format!("parts: cannot listen on {own} (udp): address in use\n");
    parts(&format!("echo {}", own.port())).code(1).stdout("").stderr(told);
}

#[test]
fn an_echo_server_tells_who_comes_and_goes_and_ends_with_its_input() {
    let (echo, address) = echo("echo 0");
    let mut alice = TcpStream::connect(address).unwrap();
    let own = alice.local_addr().unwrap();
    echo.sees_line(&format!("{own} has connected"));
    alice.write_all(b"\0\xff\r\nnaive").unwrap();
    let mut back = [0; 9];
    alice.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"\0\xff\r\nnaive");
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    socket.send_to(b"datagram", address).unwrap();
    let (count, from) = socket.recv_from(&mut back).unwrap();
    assert_eq!((&back[..count], from), (&b"datagram"[..], address));
    let from = socket.local_addr().unwrap();
    echo.sees_line(&format!("{from} has sent a datagram of 8 bytes"));
    drop(alice);
    echo.sees_line(&format!("{own} has ended"));
    echo.ends_input();
    echo.exits(0);
}

#[test]
fn who_is_one_too_many_is_turned_away_and_a_place_is_free_again() {
    let (echo, address) = echo("echo 0");
    let mut guests: Vec<Wire> = (0..32).map(|_| Wire::connect("a guest", address)).collect();
    for guest in &mut guests {
        guest.sends("here\n").gets_bytes("here\n");
    }
    let mut late = Wire::connect("one too many", address);
    echo.sees_line(&format!("{} is one too many", late.local()));
    late.is_closed();
    let mut leaving = guests.remove(7);
    leaving.ends();
    leaving.is_closed();
    Wire::connect("the next", address).sends("now\n").gets_bytes("now\n");
}

#[test]
fn an_echo_server_listens_where_it_is_told() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return; // there is no IPv6
    }
    for line in ["echo 0 --host ::1", "echo --host [::1] 0"] {
        let (_echo, address) = echo(line);
        assert!(address.ip() == Ipv6Addr::LOCALHOST, "{address}");
        Wire::connect("a guest", address).sends("six\n").gets_bytes("six\n");
    }
}

#[test]
fn whoever_answers_first_has_the_connection_and_its_address_is_told() {
    let (gone, there) = (free_port(), Played::open());
    let line = format!("connect 127.0.0.1:{gone} localhost:{}", there.port());
    let parts = start(&line);
    let mut wire = there.accepts("there");
    complains(&parts, &format!("connected to 127.0.0.1:{}", there.port()));
    parts.types_bytes(b"no line");
    wire.gets_bytes("no line");
    wire.sends("an answer\n");
    parts.sees_line("an answer");
    parts.ends_input();
    wire.is_closed();
    wire.sends("and more\n").ends();
    parts.sees_line("and more");
    parts.exits(0);
}

#[test]
fn a_connection_that_breaks_ends_the_one_that_is_joined_with_it() {
    for breaking in [0, 1] {
        let places = [Played::open(), Played::open()];
        let [one, other] = places.each_ref().map(|place| place.address().to_string());
        let parts = start(&format!("join {one} {other}"));
        let mut sides = [0, 1].map(|side| places[side].accepts(["alice", "bob"][side]));
        complains(&parts, &format!("{one} and {other} are joined"));
        sides[breaking].sends("I read nothing");
        sides[1 - breaking].gets_bytes("I read nothing");
        sides[1 - breaking].sends("and so I am cut off");
        assert!(sides[breaking].hears_within(crate::support::DEADLINE));
        let [mut alice, mut bob] = sides;
        if breaking == 0 {
            alice.vanishes(); // with bytes unread: that is a reset
            assert!(bob.is_over());
        } else {
            bob.vanishes();
            assert!(alice.is_over());
        }
        complains(&parts, &format!("cannot go on joining {one} and {other}: connection reset"));
        parts.exits(1);
    }
}

/// The same port at another address of this machine looks like another echo.
#[test]
fn a_datagram_from_what_may_be_another_echo_gets_no_answer() {
    let (echo, address) = echo("echo 0");
    let Ok(twin) = UdpSocket::bind(("127.0.0.2", address.port())) else {
        return; // Linux alone has such addresses
    };
    twin.send_to(b"forged", address).unwrap();
    let own = twin.local_addr().unwrap();
    echo.sees_line(&format!("{own} gets no answer: it may be a service that answers, too"));
    twin.set_nonblocking(true).unwrap();
    assert!(twin.recv_from(&mut [0; 9]).is_err());
}
