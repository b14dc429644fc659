//! TLS between clients and the server: who gets in, who does not, and what each is told.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use p2p_chat::tls::{Alert, TlsError};

use crate::support::{Client, DEADLINE, Folder, Keyed, Lane, Played, Program, Server, Wire};
use crate::tls::bytes;

const REGISTER: &str = "REGISTER\r\nclientID: mallory\r\nPort: 4000\r\n\r\n";

/// A sentence of a client that does not get in.
#[track_caller]
fn cannot_reach(client: &Client, why: &str) {
    let line = client.sees("cannot reach the server ");
    assert!(line.ends_with(&format!(": {why}; trying again")), "{line}");
}

#[test]
fn a_room_is_as_always_and_nobody_on_the_way_reads_it() {
    let server = Keyed::start(&[]);
    let network = Lane::to(server.0.address());
    let alice = server.joined("alice", network.address(), &[]);
    let bob = server.joined("bob", server.0.address(), &[]);
    alice.sees("bob joined (ID 2, ");
    alice.says(&bob, "nobody else must read this");
    bob.says(&alice, "nor this");
    alice.asks_line("/tell bob in your ear", "Sent to bob (ID 2): in your ear");
    alice.asks("/history", "nobody else must read this");
    alice.quits();
    bob.sees("alice left (quit)");
    let heard = String::from_utf8_lossy(&network.heard()).into_owned();
    assert!(heard.len() > 1_000, "{}", heard.len());
    for word in ["alice", "SAY", "must read", "nor this", "ear", "QUIT", "Token"] {
        assert!(!heard.contains(word), "{word} is on the wire");
    }
}

