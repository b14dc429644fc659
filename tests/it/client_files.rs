//! Files from one client to the other: `/send`, `/accept`, `/refuse`.

use std::fs::{self, File};

use crate::driver::program::Around;
use crate::support::{Client, Folder, Program, Server, Wire, alice_alone, alice_and_bob};

/// A server, alice, and bob, who has a folder for files. Alice has called bob.
#[track_caller]
fn a_chat() -> (Server, Client, Client, Folder) {
    let (server, alice) = alice_alone(&[]);
    let (bob, folder) = bob_at(&server);
    calls(&alice, &bob);
    (server, alice, bob, folder)
}

/// Bob, who has a folder for files.
#[track_caller]
fn bob_at(server: &Server) -> (Client, Folder) {
    let folder = Folder::fresh();
    let path = folder.path().display().to_string();
    (Client::joined_with("bob", server, &["--files", &path]), folder)
}

/// Alice calls bob.
#[track_caller]
fn calls(alice: &Client, bob: &Client) {
    alice.types("/chat bob");
    bob.sees("Incoming chat request from alice ");
    alice.sees(" is open (verified, encrypted; compare ");
}

/// A file of that name with this content, in a fresh folder.
fn a_file(name: &str, content: &[u8]) -> (Folder, String) {
    let folder = Folder::fresh();
    fs::write(folder.file(name), content).unwrap();
    let path = folder.file(name).display().to_string();
    (folder, path)
}

/// A file of so many zeros, which take no room on the disk.
fn a_long_file(size: u64) -> (Folder, String) {
    let folder = Folder::fresh();
    File::create(folder.file("long.bin")).unwrap().set_len(size).unwrap();
    let path = folder.file("long.bin").display().to_string();
    (folder, path)
}

/// Bytes of which no two pieces are alike.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251 + at / 60_000).to_le_bytes()[0]).collect()
}

/// The names in a folder, in order.
fn names(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_offered_accepted_and_received_and_both_are_told() {
    let (_server, alice, bob, folder) = a_chat();
    let (_home, path) = a_file("notes.pdf", &content(1_234_567));
    alice.types(&format!("/send {path}"));
    bob.sees_line("alice wants to send you \"notes.pdf\" (1.2 MB): /accept or /refuse");
    alice.sees_line("offered to bob: \"notes.pdf\" (1.2 MB)");
    bob.types("/accept");
    alice.sees_line("bob accepts \"notes.pdf\" (1.2 MB)");
    bob.sees_line("alice sends \"notes.pdf\" (1.2 MB)");
    let received = bob.sees("received \"notes.pdf\" from alice as ");
    let saved = folder.file("notes.pdf");
    assert!(received.contains(&saved.display().to_string()), "{received}");
    let sent = alice.sees("bob has \"notes.pdf\" (1.2 MB, SHA-256 ");
    assert_eq!(received.rsplit(' ').next(), sent.rsplit(' ').next());
    assert!(fs::read(saved).unwrap() == content(1_234_567));
    assert_eq!(names(&folder), ["notes.pdf"]);
    // The chat goes on.
    alice.tells(&bob, "did it arrive?");
}

#[test]
fn both_may_send_at_once_and_who_was_called_as_well() {
    let (server, folder) = (Server::start(&[]), Folder::fresh());
    let path = folder.path().display().to_string();
    let alice = Client::joined_with("alice", &server, &["--files", &path]);
    let (bob, bobs) = bob_at(&server);
    calls(&alice, &bob);
    let (_home, one) = a_file("one", &content(400_000));
    let (_house, two) = a_file("two", &content(300_000));
    alice.types(&format!("/send {one}"));
    bob.types(&format!("/send {two}"));
    alice.sees("bob wants to send you \"two\"");
    bob.sees("alice wants to send you \"one\"");
    alice.types("/accept");
    bob.types("/accept alice");
    alice.sees("received \"two\" from bob");
    bob.sees("received \"one\" from alice");
    assert!(fs::read(bobs.file("one")).unwrap() == content(400_000));
    assert!(fs::read(folder.file("two")).unwrap() == content(300_000));
}

#[test]
fn without_a_folder_an_offer_is_refused_and_both_are_told_how() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    calls(&alice, &bob);
    let (_home, path) = a_file("a", b"a");
    alice.types(&format!("/send {path}"));
    let how = "start the client with --files DIR to receive files in the folder DIR";
    bob.sees_line(&format!("alice wants to send you \"a\" (1 byte), and it was refused: {how}"));
    alice.sees("not delivered to bob: \"a\" (the other client was started without --files DIR)");
}

