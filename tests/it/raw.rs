//! `--raw`: bytes by hand, and nothing of the protocol between.

use std::fs;
use std::path::Path;

use crate::support::{Client, Played, Server, Wire};

#[test]
fn what_is_typed_arrives_byte_by_byte_and_what_comes_is_printed() {
    let listener = Played::open();
    let hand = Client::with_args(&["--raw", &listener.address().to_string()]);
    let mut wire = listener.accepts("the other side");
    hand.types("no block at all");
    assert_eq!(wire.line(), "no block at all");
    wire.sends("nor this\n");
    hand.sees_line("nor this");
    hand.ends_input();
    wire.is_closed();
    wire.sends("last words\n");
    wire.ends();
    hand.sees_line("last words");
    hand.exits(0);
}

#[test]
fn a_server_can_be_asked_by_hand() {
    let server = Server::start(&[]);
    let hand = Client::with_args(&["--raw", &server.address().to_string()]);
    hand.types_bytes(b"INFO\r\n\r\n");
    hand.sees_line("INFOACK");
    hand.ends_input();
    hand.exits(0);
}

#[test]
fn a_client_can_be_served_by_hand() {
    let hand = Client::with_args(&["--raw", "--listen", "0"]);
    let line = hand.complains("listening on ");
    let address: std::net::SocketAddr = line.rsplit(' ').next().unwrap().parse().unwrap();
    let mut wire = Wire::connect("wire", address);
    hand.complains(" has connected");
    hand.types("hello");
    assert_eq!(wire.line(), "hello");
    wire.sends("good day\n");
    hand.sees_line("good day");
}

#[test]
fn what_raw_cannot_do_is_said() {
    let gone = crate::support::free_port();
    let sentence = format!("cannot reach 127.0.0.1:{gone}: connection refused");
    Client::refuses(&["--raw", &format!("127.0.0.1:{gone}")], &sentence, 1);
    Client::show_usage(&["--raw", "--raw a:1 b", "--listen 5555", "--raw x"]);
}

/// A student's first steps are made by hand, in a tree in which nothing is solved. (What it takes for TLS is lab 10's.)
#[test]
fn nothing_that_students_write_of_lab_0_is_used() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |file: &str| fs::read_to_string(source.join(file)).unwrap();
    let files = ["accept", "connect", "copy", "pair"].map(|file| read(&format!("net/{file}.rs")));
    let marks = files.iter().flat_map(|text| text.split("// LAB 0: ").skip(1));
    let functions = marks.filter_map(|mark| mark.split_once("fn ")?.1.split(['(', '<']).next());
    let functions: Vec<&str> = functions.collect();
    assert_eq!(functions, ["accept", "connect", "copy", "join", "bind_pair"]);
    let netcat = read("client/netcat.rs");
    let imports = netcat.lines().filter(|line| line.starts_with("use crate::net::"));
    let names = imports.flat_map(|line| line.split(['{', '}', ',', ';', ' ']));
    let mut names = names.filter_map(|path| path.rsplit("::").next());
    assert_eq!(names.find(|name| functions.contains(name)), None);
}