#[test]
fn a_key_is_made_once_and_is_its_owners_alone() {
    let server = Keyed::start(&[]);
    let file = server.key();
    let key = fs::read_to_string(&file).unwrap();
    assert!(key.len() == 33 && key.trim().bytes().all(|digit| digit.is_ascii_hexdigit()), "{key}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!server.0.output().contains(key.trim()), "it is printed");
    server.0.sees("made a key in class.key: clients need a copy of it");
    let server = Keyed(server.0.starts_again());
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
    server.joined("alice", server.0.address(), &[]);
    assert!(!server.0.output().contains("made a key"));
}

/// Starts a program with a file of this content as its key: it must refuse it with this sentence, and not quote it.
#[track_caller]
fn is_no_key(content: &[u8], sentence: &str) {
    let folder = Folder::fresh();
    fs::write(folder.file("class.key"), content).unwrap();
    for (program, flags) in [("server", &["--port", "0"][..]), ("client", &["alice"])] {
        let arguments = [&["--key", "class.key"], flags].concat();
        let program = Program::start(program, program, &arguments, &folder);
        let line = program.complains(sentence);
        assert!(!line.contains("0123"), "{line}");
        program.exits(1);
    }
}

#[test]
fn a_file_that_is_no_key_is_refused() {
    for content in
        ["", "0123", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"]
    {
        is_no_key(content.as_bytes(), "the key in class.key must be 32 hexadecimal digits");
    }
    is_no_key(&[0xff; 32], "cannot read the key class.key: ");
}

#[test]
fn a_client_needs_the_file_and_makes_none() {
    let folder = Folder::fresh();
    let client = Program::start("client", "client", &["alice", "--key", "none.key"], &folder);
    client.complains("cannot read the key none.key: ");
    client.exits(1);
    assert!(!folder.file("none.key").exists());
    Client::show_usage(&["alice --key"]);
}

#[test]
fn who_speaks_without_tls_is_told_what_is_needed() {
    let server = Keyed::start(&[]);
    let mut plain = server.0.connect("mallory");
    plain.sends(REGISTER);
    plain.refuses("REGISTER", "tls-required");
    plain.is_closed();
    let mut browser = server.0.connect("a browser");
    browser.sends("GET / HTTP/1.1\r\n\r\n");
    assert!(browser.rest().is_empty());
    let client = Client::start("carol", server.0.address());
    client.sees_line(
        "not registered: the server says: this server speaks TLS alone: it needs the class's key; \
         start the client with --key FILE",
    );
    let alice = server.joined("alice", server.0.address(), &[]);
    alice.asks_line("/list", "1 registered:");
    assert!(!alice.output().contains("mallory") && !alice.output().contains("carol"));
}

#[test]
fn clients_without_tls_may_be_served_beside() {
    let server = Keyed::start(&["--allow-plain"]);
    let alice = server.joined("alice", server.0.address(), &[]);
    let bob = Client::joined("bob", &server.0);
    alice.says(&bob, "from within");
    bob.says(&alice, "from without");
}

#[test]
fn to_serve_them_goes_with_a_key() {
    let server =
        Program::start("server", "server", &["--port", "0", "--allow-plain"], &Folder::fresh());
    server.complains("--allow-plain goes with --key");
    server.exits(2);
}

#[test]
fn a_wrong_key_opens_nothing() {
    let server = Keyed::start(&[]);
    let other = Keyed::start(&[]);
    let address = server.0.address().to_string();
    let mallory = other.client("mallory", &address, &[]);
    cannot_reach(&mallory, "it does not accept the key");
    let alice = server.joined("alice", server.0.address(), &[]);
    assert!(!server.0.output().contains("mallory"), "it was heard");
    alice.asks("/id", "you are alice (ID 1)");
}

#[test]
fn a_client_with_a_key_never_speaks_without() {
    let key = Keyed::start(&[]);
    let plain = Server::start(&[]);
    let client = key.client("alice", plain.address(), &[]);
    cannot_reach(
        &client,
        "it answers without TLS, as anybody on the way could: \
         this is TLS, which a server without a key does not speak",
    );
    assert!(!plain.output().contains("alice"));

    let played = Played::open();
    let client = key.client("bob", played.address(), &[]);
    let mut server = played.accepts("the server (played)");
    server.sends("220 mail.example ESMTP\x1b[2J\r\n\r\n");
    let quoted =
        "it answers without TLS, as anybody on the way could: 220 mail.example ESMTP\\u{1b}[2J";
    cannot_reach(&client, quoted);
    assert!(server.rest().is_empty());
}

#[test]
fn a_full_server_says_so_in_plain() {
    let server = Keyed::start(&["--max-clients", "1"]);
    let _alice = server.joined("alice", server.0.address(), &[]);
    let bob = server.client("bob", server.0.address(), &[]);
    let line = bob.sees("cannot reach the server ");
    assert!(line.contains("without TLS") && line.contains("largest number of clients"), "{line}");
}

#[test]
fn a_server_without_a_key_says_so_at_once() {
    let server = Server::start(&[]);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(&[22, 3, 1, 0, 5]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Code: malformed") && answer.contains("this is TLS"), "{answer}");
}

#[test]
fn last_words_come_before_the_end_is_said() {
    let server = Keyed::start(&[]);
    let mut bob = server.connect(server.0.address());
    bob.sends("REGISTER\r\nclientID: bob\r\nPort: 4000\r\n\r\nJOIN\r\nclientID: bob\r\n\r\n");
    bob.gets("JOINACK");
    server.0.types("/quit");
    let (last, end) = bob.rest();
    assert!(last.ends_with("BYE\r\nReason: shutdown\r\n\r\n"), "{last}");
    assert!(end.is_ok(), "{end:?}");
}

#[test]
fn an_answer_to_quit_ends_with_close_notify() {
    let server = Keyed::start(&[]);
    let mut bob = server.connect(server.0.address());
    bob.sends(&format!("{REGISTER}QUIT\r\n\r\n"));
    let (all, end) = bob.rest();
    assert!(all.starts_with("REGACK\r\n") && end.is_ok(), "{all} {end:?}");
}

#[test]
fn an_end_that_nobody_said_is_told_as_a_cut() {
    let server = Keyed::start(&[]);
    let network = Lane::to(server.0.address());
    let alice = server.joined("alice", network.address(), &[]);
    network.breaks();
    let line = alice.sees("lost the server ");
    assert!(
        line.ends_with(": TLS: the connection is cut, without close_notify; trying again"),
        "{line}"
    );
    network.leads_to(server.0.address());
    alice.sees("Welcome to the chat, alice!");
}

#[test]
fn a_changed_record_ends_that_connection_and_no_other() {
    let server = Keyed::start(&[]);
    let mut mallory = server.connect(server.0.address());
    let bob = server.joined("bob", server.0.address(), &[]);
    mallory.sends(&format!("{REGISTER}JOIN\r\nclientID: mallory\r\n\r\n"));
    bob.sees("mallory joined");
    let mut records = mallory.seals("SAY\r\nText: changed on the way\r\n\r\n");
    *records.last_mut().unwrap() ^= 1;
    mallory.socket.write_all(&records).unwrap();
    let (_, end) = mallory.rest();
    let alert = TlsError::of(&end.unwrap_err());
    assert_eq!(alert, Some(TlsError::Received(Alert::BAD_RECORD_MAC)));
    let line = bob.sees_without("changed on the way", "mallory left");
    assert_eq!(line, "mallory left (gone)");
}

#[test]
fn a_replayed_record_ends_the_connection() {
    let server = Keyed::start(&[]);
    let bob = server.joined("bob", server.0.address(), &[]);
    let mut carol = server.connect(server.0.address());
    carol.sends(&format!("{REGISTER}JOIN\r\nclientID: mallory\r\n\r\n"));
    let records = carol.seals("SAY\r\nText: once\r\n\r\n");
    carol.socket.write_all(&[&records[..], &records].concat()).unwrap();
    bob.sees(" mallory: once");
    bob.sees_without("once", "mallory left");
}

#[test]
fn what_is_changed_on_the_way_to_a_client_is_not_shown() {
    let server = Keyed::start(&[]);
    let network = Lane::to(server.0.address());
    let alice = server.joined("alice", network.address(), &[]);
    let bob = server.joined("bob", server.0.address(), &[]);
    alice.sees("bob joined");
    network.lies();
    bob.types("as said by bob");
    let line = alice.sees("lost the server ");
    assert!(line.ends_with(": TLS: bad_record_mac; trying again"), "{line}");
    alice.sees(" bob: as said by bob"); // it comes back, and has missed nothing
}

/// Bytes that drip buy no time, in the handshake neither.
#[test]
fn a_handshake_has_no_more_time_than_a_first_request() {
    let server = Keyed::start(&["--register-timeout", "1"]);
    let mut wire = Wire::connect("mallory", server.0.address());
    let begun = Instant::now();
    // A ClientHello that has 16,380 bytes, and does not come to its end.
    assert!(wire.drips(&[22, 3, 1, 64, 0, 1, 0, 63, 252]));
    while begun.elapsed() < DEADLINE && wire.drips(&[7]) {}
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn a_long_replay_comes_in_pieces_as_always() {
    let server = Keyed::start(&["--backlog", "4096", "--rate", "0"]);
    let network = Lane::to(server.0.address());
    let alice = server.joined("alice", server.0.address(), &[]);
    let bob = server.joined("bob", network.address(), &[]);
    network.breaks();
    alice.sees("bob left (gone)");
    for number in 1..=40 {
        alice.types(&format!("{number} {}", "x".repeat(900)));
    }
    alice.sees(" alice: 40 xxx");
    network.leads_to(server.0.address());
    bob.sees(" alice: 1 xxx");
    bob.sees(" alice: 40 xxx");
    alice.asks("/id", "you are alice (ID 1)");
}

/// The first bytes of the record that a line shows, and how long it is.
fn shown(line: &str) -> Option<(Vec<u8>, usize)> {
    let (kind, rest) = line.strip_prefix("|   record: ")?.split_once(", ")?;
    assert!(["handshake", "application data", "change cipher spec"].contains(&kind), "{line}");
    let (length, hex) = rest.split_once(" bytes: ")?;
    Some((bytes(hex.trim_end_matches(" …")), length.parse().unwrap()))
}

#[test]
fn each_record_is_shown_as_it_was_with_what_was_in_it() {
    let server = Keyed::start(&[]);
    let network = Lane::to(server.0.address());
    let alice = server.joined("alice", network.address(), &["--explain"]);
    alice.types("look at this");
    alice.sees(" alice: look at this");
    let (output, wire) = (alice.output(), network.heard());
    let lines: Vec<&str> = output.lines().collect();
    let records: Vec<_> = lines.iter().filter_map(|line| shown(line)).collect();
    assert!(records.len() >= 10, "{output}");
    for (first, length) in &records {
        let on_the_wire = wire.windows(first.len()).any(|bytes| bytes == first);
        let announced = 5 + usize::from(u16::from_be_bytes([first[3], first[4]]));
        assert!(on_the_wire && announced == *length, "{first:?} {length}");
    }
    let said = lines.iter().position(|line| line.contains("-> server SAY (tls, ")).unwrap();
    assert!(shown(lines[said + 1]).is_some(), "{output}");
    assert_eq!(lines[said + 2], "|     Text: look at this");
    for word in ["ClientHello: ", "ServerHello ", "Finished "] {
        assert!(lines.iter().any(|line| line.starts_with(&format!("|   # {word}"))), "{output}");
    }
}

#[test]
fn by_hand_a_key_goes_with_both_ends() {
    let server = Keyed::start(&[]);
    let key = server.key();
    let (key, address) = (key.to_str().unwrap(), server.0.address().to_string());
    let raw = Client::with_args(&["--raw", &address, "--key", key]);
    raw.types_bytes(REGISTER.as_bytes());
    raw.sees_line("REGACK");
    raw.ends_input();
    raw.exits(0);
    let listening = Client::with_args(&["--raw", "--listen", "0", "--key", key]);
    let line = listening.complains("listening on ");
    let address = line.trim_start_matches("listening on ");
    let calling = Client::with_args(&["--raw", address, "--key", key]);
    calling.types("hello");
    listening.sees_line("hello");
    listening.types("hello yourself");
    calling.sees_line("hello yourself");
    calling.ends_input();
    listening.exits(0);
    calling.exits(0);
}

#[test]
fn the_load_generator_speaks_it() {
    let server = Keyed::start(&["--rate", "0"]);
    let key = server.key();
    let (key, address) = (key.to_str().unwrap(), server.0.address().to_string());
    for more in [&["--server", &address][..], &[]] {
        let flags = ["--members", "5", "--messages", "100", "--key", key];
        let all = [&flags[..], more].concat();
        let load = Program::start("load", env!("CARGO_BIN_EXE_load"), &all, &Folder::fresh());
        load.exits(0);
    }
    assert_eq!(server.0.log_text().lines().filter(|line| line.contains("]: load ")).count(), 105);
}