#[test]
fn several_files_go_one_after_the_other_and_none_is_overwritten() {
    let (_server, alice, bob, folder) = a_chat();
    fs::write(folder.file("notes.txt"), "mine").unwrap();
    for (text, name) in
        [("first", "notes (2).txt"), ("second", "notes (3).txt"), ("", "notes (4).txt")]
    {
        let (_home, path) = a_file("notes.txt", text.as_bytes());
        alice.types(&format!("/send {path}"));
        bob.sees("alice wants to send you \"notes.txt\"");
        bob.types("/accept");
        bob.sees(&format!("received \"notes.txt\" from alice as {}", folder.file(name).display()));
        alice.sees("bob has \"notes.txt\"");
        assert_eq!(folder.text(name), text);
    }
    assert_eq!(folder.text("notes.txt"), "mine");
}

#[test]
fn what_is_sent_at_once_is_offered_in_turn() {
    let (_server, alice, bob, folder) = a_chat();
    let (home, path) = a_file("one", b"1");
    fs::write(home.file("two"), "2").unwrap();
    alice.types(&format!("/send {path}"));
    alice.types(&format!("/send {}", home.file("two").display()));
    bob.sees("alice wants to send you \"one\"");
    bob.types("/refuse");
    bob.sees("not received from alice: \"one\" (you refused it)");
    alice.sees("not delivered to bob: \"one\" (it was refused)");
    bob.sees("alice wants to send you \"two\"");
    bob.types("/accept");
    alice.sees("bob has \"two\"");
    assert_eq!(names(&folder), ["two"]);
}

