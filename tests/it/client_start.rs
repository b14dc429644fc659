//! How a client is started: the three forms of its command line, and everything that can be wrong with them.

use std::net::{Ipv4Addr, TcpListener};

use crate::support::{Client, Server, alice_alone, free_port};

#[test]
fn all_forms_of_the_command_line_lead_into_the_room() {
    let server = Server::start(&[]);
    let (address, port) = (server.address().to_string(), server.port().to_string());
    let listen = free_port().to_string();
    let forms: [&[&str]; 8] = [
        &["member", &listen, &address],
        &["member", "0", &address],
        &["member", &address],
        &["member", "127.0.0.1", &port],
        &["member", "localhost", &port],
        &["--id", "member", "--port", "0", "--server", &address],
        &["--server", &address, "--id", "member"],
        &["member", "--server", &address],
    ];
    for arguments in forms {
        let client = Client::with_args(arguments);
        client.sees("member running on 127.0.0.1:");
        client.sees("Your ID: ");
        client.quits();
        // The name is free again once the server has seen it go.
        server.sees("member");
    }
}

#[test]
fn flags_may_have_their_values_behind_an_equals_sign() {
    let server = Server::start(&[]);
    let (server_flag, listen) = (format!("--server={}", server.address()), free_port());
    let client = Client::with_args(&["--id=alice", &format!("--port={listen}"), &server_flag]);
    client.sees_line(&format!("alice running on 127.0.0.1:{listen}"));
    client.sees_line("Your ID: 1");
}

#[test]
fn bad_arguments_show_the_usage_and_end_with_2() {
    Client::show_usage(&[
        "alice 5556 127.0.0.1:5555 more",
        "alice 99999",
        "alice 80 127.0.0.1:5555",
        "alice 127.0.0.1 port",
        "alice 127.0.0.1 0",
        "alice 127.0.0.1:99999",
        "alice 127.0.0.1:",
        "alice :5555",
        "--id",
        "--what alice",
        "--id alice --port x",
        "--id=alice --server=",
        "alice +5556",
        "--id alice --port +5556",
        "alice [::1:5555",
        "alice ::1]:5555",
        "alice [127.0.0.1]:5555",
        "alice 127.0.0.1:+5555",
        "alice [::1 5555",
        "alice --page=+5600",
        "alice --give-up +3",
        "alice --lossy +20",
        "alice --lossy 20,0,0,+7",
        "--raw --listen +5555",
        "--raw [::1:5555",
    ]);
}

#[test]
fn the_error_comes_after_the_usage_where_it_is_read() {
    let client = Client::refuses(&["--what"], "usage: client", 2);
    assert_eq!(client.errors().lines().last(), Some("client: unknown flag --what"));
}

#[test]
fn the_version_is_told() {
    let programs =
        [("client", env!("CARGO_BIN_EXE_client")), ("server", env!("CARGO_BIN_EXE_server"))];
    for (name, path) in programs {
        for flag in ["--version", "-V"] {
            let told = std::process::Command::new(path).arg(flag).output().unwrap();
            let version = format!("{name} (p2p-chat) {}\n", env!("CARGO_PKG_VERSION"));
            assert_eq!(String::from_utf8(told.stdout).unwrap(), version);
            assert!(told.status.success());
        }
    }
}

#[test]
fn a_bad_name_from_the_command_line_is_a_sentence_and_2() {
    let server = Server::start(&[]);
    let long = "x".repeat(33);
    for name in ["12345", "two words", "é", "", "a:b", "Server", "you", "me", &long] {
        let arguments = ["--id", name, "--server", &server.address().to_string()];
        let client = Client::refuses(&arguments, "name", 2);
        assert!(!client.errors().contains("panicked"), "{}", client.errors());
    }
}

#[test]
fn a_name_that_is_taken_is_a_sentence_and_2() {
    let (server, alice) = alice_alone(&[]);
    for name in ["alice", "ALICE"] {
        Client::refuses(&[name, "0", &server.address().to_string()], "taken", 2);
    }
    alice.types("still here");
    alice.sees_without("left", " alice: still here");
}

#[test]
fn without_a_name_it_asks_and_asks_again() {
    let (server, alice) = alice_alone(&[]);
    let address = server.address().to_string();
    let nameless = Client::with_args(&["--server", &address]);
    nameless.sees_prompt("nickname");
    for (name, reason) in
        [("alice", "taken"), ("two words", "name"), ("7", "name"), ("Alice", "taken")]
    {
        nameless.types(name);
        nameless.sees_prompt(reason);
        nameless.sees_prompt("nickname");
    }
    nameless.asks("bob", "bob running on 127.0.0.1:");
    nameless.sees_line("Your ID: 2");
    alice.sees("bob joined (ID 2, ");
    nameless.types("here I am");
    alice.sees(" bob: here I am");
}

#[test]
fn without_a_name_at_the_end_of_the_input_it_ends() {
    let server = Server::start(&[]);
    let nameless = Client::with_args(&["--server", &server.address().to_string()]);
    nameless.sees_prompt("nickname");
    nameless.ends_input();
    nameless.exits(2);
}

#[test]
fn lines_typed_behind_the_name_wait_for_the_room() {
    let (server, alice) = alice_alone(&[]);
    let nameless = Client::with_args(&["--server", &server.address().to_string()]);
    nameless.types_bytes(b"alice\nbob\nfirst words\n/quit\n");
    alice.sees("bob joined");
    alice.sees(" bob: first words");
    alice.sees_line("bob left (quit)");
    nameless.exits(0);
}

#[test]
fn a_host_that_is_unknown_is_a_sentence() {
    let arguments = ["alice", "0", "no-such-host.invalid:5555"];
    let client = Client::refuses(&arguments, "no-such-host.invalid", 1);
    assert_eq!(client.errors().lines().count(), 1, "{}", client.errors());
}

#[test]
fn a_port_that_is_taken_is_a_sentence() {
    let server = Server::start(&[]);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
    let port = taken.local_addr().unwrap().port();
    let arguments = ["alice", &port.to_string(), &server.address().to_string()];
    let sentence = format!("cannot listen on 127.0.0.1:{port}: address in use");
    let client = Client::refuses(&arguments, &sentence, 1);
    assert_eq!(client.errors().lines().count(), 1, "{}", client.errors());
    assert!(client.errors().contains("without a port the client takes any free one"));
    let page = [
        "alice",
        "--no-open",
        "--page",
        &port.to_string(),
        "--server",
        &server.address().to_string(),
    ];
    Client::refuses(&page, "without a port the client takes any free one", 1);
}
