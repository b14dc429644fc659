//! Files from and to somebody whose blocks the test writes: the protocol line by line, and what breaks it.

use std::fs;

use p2p_chat::tls::sha256::Sha256;
use p2p_chat::wire::base64::encode;

use crate::driver::played::Guest;
use crate::support::{Block, Client, Folder, Played, Server, Wire};

/// What the test sends.
const TEXT: &[u8] = b"Hello, file!";

/// The SHA-256 of something as it stands on the wire.
fn sum_of(content: &[u8]) -> String {
    Sha256::of(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Alice with a folder for files, and bob, whose blocks the test writes, in a verified chat with her.
#[derive(Debug)]
struct Meeting {
    server: Server,
    alice: Client,
    folder: Folder,
    room: Wire,
    bob: Wire,
}

impl Meeting {
    #[track_caller]
    fn begins() -> Self {
        let server = Server::start(&[]);
        let folder = Folder::fresh();
        let path = folder.path().display().to_string();
        let alice = Client::joined_with("alice", &server, &["--files", &path]);
        let mut room = server.joined("bob", 20_009);
        let bob = calls(&alice, &mut room, "bob");
        Self { server, alice, folder, room, bob }
    }

    /// The chat breaks, and bob calls again.
    #[track_caller]
    fn breaks(&mut self) {
        let old = std::mem::replace(&mut self.bob, self.server.connect("bob"));
        old.vanishes();
        self.alice.sees("bob ended the chat");
        self.alice.sees(
            "not received from bob: \"data\" (the chat has ended; 45 % of it is kept, and goes on ",
        );
        self.bob = calls(&self.alice, &mut self.room, "bob");
    }

    /// Bob offers a file.
    fn offers(&mut self, file: u64, name: &str, content: &[u8]) {
        self.offers_as(file, name, content.len() as u64, &sum_of(content));
    }

    fn offers_as(&mut self, file: u64, name: &str, size: u64, sum: &str) {
        let (file, size) = (file.to_string(), size.to_string());
        let headers = [("File", &*file), ("Name", name), ("Size", &size), ("SHA-256", sum)];
        self.bob.sends(Block::text("FILE", &headers));
    }

    /// Bob offers a file, and alice accepts it.
    #[track_caller]
    fn begins_with(&mut self, file: u64, name: &str, content: &[u8], from: u64) {
        self.offers(file, name, content);
        self.alice.sees("bob wants to send you ");
        self.alice.types("/accept");
        let (file, from) = (file.to_string(), from.to_string());
        self.bob.gets("FILEACK").has_exactly(&[("File", &file), ("From", &from)]);
        self.alice.sees("bob sends ");
    }

    /// Bob sends a piece.
    fn piece(&mut self, file: u64, from: u64, bytes: &[u8]) {
        let lines: String = bytes.chunks(3_000).map(|line| encode(line) + "\r\n").collect();
        self.bob.sends(format!("PIECE\r\nFile: {file}\r\nFrom: {from}\r\n{lines}\r\n"));
    }

    #[track_caller]
    fn is_stored(&mut self, file: u64, upto: u64) {
        let (file, upto) = (file.to_string(), upto.to_string());
        self.bob.gets("PIECEACK").has_exactly(&[("File", &file), ("Upto", &upto)]);
    }

    #[track_caller]
    fn is_ended(&mut self, file: u64, code: &str) {
        let file = file.to_string();
        self.bob.gets("FILEEND").has_exactly(&[("File", &file), ("Code", code)]);
    }

    /// A text arrives, and nothing else before it.
    #[track_caller]
    fn goes_on(&mut self) {
        self.bob.sends("still here\r\n");
        self.alice.sees_line("bob (direct): still here");
        self.alice.types("/msg good");
        assert_eq!(self.bob.line(), "good");
    }
}

/// Somebody in the room calls alice, with a ticket, as a program that knows files.
#[track_caller]
fn calls(alice: &Client, room: &mut Wire, name: &str) -> Wire {
    room.asks("BRIDGE", &[("clientID", name), ("Peer", "alice")]);
    let ack = room.skips_to("BRIDGEACK");
    let mut bob = Wire::connect(name, alice.address());
    let ticket = ("Ticket", ack.get("Ticket"));
    bob.asks("CHAT", &[("clientID", name), ("Port", "20009"), ticket, ("Files", "yes")]);
    bob.gets("CHAT").has(&[("Answer", ack.get("Answer")), ("Files", "yes")]);
    alice.sees(&format!("Incoming chat request from {name} "));
    bob
}

#[test]
fn a_file_line_by_line() {
    let mut meeting = Meeting::begins();
    meeting.begins_with(1, "notes.txt", TEXT, 0);
    meeting.bob.sends("PIECE\r\nFile: 1\r\nFrom: 0\r\nSGVsbG8s\r\n\r\na text between\r\n");
    meeting.is_stored(1, 6);
    meeting.alice.sees_line("bob (direct): a text between");
    meeting.bob.sends("PIECE\nFile: 1\nFrom: 6\nLater: ignored\nIGZp\nbGUh\n\n");
    meeting.is_stored(1, 12);
    meeting.is_ended(1, "done");
    meeting.alice.sees("received \"notes.txt\" from bob");
    assert_eq!(meeting.folder.text("notes.txt"), "Hello, file!");
}

#[test]
fn a_file_to_somebody_line_by_line() {
    let mut meeting = Meeting::begins();
    let (home, content) = (Folder::fresh(), vec![7; 300_001]);
    fs::write(home.file("seven"), &content).unwrap();
    meeting.alice.types(&format!("/send {}", home.file("seven").display()));
    let offer = meeting.bob.gets("FILE");
    let file = offer.get("File").to_owned();
    let sum = sum_of(&content);
    offer.has_exactly(&[("File", &file), ("Name", "seven"), ("Size", "300001"), ("SHA-256", &sum)]);
    // Alice was called, so her numbers are even.
    assert_eq!(file.parse::<u64>().unwrap() % 2, 0);
    meeting.bob.asks("FILEACK", &[("File", &file), ("From", "30001")]);
    meeting.alice.sees("bob accepts \"seven\" (300.0 kB), and it goes on at 10 %");
    // Eight pieces are on their way, and the ninth waits for a receipt. A text does not.
    for number in 0..8 {
        let piece = meeting.bob.gets("PIECE");
        assert_eq!(piece.get("From"), (30_001 + number * 30_000).to_string());
        assert_eq!(piece.others().concat(), encode(&vec![7; 30_000]));
    }
    meeting.alice.types("/msg no more than that");
    assert_eq!(meeting.bob.line(), "no more than that");
    meeting.bob.asks("PIECEACK", &[("File", &file), ("Upto", "60001")]);
    let last = meeting.bob.gets("PIECE");
    assert_eq!((last.get("From"), last.others().concat()), ("270001", encode(&vec![7; 30_000])));
    meeting.bob.asks("PIECEACK", &[("File", &file), ("Upto", "300001")]);
    meeting.bob.asks("FILEEND", &[("File", &file), ("Code", "done")]);
    meeting.alice.sees("bob has \"seven\" (300.0 kB, SHA-256 ");
}

/// Alice sends a file to bob, who accepts it and then stores nothing. Gives the number of the file.
#[track_caller]
fn to_somebody_slow(meeting: &mut Meeting) -> u64 {
    let home = Folder::fresh();
    fs::write(home.file("zeros"), vec![0; 1_000_000]).unwrap();
    meeting.alice.types(&format!("/send {}", home.file("zeros").display()));
    let file = meeting.bob.gets("FILE").get("File").to_owned();
    meeting.bob.asks("FILEACK", &[("File", &file), ("From", "0")]);
    for _ in 0..8 {
        meeting.bob.gets("PIECE");
    }
    file.parse().unwrap()
}

#[test]
fn texts_and_the_end_of_a_chat_do_not_wait_behind_a_file() {
    let mut meeting = Meeting::begins();
    to_somebody_slow(&mut meeting);
    meeting.goes_on();
    meeting.bob.sends("QUIT\r\n\r\n");
    meeting.alice.sees("bob ended the chat");
    meeting.alice.sees("not delivered to bob: \"zeros\" (the chat has ended)");
}

#[test]
fn either_side_may_stop_a_file_in_the_middle() {
    let mut meeting = Meeting::begins();
    let file = to_somebody_slow(&mut meeting);
    meeting.alice.types("/refuse");
    meeting.is_ended(file, "withdrawn");
    meeting.alice.sees_line("not delivered to bob: \"zeros\" (you stopped it)");
    meeting.bob.asks("PIECEACK", &[("File", &file.to_string()), ("Upto", "30000")]);
    meeting.begins_with(1, "data", &vec![1; 90_000], 0);
    meeting.piece(1, 0, &vec![1; 30_000]);
    meeting.is_stored(1, 30_000);
    meeting.alice.types("/refuse bob");
    meeting.is_ended(1, "refused");
    meeting.alice.sees_line(
        "not received from bob: \"data\" (you stopped it; 33 % of it is kept, and goes on when it is sent again)",
    );
    meeting.piece(1, 30_000, &vec![1; 30_000]);
    meeting.goes_on();
}

#[test]
fn a_broken_connection_goes_on_where_it_was() {
    let mut meeting = Meeting::begins();
    let content: Vec<u8> = (0..100_000_u32).map(|at| at.to_le_bytes()[1]).collect();
    meeting.begins_with(1, "data", &content, 0);
    meeting.piece(1, 0, &content[..30_000]);
    meeting.piece(1, 30_000, &content[30_000..45_000]);
    meeting.is_stored(1, 30_000);
    meeting.is_stored(1, 45_000);
    // Half of a piece.
    meeting.bob.sends("PIECE\r\nFile: 1\r\nFrom: 45000\r\nAAAA");
    meeting.breaks();
    meeting.begins_with(3, "other name", &content, 45_000);
    for (from, end) in [(45_000, 75_000), (75_000, 100_000)] {
        meeting.piece(3, from as u64, &content[from..end]);
        meeting.is_stored(3, end as u64);
    }
    meeting.is_ended(3, "done");
    meeting.alice.sees("received \"other name\" from bob");
    assert!(fs::read(meeting.folder.file("other name")).unwrap() == content);
}

#[test]
fn what_is_there_already_is_not_trusted() {
    let mut meeting = Meeting::begins();
    let part = meeting.folder.file(&format!("{}-12.part", sum_of(TEXT)));
    // Wrong bytes: the SHA-256 at the end tells, and then they go.
    fs::write(&part, "Jello,").unwrap();
    meeting.begins_with(1, "notes.txt", TEXT, 6);
    meeting.piece(1, 6, b" file!");
    meeting.is_stored(1, 12);
    meeting.is_ended(1, "mismatch");
    meeting.alice.sees("not received from bob: \"notes.txt\" (its SHA-256 is not the one ");
    assert!(!part.exists());
    // Too many: begins anew.
    fs::write(&part, "Hello, file! And more.").unwrap();
    meeting.begins_with(3, "notes.txt", TEXT, 0);
    meeting.bob.asks("FILEEND", &[("File", "3"), ("Code", "withdrawn")]);
    meeting.alice.sees("not received from bob: \"notes.txt\" (the other side stopped it)");
}

#[test]
fn of_a_file_that_is_there_already_nothing_is_sent() {
    let mut meeting = Meeting::begins();
    let part = meeting.folder.file(&format!("{}-12.part", sum_of(TEXT)));
    fs::write(&part, TEXT).unwrap();
    meeting.begins_with(1, "notes.txt", TEXT, 12);
    meeting.is_ended(1, "done");
    assert_eq!(meeting.folder.text("notes.txt"), "Hello, file!");
    assert!(!part.exists());
}

#[test]
fn one_file_does_not_come_from_two_peers_at_once() {
    let mut meeting = Meeting::begins();
    meeting.begins_with(1, "data", &vec![1; 90_000], 0);
    let mut room = meeting.server.joined("carol", 20_010);
    let mut carol = calls(&meeting.alice, &mut room, "carol");
    let (size, sum) = (("Size", "90000"), sum_of(&vec![1; 90_000]));
    let offer = [("File", "1"), ("Name", "data"), size, ("SHA-256", &sum)];
    carol.asks("FILE", &offer);
    meeting.alice.sees("carol wants to send you \"data\"");
    meeting.alice.types("/accept carol");
    meeting.alice.sees_line("not received from carol: \"data\" (it comes already, from elsewhere)");
    carol.gets("FILEEND").has_exactly(&[("File", "1"), ("Code", "busy")]);
    for from in [0, 30_000, 60_000] {
        meeting.piece(1, from, &vec![1; 30_000]);
        meeting.is_stored(1, from + 30_000);
    }
    meeting.is_ended(1, "done");
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let mut meeting = Meeting::begins();
    let victim = Folder::fresh();
    fs::write(victim.file("victim"), "precious").unwrap();
    // As a part, as its second name, and as the file itself.
    let part = meeting.folder.file(&format!("{}-12.part", sum_of(TEXT)));
    std::os::unix::fs::symlink(victim.file("victim"), &part).unwrap();
    meeting.offers(1, "notes.txt", TEXT);
    meeting.alice.sees("bob wants to send you ");
    meeting.alice.asks("/accept", "a link or a device has the name of its part");
    meeting.is_ended(1, "disk");
    fs::remove_file(&part).unwrap();
    fs::hard_link(victim.file("victim"), &part).unwrap();
    meeting.offers(3, "notes.txt", TEXT);
    meeting.alice.sees("bob wants to send you ");
    meeting.alice.asks("/accept", "a link or a device has the name of its part");
    meeting.is_ended(3, "disk");
    fs::remove_file(&part).unwrap();
    std::os::unix::fs::symlink(victim.file("victim"), meeting.folder.file("notes.txt")).unwrap();
    std::os::unix::fs::symlink("nowhere", meeting.folder.file("notes (2).txt")).unwrap();
    meeting.begins_with(5, "notes.txt", TEXT, 0);
    meeting.piece(5, 0, TEXT);
    meeting.is_stored(5, 12);
    meeting.is_ended(5, "done");
    assert_eq!(meeting.folder.text("notes (3).txt"), "Hello, file!");
    assert_eq!(victim.text("victim"), "precious");
}

/// Bob breaks a rule in the middle of a file, which ends that way, and the chat goes on.
#[track_caller]
fn ends_it(breach: impl Fn(&mut Meeting)) {
    let mut meeting = Meeting::begins();
    let content = vec![1; 90_000];
    meeting.begins_with(1, "data", &content, 0);
    meeting.piece(1, 0, &content[..30_000]);
    meeting.is_stored(1, 30_000);
    breach(&mut meeting);
    meeting
        .alice
        .sees("not received from bob: \"data\" (the other side does not keep to the protocol");
    meeting.is_ended(1, "disorder");
    meeting.goes_on();
    assert!(!meeting.folder.file("data").exists());
}

#[test]
fn a_piece_out_of_order_ends_the_file() {
    ends_it(|meeting| meeting.piece(1, 60_000, &vec![1; 30_000]));
    ends_it(|meeting| meeting.piece(1, 0, &vec![1; 30_000]));
}

#[test]
fn more_bytes_than_were_announced_end_the_file() {
    ends_it(|meeting| {
        meeting.piece(1, 30_000, &vec![1; 30_000]);
        meeting.is_stored(1, 60_000);
        meeting.piece(1, 60_000, &vec![1; 30_000]);
        meeting.is_stored(1, 90_000);
        meeting.is_ended(1, "done");
        meeting.alice.sees("received \"data\"");
        fs::remove_file(meeting.folder.file("data")).unwrap();
        meeting.begins_with(1, "data", &[1; 10], 0);
        meeting.piece(1, 0, &[1; 11]);
    });
}

#[test]
fn blocks_that_nobody_asked_for_cost_nothing() {
    let mut meeting = Meeting::begins();
    for number in [0, 1, 2, u64::MAX] {
        meeting.piece(number, 0, b"x");
        let file = number.to_string();
        meeting.bob.asks("FILEACK", &[("File", &file), ("From", "0")]);
        meeting.bob.asks("PIECEACK", &[("File", &file), ("Upto", "1")]);
        meeting.bob.asks("FILEEND", &[("File", &file), ("Code", "done")]);
    }
    // What nobody has offered yet cannot be ended, either.
    let home = Folder::fresh();
    fs::write(home.file("a"), TEXT).unwrap();
    meeting.alice.types(&format!("/send {}", home.file("a").display()));
    meeting.alice.types(&format!("/send {}", home.file("a").display()));
    let first = meeting.bob.gets("FILE").get("File").to_owned();
    meeting.bob.asks("FILEEND", &[("File", "0"), ("Code", "refused")]);
    meeting.bob.asks("FILEEND", &[("File", &first), ("Code", "refused")]);
    let second = meeting.bob.gets("FILE").get("File").to_owned();
    meeting.bob.asks("FILEEND", &[("File", &second), ("Code", "refused")]);
    // A number of alice's own, blocks that are none, one without end.
    meeting.offers(2, "even", TEXT);
    meeting.bob.sends("FILE\r\n\r\nFILE\r\nFile: 1\r\n\r\nPIECE\r\nFile: x\r\n\r\n");
    meeting.bob.sends("FILE\r\nFile: 1\r\n".to_owned() + &"Name: x\r\n".repeat(100) + "\r\n");
    meeting.bob.sends(b"PIECE\r\nFile: 1\r\n\xff\xfe\r\n\r\n");
    meeting.goes_on();
    assert!(!meeting.alice.output().contains("wants to send"), "{}", meeting.alice.output());
}

#[test]
fn who_claims_to_have_a_file_without_its_pieces_is_not_believed() {
    let mut meeting = Meeting::begins();
    let home = Folder::fresh();
    fs::write(home.file("a"), TEXT).unwrap();
    let send = format!("/send {}", home.file("a").display());
    for claim in ["FILEEND done", "FILEACK 13", "PIECEACK 12"] {
        meeting.alice.types(&send);
        let file = meeting.bob.gets("FILE").get("File").to_owned();
        match claim {
            "FILEEND done" => meeting.bob.asks("FILEEND", &[("File", &file), ("Code", "done")]),
            "FILEACK 13" => meeting.bob.asks("FILEACK", &[("File", &file), ("From", "13")]),
            _ => meeting.bob.asks("FILEACK", &[("File", &file), ("From", "0")]),
        };
        if claim == "PIECEACK 12" {
            meeting.bob.gets("PIECE");
            meeting.bob.asks("PIECEACK", &[("File", &file), ("Upto", "13")]);
        }
        meeting.alice.sees("not delivered to bob: \"a\" (the other side ");
        if claim != "FILEEND done" {
            meeting.is_ended(file.parse().unwrap(), "disorder");
        }
    }
    meeting.goes_on();
}

#[test]
fn a_harmful_name_is_made_harmless() {
    let mut meeting = Meeting::begins();
    let long = "x".repeat(250) + ".txt";
    let cut = "x".repeat(196) + ".txt";
    let names = [("../../evil", "evil"), ("NUL.txt", "_NUL.txt"), (&*long, &*cut), ("..", "file")];
    for (file, (name, harmless)) in (1..).step_by(2).zip(names) {
        meeting.begins_with(file, name, TEXT, 0);
        meeting.piece(file, 0, TEXT);
        meeting.is_stored(file, 12);
        meeting.is_ended(file, "done");
        meeting.alice.sees(&format!("received \"{harmless}\" from bob"));
        assert_eq!(meeting.folder.text(harmless), "Hello, file!");
    }
    assert_eq!(fs::read_dir(meeting.folder.path()).unwrap().count(), names.len());
}

#[test]
fn too_large_a_file_and_a_second_one_are_refused() {
    let mut meeting = Meeting::begins();
    meeting.offers_as(1, "huge", 100_000_001, &sum_of(TEXT));
    meeting.is_ended(1, "too-large");
    meeting.alice.sees(
        "bob wants to send you \"huge\" (100.0 MB), and it was refused: a file may have at most 100.0 MB",
    );
    meeting.offers_as(3, "large", 100_000_000, &sum_of(TEXT));
    meeting.alice.sees_line("bob wants to send you \"large\" (100.0 MB): /accept or /refuse");
    meeting.offers(5, "second", TEXT);
    meeting.is_ended(5, "busy");
    meeting.goes_on();
}

#[test]
fn who_offers_without_end_is_no_longer_shown() {
    let mut meeting = Meeting::begins();
    for file in (1..=31).step_by(2) {
        meeting.offers(file, "spam", TEXT);
        meeting.bob.asks("FILEEND", &[("File", &file.to_string()), ("Code", "withdrawn")]);
        meeting.alice.sees("not received from bob: \"spam\" (the other side stopped it)");
    }
    meeting.offers(33, "spam", TEXT);
    meeting.is_ended(33, "busy");
    meeting.goes_on();
    let output = meeting.alice.output();
    assert_eq!(output.matches("bob wants to send you").count(), 16, "{output}");
    assert!(
        output.contains("bob has offered 16 files that you did not accept: further offers"),
        "{output}"
    );
}

#[test]
fn two_offers_need_a_name() {
    let mut meeting = Meeting::begins();
    let carol = Client::joined("carol", &meeting.server);
    let home = Folder::fresh();
    fs::write(home.file("hers"), "hers").unwrap();
    carol.types("/chat alice");
    carol.types(&format!("/send {}", home.file("hers").display()));
    meeting.alice.sees("carol wants to send you \"hers\"");
    meeting.offers(1, "his", TEXT);
    meeting.alice.sees("bob wants to send you \"his\"");
    meeting.alice.asks_line("/accept", "which one? /accept carol, /accept bob");
    meeting.alice.asks_line("/accept dave", "no direct chat with dave");
    meeting.alice.types("/accept carol");
    meeting.alice.sees("received \"hers\" from carol");
    meeting.alice.types("/refuse");
    meeting.is_ended(1, "refused");
    meeting.alice.asks_line("/refuse bob", "no file is on its way with bob");
}

#[test]
fn a_piece_is_explained_and_not_shown_whole() {
    let mut meeting = Meeting::begins();
    meeting.alice.asks("/explain on", "tracing is on");
    meeting.begins_with(1, "data", &vec![0; 30_000], 0);
    meeting.piece(1, 0, &vec![0; 30_000]);
    meeting.alice.sees("<- bob PIECE (tcp, ");
    for line in ["File: 1", "From: 0", &format!("{}… (4000 characters)", "A".repeat(32))] {
        assert_eq!(meeting.alice.sees_next(), format!("|     {line}"));
    }
    assert_eq!(meeting.alice.sees_next(), "|     ... and 9 more lines");
    meeting.alice.sees("|   # base64 makes text of bytes");
    meeting.alice.sees("received \"data\"");
}

#[test]
fn a_file_for_a_call_that_a_crossing_call_replaces_is_offered_in_the_other() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let Guest { mut wire, .. } = server.welcomes(2, &[]);
    let bob = Played::open();
    let port = bob.port().to_string();
    // The call of the lower ID stays: bob's.
    let at_bob = [("ID", "1"), ("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", port.as_str())];
    let home = Folder::fresh();
    fs::write(home.file("a"), TEXT).unwrap();
    let send = format!("/send {}\n", home.file("a").display());
    alice.types_bytes(format!("/chat bob\n{send}/id\n").as_bytes());
    wire.gets("BRIDGE");
    let (ticket, answer) = ("a".repeat(32), "b".repeat(32));
    let more = [("Via", "tcp"), ("Ticket", ticket.as_str()), ("Answer", answer.as_str())];
    wire.asks("BRIDGEACK", &[&at_bob[..], &more[..]].concat());
    let mut call = bob.accepts("the other side");
    call.gets("CHAT").has(&[("Files", "yes")]);
    alice.sees("you are alice"); // the lines before it have their places
    let (ticket, answer) = ("c".repeat(32), "d".repeat(32));
    let more = [("Via", "tcp"), ("Ticket", ticket.as_str()), ("Answer", answer.as_str())];
    wire.asks("CALL", &[&at_bob[..], &more[..]].concat());
    let mut crossing = alice.is_called_by("crossing");
    let headers = [&at_bob[1..], &[("Ticket", ticket.as_str()), ("Files", "yes")]].concat();
    crossing.asks("CHAT", &headers);
    crossing.gets("CHAT").has(&[("Answer", answer.as_str()), ("Files", "yes")]);
    // Alice was called now, so the number is even.
    let offer = crossing.gets("FILE");
    offer.has(&[("Name", "a"), ("Size", "12")]);
    assert_eq!(offer.number("File") % 2, 0);
    assert!(!alice.output().contains("not "), "{}", alice.output());
}