#[test]
fn an_offer_may_be_taken_back() {
    let (_server, alice, bob, folder) = a_chat();
    let (_home, path) = a_file("a", b"a");
    alice.types(&format!("/send {path}"));
    alice.sees("offered to bob: ");
    bob.sees("alice wants to send you \"a\"");
    alice.types("/refuse");
    alice.sees_line("not delivered to bob: \"a\" (you stopped it)");
    bob.sees_line("not received from alice: \"a\" (the other side stopped it)");
    bob.asks_line("/accept", "/accept: no file is on its way");
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn a_file_goes_on_after_a_connection_that_has_broken_in_the_middle() {
    if !cfg!(debug_assertions) {
        return println!(
            "not checked: an optimized client is done before anybody can interrupt it"
        );
    }
    let (server, alice, bob, folder) = a_chat();
    let (_home, path) = a_long_file(3_000_000);
    alice.types(&format!("/send {path}"));
    bob.sees("alice wants to send you ");
    bob.types("/accept");
    alice.sees("bob accepts ");
    // Until something has arrived.
    while alice.asks("/peers", "to bob: \"long.bin\" (3.0 MB), ").ends_with(" 0 %") {}
    bob.kill();
    alice.sees("not delivered to bob: \"long.bin\" (the chat has ended; ");
    assert!(names(&folder)[0].ends_with("-3000000.part"), "{:?}", names(&folder));
    server.sees("bob left");
    let path_of_folder = folder.path().display().to_string();
    let bob = Client::joined_with("bob", &server, &["--files", &path_of_folder]);
    calls(&alice, &bob);
    alice.types(&format!("/send {path}"));
    bob.sees("alice wants to send you ");
    bob.types("/accept");
    bob.sees("alice sends \"long.bin\" (3.0 MB), and it goes on at ");
    alice.sees("bob accepts \"long.bin\" (3.0 MB), and it goes on at ");
    bob.sees("received \"long.bin\" from alice");
    alice.sees("bob has \"long.bin\"");
    assert_eq!(fs::metadata(folder.file("long.bin")).unwrap().len(), 3_000_000);
    assert_eq!(names(&folder), ["long.bin"]);
}

/// Alice is in a chat with bob and sends this, and reads why not.
#[track_caller]
fn is_not_sent(path: &str, answer: &str) {
    let (_server, alice, bob, folder) = a_chat();
    alice.asks(&format!("/send {path}"), answer);
    alice.tells(&bob, "no file");
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn what_is_no_file_or_too_large_is_not_sent() {
    let (_home, path) = a_long_file(100_000_001);
    let (folder, missing) = (Folder::fresh(), Folder::fresh().file("none").display().to_string());
    let too_large = "(it has 100.0 MB, and a file may have at most 100.0 MB)";
    is_not_sent(&path, &format!("not delivered to bob: \"long.bin\" {too_large}"));
    is_not_sent(&missing, "not delivered to bob: \"none\" (cannot read it: ");
    is_not_sent(&folder.path().display().to_string(), "(it is a folder)");
    is_not_sent("", "usage: /send FILE");
    if cfg!(unix) {
        is_not_sent("/dev/zero", "not delivered to bob: \"zero\" (it is no regular file)");
    }
}

#[test]
fn a_file_needs_a_verified_chat_over_tcp_with_a_program_that_takes_files() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let (_home, path) = a_file("a", b"a");
    let send = format!("/send {path}");
    alice.asks_line(&send, "no direct chat: use /chat or /query first");
    alice.asks("/query bob", "conversation with bob ");
    alice.asks(&send, "not sent, files do not go over UDP (/chat NAME opens a chat over TCP): ");
    let mut caller = alice.is_called_by("mallory");
    caller.sends("CHAT\r\nclientID: mallory\r\nIP: 127.0.0.1\r\nPort: 6202\r\nFiles: yes\r\n\r\n");
    alice.sees("Incoming chat request from mallory? ");
    alice.types("/peer mallory?");
    alice.asks(&send, "not sent, files go only to verified peers, and mallory? is not verified: ");
    // Nor is an offer of such a caller one: it is text.
    caller.sends("FILE\r\nFile: 1\r\n\r\n");
    alice.sees_line("mallory? (direct): FILE");
    alice.types("/accept");
    alice.sees_line("/accept: no file is on its way");
    bob.answers();
}

#[test]
fn an_old_program_is_sent_no_file() {
    let (server, alice) = alice_alone(&[]);
    let mut bob = server.joined("bob", 20_009);
    bob.asks("BRIDGE", &[("clientID", "bob"), ("Peer", "alice")]);
    let ack = bob.skips_to("BRIDGEACK");
    let mut call = Wire::connect("bob", alice.address());
    call.asks("CHAT", &[("clientID", "bob"), ("Port", "20009"), ("Ticket", ack.get("Ticket"))]);
    assert_eq!(call.gets("CHAT").find("Files"), None);
    let (_home, path) = a_file("a", b"a");
    let answer = "not sent, the program of bob takes no files: ";
    alice.asks(&format!("/send {path}"), answer);
    // And its texts are texts.
    call.sends("FILE\r\nFile: 1\r\n\r\n");
    alice.sees_line("bob (direct): FILE");
    alice.sees_line("bob (direct): File: 1");
    alice.types("/msg PIECE");
    assert_eq!(call.line(), "PIECE");
}

#[test]
fn a_text_that_looks_like_a_block_stays_a_text() {
    let (_server, alice, bob, _folder) = a_chat();
    for word in ["FILE", "PIECE", "FILEACK", "PIECEACK", "FILEEND"] {
        alice.types(&format!("/msg {word}"));
        bob.sees_line(&format!("alice (direct):  {word}"));
    }
    alice.tells(&bob, "FILES");
}

/// A script of alice's with these lines, after she has called bob; bob answers the offer. Gives its output.
#[track_caller]
fn script(lines: &str, answer: &str, code: i32) -> (Program, Folder) {
    let (server, _alice) = alice_alone(&[]);
    let (bob, folder) = bob_at(&server);
    let (_home, path) = a_file("notes.txt", &content(100_000));
    let carol = Client::with_args(&["carol", "0", &server.address().to_string()]);
    carol.types_bytes(lines.replace("FILE", &path).as_bytes());
    carol.ends_input();
    bob.sees("carol wants to send you \"notes.txt\" (100.0 kB)");
    bob.types(answer);
    carol.exits(code);
    (carol, folder)
}

#[test]
fn a_script_waits_until_its_file_is_there_and_tells_by_its_exit_code() {
    let lines = "/chat bob\n/send FILE\n";
    for lines in [lines.to_owned(), format!("{lines}/quit\n"), format!("{lines}/hangup\n")] {
        let (carol, folder) = script(&lines, "/accept", 0);
        carol.sees("bob has \"notes.txt\"");
        assert_eq!(names(&folder), ["notes.txt"]);
    }
    let (carol, folder) = script("/chat bob\n/send FILE\n", "/refuse", 1);
    carol.sees("not delivered to bob: \"notes.txt\" (it was refused)");
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn a_folder_that_is_none_is_told_at_the_start() {
    let (home, path) = a_file("a", b"a");
    Client::refuses(&["bob", "--files", &path], "cannot put files into ", 1);
    let missing = home.file("missing").display().to_string();
    Client::refuses(&["bob", "--files", &missing], "cannot put files into ", 1);
}

#[test]
fn a_folder_that_has_vanished_is_told_on_both_sides() {
    let (_server, alice, bob, folder) = a_chat();
    let (_home, path) = a_file("a", b"a");
    alice.types(&format!("/send {path}"));
    bob.sees("alice wants to send you ");
    fs::remove_dir_all(folder.path()).unwrap();
    bob.types("/accept");
    bob.sees("not received from alice: \"a\" (cannot store it in ");
    alice.sees("not delivered to bob: \"a\" (the other side cannot store it)");
}

#[test]
fn a_full_disk_is_told_on_both_sides_and_what_is_there_is_kept() {
    if !cfg!(unix) {
        return println!("not checked: no shell limits the size of files here");
    }
    let (server, alice) = alice_alone(&[]);
    let folder = Folder::fresh();
    let (path, at) = (folder.path().display().to_string(), server.address().to_string());
    let shell = Some("trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"");
    let arguments = ["bob", "0", &at, "--files", &path];
    let around = Around { shell, ..Around::default() };
    let bob = Program::start_within("bob's client", "client", &arguments, &Folder::fresh(), around);
    bob.sees("Other clients' IDs: ");
    alice.types("/chat bob");
    bob.sees("Incoming chat request from alice ");
    let (_home, file) = a_file("notes.txt", &content(1_000_000));
    alice.types(&format!("/send {file}"));
    bob.sees("alice wants to send you ");
    bob.types("/accept");
    let told = bob.sees("not received from alice: \"notes.txt\" (cannot store it in ");
    assert!(told.contains("file too large"), "{told}");
    alice.sees("not delivered to bob: \"notes.txt\" (the other side cannot store it");
    bob.answers();
    bob.types("/quit");
    bob.exits(1);
    // With room again, it goes on.
    let bob = Client::joined_with("bob", &server, &["--files", &path]);
    calls(&alice, &bob);
    alice.types(&format!("/send {file}"));
    bob.sees("alice wants to send you ");
    bob.types("/accept");
    alice.sees("bob accepts \"notes.txt\" (1.0 MB), and it goes on at ");
    bob.sees("received \"notes.txt\"");
    assert!(fs::read(folder.file("notes.txt")).unwrap() == content(1_000_000));
}

#[test]
fn an_offer_of_somebody_who_is_ignored_is_refused_without_a_word() {
    let (_server, alice, bob, _folder) = a_chat();
    let (_home, path) = a_file("a", b"a");
    bob.asks("/ignore alice", "what alice says is not shown");
    alice.asks(&format!("/send {path}"), "not delivered to bob: \"a\" (it was refused)");
    bob.types("/id");
    bob.sees_without("wants to send", "you are bob");
}

#[test]
fn a_file_that_has_changed_since_it_was_offered_is_not_sent() {
    let (_server, alice, bob, folder) = a_chat();
    for (change, part) in [(900_000, ""), (1_100_000, "")] {
        let (home, path) = a_file("notes.txt", &content(1_000_000));
        alice.types(&format!("/send {path}"));
        bob.sees("alice wants to send you ");
        File::options().write(true).open(home.file("notes.txt")).unwrap().set_len(change).unwrap();
        bob.types("/accept");
        bob.sees(&format!("not received from alice: \"notes.txt\" (it cannot be read there, or it has changed since it was offered{part}"));
        alice.sees("not delivered to bob: \"notes.txt\" (it has changed since it was offered");
    }
    // Of the same size, only the SHA-256 tells.
    let (home, path) = a_file("other.txt", &content(1_000_000));
    alice.types(&format!("/send {path}"));
    bob.sees("alice wants to send you ");
    fs::write(home.file("other.txt"), vec![0; 1_000_000]).unwrap();
    bob.types("/accept");
    bob.sees(
        "not received from alice: \"other.txt\" (its SHA-256 is not the one that was announced",
    );
    alice.sees("not delivered to bob: \"other.txt\" (what has arrived has another SHA-256)");
    assert!(!names(&folder).contains(&"other.txt".to_owned()));
}
