//! The lines of server.log: what they look like, and that nobody can write one that is not theirs.

use std::time::Instant;

use crate::support::{DEADLINE, Folder, Server, Wire, alice_joined, begins_like};

/// What a log begins with.
const STAMP: usize = "[2026-11-20 12:34:56] ".len();

/// The lines of a log without remarks and without their stamps, which they all must have.
#[track_caller]
fn events(server: &Server) -> Vec<String> {
    let log = server.log_text();
    let mut lines = log.strip_suffix('\n').expect("the last line has an end").split('\n');
    let first = lines.next().unwrap();
    assert!(first.contains("UTC"), "the first line says whose time it is: {first}");
    lines
        .filter(|line| !line.starts_with("# "))
        .map(|line| {
            assert!(
                line.len() > STAMP && begins_like(line, "[0000-00-00 00:00:00] "),
                "{line:?} in\n{log}"
            );
            line[STAMP..].to_owned()
        })
        .collect()
}

/// Asks until the log has a line that ends so.
#[track_caller]
fn logged(server: &Server, asker: &mut Wire, end: &str) {
    let since = Instant::now();
    while !server.log_text().lines().any(|line| line.ends_with(end)) {
        assert!(since.elapsed() < DEADLINE, "no {end:?} in\n{}", server.log_text());
        asker.hears_nothing();
    }
}

#[test]
fn a_fresh_log_says_that_its_times_are_utc() {
    let server = Server::start(&[]);
    assert_eq!(events(&server), [""; 0]);
}

#[test]
fn each_kind_of_line_is_as_it_was_promised() {
    let server = Server::start(&[]);
    let mut other = server.connect("other");
    let mut john = server.joined("John", 20_001);
    let from = john.local();
    let said = john.speaks("Hello everyone!");
    let line = format!("[{}] [John]: Hello everyone!\n", said.get("Time"));
    assert!(server.log_text().ends_with(&line), "no {line:?} in\n{}", server.log_text());
    john.asks("QUIT", &[]).is_closed();
    drop(john);
    logged(&server, &mut other, "Client John disconnected");
    let expected = [
        &*format!("Client John connected from {from}"),
        "[John]: Hello everyone!",
        "[John] has left",
        "Client John disconnected",
    ];
    assert_eq!(events(&server), expected);
}

#[test]
fn a_private_message_is_logged_without_its_text() {
    let server = Server::start(&[]);
    let mut john = server.joined("John", 20_001);
    let mut jane = server.joined("Jane", 20_002);
    john.gets("JOINED");
    john.obtains("TELL", &[("Peer", "2"), ("Text", "the hidden words")]);
    jane.gets("TOLD");
    jane.speaks("and a public one").has(&[("Seq", "1")]);
    let expected = ["John told Jane something privately", "[Jane]: and a public one"];
    assert_eq!(events(&server)[2..], expected);
    assert!(!server.log_text().contains("hidden"), "{}", server.log_text());
}

#[test]
fn a_crash_is_a_departure_in_the_log_and_being_kicked_is_one_too() {
    let server = Server::start(&[]);
    let mut jane = server.joined("Jane", 20_002);
    drop(server.joined("John", 20_001));
    jane.skips_to("LEFT");
    logged(&server, &mut jane, "Client John disconnected");
    let _joan = server.joined("Joan", 20_003);
    jane.gets("JOINED");
    server.types("/kick Joan");
    jane.gets("LEFT");
    assert!(events(&server).iter().any(|line| line == "[John] has left"), "{}", server.log_text());
    assert!(events(&server).iter().any(|line| line == "[Joan] has left"), "{}", server.log_text());
}

/// What somebody might say to write more into the log than a text.
const FORGERIES: [&str; 14] = [
    "[2026-11-20 12:35:01] [bob]: I have never said this",
    "x]: [bob]: y",
    "\u{2028}[2026-11-20 12:35:01] [bob]: a new line?",
    "\u{2029}[2026-11-20 12:35:01] [bob] has left",
    r"\n[2026-11-20 12:35:01] [bob]: escaped?",
    r"\u{a}[2026-11-20 12:35:01] [bob]: escaped, really?",
    r"\lost 1000",
    r"half \torn",
    r" \torn",
    r" \\torn",
    "\\",
    r"\u{202e}",
    "\u{202e}txt.exe\u{202c}\u{2066}\u{2069}\u{200b}\u{200e}\u{200f}\u{feff}",
    "tab\there \"quotes\" # \u{1f468}\u{200d}\u{1f469} \u{ad}",
];

#[test]
fn no_text_can_look_like_another_line() {
    let (server, mut alice) = alice_joined(&["--rate", "0"]);
    for text in FORGERIES {
        alice.speaks(text).has(&[("Text", text)]);
    }
    let lines = events(&server);
    assert_eq!(lines.len(), 1 + FORGERIES.len(), "{}", server.log_text());
    assert!(lines[1..].iter().all(|line| line.starts_with("[alice]: ")), "{}", server.log_text());
    assert!(lines.iter().all(|line| !line.ends_with(r" \torn")), "{}", server.log_text());
    let treacherous = |c: char| {
        (c.is_control() && c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
            || "\u{ad}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{feff}".contains(c)
    };
    assert!(!server.log_text().contains(treacherous), "{:?}", server.log_text());
    assert!(server.log_text().contains(r"[alice]: \u{202e}txt.exe\u{202c}\u{2066}"));
    // The same words typed and meant are not the same in the log, and what is harmless stays as it is.
    assert!(server.log_text().contains(r"[alice]: \\u{202e}"));
    assert!(server.log_text().contains("\"quotes\" # \u{1f468}\u{200d}\u{1f469} \\u{ad}"));
}

#[test]
fn a_log_from_before_more_was_escaped_is_read_as_it_was_meant() {
    let folder = Folder::fresh();
    let texts = ["soft\u{ad}hyphen \u{2060}", r"written \\u{ad} so"];
    let log: String =
        texts.iter().map(|text| format!("[2026-11-20 12:35:01] [alice]: {text}\n")).collect();
    std::fs::write(folder.file("server.log"), log).unwrap();
    let server = Server::start_in(folder, 0, &[]);
    let mut bob = server.registered("bob", 20_002);
    bob.joins("bob").has(&[("Seq", "2")]);
    for text in ["soft\u{ad}hyphen \u{2060}", r"written \u{ad} so"] {
        bob.gets("SAID").has(&[("Text", text)]);
    }
}

#[test]
fn what_was_escaped_comes_back_as_it_was_said() {
    let (server, mut alice) = alice_joined(&["--rate", "0"]);
    // The longest lines that a text can make.
    let (tabs, slashes, marks) = ("\t".repeat(2000), "\\".repeat(2000), "\u{feff}".repeat(666));
    let texts: Vec<&str> = FORGERIES.into_iter().chain([&*tabs, &*slashes, &*marks]).collect();
    for text in &texts {
        alice.speaks(text);
    }
    let server = server.starts_again();
    let mut bob = server.registered("bob", 20_002);
    bob.joins("bob").has(&[("Seq", &texts.len().to_string())]);
    for (seq, text) in (1..).zip(&texts) {
        let said = bob.gets("SAID");
        assert_eq!(said.number("Seq"), seq);
        said.has(&[("clientID", "alice"), ("Text", text), ("Replay", "yes")]);
    }
    bob.hears_nothing();
}
