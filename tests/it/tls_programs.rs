//! A chat's blocks through TLS of others: OpenSSL and GnuTLS as a client of our server, and as the server of our
//! client.
//!
//! With `--ignored` tshark records a chat and opens it with the key log. A test without its program says so, and is
//! left out.

use std::fs;

use crate::support::{Client, Folder, Keyed, Program, free_port};
use crate::tls::programs::{PRIORITY, decoded, find, records, shows, tells};

/// Registers and joins with a program that types into our server's room, and speaks with somebody there.
#[track_caller]
fn chats(server: &Keyed, program: &Program) {
    let alice = server.joined("alice", server.0.address(), &[]);
    program.types("REGISTER\nclientID: other\nPort: 4000\n");
    program.sees_line("REGACK");
    program.types("JOIN\nclientID: other\n");
    alice.sees("other joined (ID 2, ");
    program.sees_line("JOINACK");
    alice.types("who is there?");
    program.sees_line("Text: who is there?");
    program.types("SAY\nText: somebody else's TLS\n");
    alice.sees(" other: somebody else's TLS");
    program.types("QUIT\n");
    alice.sees("other left (quit)");
    program.exits(0);
}

#[test]
fn openssl_is_a_client_of_our_server() {
    let Some(path) = find("openssl") else { return };
    let server = Keyed::start(&[]);
    let (address, key) = (server.0.address().to_string(), server.digits());
    let flags = ["s_client", "-connect", &address, "-tls1_3", "-psk_identity", "p2p-chat"];
    let more = ["-psk", &key, "-nocommands", "-quiet", "-no_ign_eof"];
    let flags = [&flags[..], &more].concat();
    chats(&server, &Program::start("s_client", &path, &flags, &Folder::fresh()));
}

#[test]
fn gnutls_is_a_client_of_our_server() {
    let Some(path) = find("gnutls-cli") else { return };
    let server = Keyed::start(&[]);
    let (port, key) = (server.0.port().to_string(), server.digits());
    let flags = ["127.0.0.1", "-p", &port, "--pskusername", "p2p-chat", "--pskkey", &key];
    let flags = [&flags[..], &["--priority", PRIORITY]].concat();
    let program = Program::start("gnutls-cli", &path, &flags, &Folder::fresh());
    program.waits("the handshake's end", |line| line.contains("Simple Client Mode").then_some(()));
    chats(&server, &program);
}

/// A key in a file of its own, and its digits.
fn key_file(folder: &Folder) -> (String, &'static str) {
    let (file, key) = (folder.file("class.key"), "00112233445566778899aabbccddeeff");
    fs::write(&file, key).unwrap();
    (file.to_str().unwrap().to_owned(), key)
}

#[test]
fn openssl_is_the_server_of_our_client() {
    let (Some(path), folder) = (find("openssl"), Folder::fresh()) else { return };
    let (file, key) = key_file(&folder);
    let flags = ["s_server", "-accept", "127.0.0.1:0", "-nocert", "-psk_identity", "p2p-chat"];
    let flags = [&flags[..], &["-psk", key, "-tls1_3"]].concat();
    let server = Program::start("s_server", &path, &flags, &folder);
    let address =
        server.waits("where it listens", |line| line.strip_prefix("ACCEPT ").map(str::to_owned));
    let alice = Client::start_with("alice", address, &["--key", &file]);
    server.sees_line("REGISTER");
    server.sees_line("clientID: alice");
    server.types("REGACK\nclientID: alice\nIP: 127.0.0.1\nPort: 4000\nStatus: registered\nID: 1\nExpires: 60\nRoom: yes\n");
    server.sees_line("JOIN");
    let token = "0123456789abcdef0123456789abcdef";
    server.types(&format!("JOINACK\nclientID: alice\nID: 1\nToken: {token}\nSeq: 0\nMissed: 0\nMessage: from OpenSSL\n"));
    alice.sees_line("the server says: from OpenSSL");
    alice.types("a text for OpenSSL");
    server.sees_line("Text: a text for OpenSSL");
    server.types("SAID\nSeq: 1\nTime: 2030-01-01 00:00:00\nID: 1\nclientID: alice\nText: a text for OpenSSL\n");
    alice.sees(" alice: a text for OpenSSL");
}

#[test]
fn gnutls_is_the_server_of_our_client() {
    let (Some(path), folder) = (find("gnutls-serv"), Folder::fresh()) else { return };
    let ((file, key), port) = (key_file(&folder), free_port());
    let table = folder.file("psk.txt");
    fs::write(&table, format!("p2p-chat:{key}\n")).unwrap();
    let flags = ["-p", &port.to_string(), "--echo", "--pskpasswd", table.to_str().unwrap()];
    let flags = [&flags[..], &["--priority", PRIORITY]].concat();
    let server = Program::start("gnutls-serv", &path, &flags, &folder);
    tells(&server, "IPv4 0.0.0.0");
    // It sends each block back, which no server would do.
    let alice = Client::start_with("alice", format!("127.0.0.1:{port}"), &["--key", &file]);
    alice.sees_line("the server sent a REGISTER that makes no sense");
}

#[test]
#[ignore = "needs tshark, and the right to record"]
fn tshark_opens_a_room_with_the_key_log() {
    let (server, folder) = (Keyed::start(&[]), Folder::fresh());
    let port = server.0.port();
    let (dumpcap, capture) = records(port, &folder);
    let log = folder.file("keys.log");
    let keys = log.to_str().unwrap();
    let alice = server.client_with("alice", &[("CHAT_KEYLOG", keys.to_owned())]);
    alice.sees(&format!(
        "the keys of encrypted connections are written to {keys}: who reads it, reads them"
    ));
    alice.sees("Other clients' IDs: ");
    let bob = server.joined("bob", server.0.address(), &[]);
    alice.types("look at our own wire");
    bob.sees(" alice: look at our own wire");
    let all = ["JOIN", "Text: look at our own wire", "SAID"];
    shows(&capture, port, keys, &folder, &all);
    let shown = decoded(&capture, port, keys, &folder).join(" ");
    assert!(
        !shown.contains("REGISTER\\r\\nclientID: bob"),
        "bob's own connection is open: {shown}"
    );
    assert!(!decoded(&capture, port, "nothing", &folder).join(" ").contains("look at"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop(dumpcap);
}

#[test]
#[ignore = "needs tshark, and the right to record"]
fn tshark_opens_a_direct_chat_with_the_key_log() {
    let (server, folder) = (Keyed::start(&[]), Folder::fresh());
    let bob = server.joined("bob", server.0.address(), &[]);
    let (dumpcap, capture) = records(bob.port(), &folder);
    let log = folder.file("keys.log");
    let keys = log.to_str().unwrap();
    let alice = server.client_with("alice", &[("CHAT_KEYLOG", keys.to_owned())]);
    alice.sees("Other clients' IDs: ");
    alice.asks("/chat bob", "(verified, encrypted; compare ");
    alice.types("/msg for your eyes only");
    bob.sees_line("alice (direct): for your eyes only");
    let all = ["CHAT\\r\\nclientID: alice", "Nonce: ", "for your eyes only"];
    shows(&capture, bob.port(), keys, &folder, &all);
    assert!(!decoded(&capture, bob.port(), "nothing", &folder).join(" ").contains("CHAT"));
    drop(dumpcap);
}
