//! `client --page`: the same client with a second front end.

use std::net::TcpListener;
use std::time::Instant;

use crate::support::{Client, DEADLINE, OutputMode, Program, Server, Site, Stream};

/// Waits for the address that the client prints.
#[track_caller]
fn page_of(client: &Program) -> Site {
    let line = client.sees("page: ");
    Site::at(line.strip_prefix("page: ").unwrap())
}

/// Waits for an event that contains this text.
#[track_caller]
fn tells(stream: &mut Stream, text: &str) {
    let until = Instant::now() + DEADLINE;
    while !stream.next().data.contains(text) {
        assert!(Instant::now() < until, "the page is told much, but not {text:?}");
    }
}

/// A client with a page in the room of that server.
#[track_caller]
fn with_page(name: &str) -> (Server, Program, Site) {
    let server = Server::start(&[]);
    let address = server.address().to_string();
    let client = Client::with_args(&[name, "0", &address, "--page", "--no-open"]);
    let site = page_of(&client);
    client.sees("Other clients' IDs: ");
    (server, client, site)
}

#[test]
fn page_and_terminal_are_two_front_ends_of_one_client() {
    let (server, alice, site) = with_page("alice");
    let bob = Client::joined("bob", &server);
    let mut stream = site.listens();
    tells(&mut stream, "bob joined");
    assert_eq!(site.posts("line", "from the page"), 204);
    bob.sees(" alice: from the page");
    alice.sees(" alice: from the page");
    alice.types("from the terminal");
    bob.sees(" alice: from the terminal");
    tells(&mut stream, "from the terminal");
    bob.says(&alice, "to both");
    tells(&mut stream, "to both");
}

#[test]
fn page_goes_on_when_the_terminal_has_ended() {
    let (server, alice, site) = with_page("alice");
    let bob = Client::joined("bob", &server);
    alice.ends_input();
    alice.has_output(OutputMode::Closed);
    for text in ["one", "two", "three"] {
        assert_eq!(site.posts("line", text), 204);
        bob.sees(&format!(" alice: {text}"));
    }
    assert_eq!(site.posts("line", "/quit"), 204); // it is answered before the program ends
    bob.sees_line("alice left (quit)");
    alice.exits(0);
}

#[test]
fn page_asks_for_the_name_until_there_is_one() {
    let server = Server::start(&[]);
    let bob = Client::joined("bob", &server);
    let address = server.address().to_string();
    let client = Client::with_args(&["--server", &address, "--page", "--no-open"]);
    let site = page_of(&client);
    client.ends_input();
    let mut stream = site.listens();
    tells(&mut stream, "Your nickname?");
    for (name, reason) in [("bob", "taken"), ("two words", "name")] {
        assert_eq!(site.posts("line", name), 204);
        tells(&mut stream, reason);
    }
    assert_eq!(site.posts("line", "alice"), 204);
    tells(&mut stream, "Your ID: 2");
    bob.sees("alice joined (ID 2, ");
}

#[test]
fn page_for_a_name_that_is_taken_asks_for_another() {
    let server = Server::start(&[]);
    let _bob = Client::joined("bob", &server);
    let address = server.address().to_string();
    let client = Client::with_args(&["bob", "0", &address, "--page", "--no-open"]);
    let site = page_of(&client);
    let mut stream = site.listens();
    tells(&mut stream, "taken");
    assert_eq!(site.posts("line", "alice"), 204);
    tells(&mut stream, "Your ID: 2");
}

#[test]
fn page_has_a_port_of_its_own_in_all_forms() {
    let server = Server::start(&[]);
    let address = server.address().to_string();
    // Where the client listens and where the page is served are told apart by their places.
    for form in [
        &["--page", "PORT", "--no-open", "alice", &address] as &[&str],
        &["alice", &address, "--no-open", "--page=PORT"],
    ] {
        let port = crate::support::free_port().to_string();
        let form: Vec<String> = form.iter().map(|word| word.replace("PORT", &port)).collect();
        let form: Vec<&str> = form.iter().map(String::as_str).collect();
        let client = Client::with_args(&form);
        assert_eq!(page_of(&client).port.to_string(), port);
        client.quits();
    }
    let client = Client::with_args(&["--no-open", "--page", "alice", &address]);
    assert_ne!(page_of(&client).port, 0);
    client.sees("alice running on ");
}

#[test]
fn page_on_a_port_that_cannot_be_had_is_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let sentence = format!("cannot serve the page on 127.0.0.1:{port}: address in use");
    Client::refuses(&["alice", &format!("--page={port}"), "--no-open"], &sentence, 1);
    let bad = ["alice --page=x", "alice --page=80", "alice --page 99999", "alice --no-open=1"];
    Client::show_usage(&bad);
}

#[cfg(unix)]
#[test]
fn page_is_told_when_too_many_lines_wait() {
    use crate::support::process::signal;

    let (server, _alice, site) = with_page("alice");
    let mut stream = site.listens();
    // A server that has stopped does not answer, so what asks it waits, and what stands behind that.
    signal(server.pid(), "STOP");
    for _ in 0..300 {
        assert_eq!(site.posts("line", "/info"), 204);
    }
    tells(&mut stream, "not sent, 256 lines are waiting: /info");
}

#[test]
fn page_listens_on_loopback_alone() {
    let (_server, alice, site) = with_page("alice");
    // On Linux every address of 127.0.0.0/8 is this machine's; the page is on one of them.
    #[cfg(target_os = "linux")]
    assert!(std::net::TcpStream::connect(("127.0.0.2", site.port)).is_err());
    assert_eq!(site.asks("GET", "", "").status, 200);
    drop(alice);
}

#[test]
fn page_is_told_when_things_happen_and_whether_the_wire_is_shown() {
    let (server, alice, site) = with_page("alice");
    let bob = Client::joined("bob", &server);
    let mut stream = site.listens();
    tells(&mut stream, "\"explain\":false");
    assert_eq!(site.posts("line", "/explain on"), 204);
    tells(&mut stream, "\"explain\":true");
    alice.types("/explain off");
    tells(&mut stream, "\"explain\":false");
    bob.types("/chat alice");
    alice.sees("Incoming chat request from bob ");
    bob.types("/msg what time is it?");
    let until = Instant::now() + DEADLINE;
    let heard = std::iter::repeat_with(|| stream.next().data).find(|data| {
        assert!(Instant::now() < until, "nothing is heard");
        data.contains("\"kind\":\"heard\"")
    });
    let heard = heard.unwrap();
    let time = heard.split("\"time\":\"").nth(1).expect("a time").as_bytes();
    assert_eq!((time[2], time[5]), (b':', b'"'), "{heard}");
}
