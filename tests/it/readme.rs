//! The README's chats, played word for word.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;

use crate::stage::{Client, Folder, Program, Server};

/// A line of a chat: who, what kind (`$`, `>` or nothing), and the text.
type Line = (String, char, String);

/// How a chat begins; blocks that begin otherwise go on with the one before.
const BEGINNING: &str = "server $ cargo run";

/// The README's chats.
fn chats() -> Vec<Vec<Line>> {
    let page = fs::read_to_string("README.md").unwrap();
    let blocks = page.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut chats: Vec<Vec<Line>> = Vec::new();
    for block in blocks {
        if block.starts_with(BEGINNING) {
            chats.push(Vec::new());
        }
        chats.last_mut().unwrap().extend(block.lines().map(read));
    }
    chats
}

fn read(line: &str) -> Line {
    let (who, rest) = line.split_at(7);
    let kind = rest.chars().next().unwrap();
    (who.trim().to_owned(), kind, rest[2..].to_owned())
}

/// Ports that nobody uses, in place of the README's.
fn free_ports() -> [String; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port().to_string())
}

/// The people of the README's chat, each with a terminal.
#[derive(Default)]
struct Stage {
    server: Option<Server>,
    clients: HashMap<String, Client>,
}

impl Stage {
    fn program(&self, who: &str) -> &Program {
        match &self.server {
            Some(server) if who == "server" => server,
            _ => &self.clients[who],
        }
    }

    fn runs(&mut self, who: &str, command: &str, port: &str) {
        match command.strip_prefix("cargo run --bin client -- ") {
            Some(arguments) => {
                let arguments: Vec<&str> = arguments.split(' ').collect();
                self.clients.insert(who.to_owned(), Client::with_args(&arguments));
            }
            None if command == "Ctrl-C" => self.server.as_ref().unwrap().kill(),
            None => {
                assert_eq!(command, "cargo run --bin server");
                let port = port.parse().unwrap();
                self.server = Some(match self.server.take() {
                    Some(killed) => killed.starts_again(),
                    None => Server::start_in(Folder::fresh(), port, &[]),
                });
            }
        }
    }
}

#[test]
fn the_chats_of_the_readme_go_as_it_says() {
    let chats = chats();
    assert_eq!(chats.len(), 2, "a chat of the README is gone: {chats:?}");
    chats.into_iter().for_each(play);
}

fn play(lines: Vec<Line>) {
    let (mut stage, ports) = (Stage::default(), free_ports());
    assert!(lines.len() > 15, "the README's chat is gone: {lines:?}");
    for (who, kind, text) in lines {
        let mut text = text;
        for (old, new) in ["5555", "5556", "5557"].iter().zip(&ports) {
            text = text.replace(old, new);
        }
        match kind {
            '$' => stage.runs(&who, &text, &ports[0]),
            '>' => stage.program(&who).types(&text),
            _ if text.starts_with("Server listening on") => {} // seen by the stage itself
            // The clock is another one.
            _ => drop(stage.program(&who).sees(text.strip_prefix("12:35").unwrap_or(&text))),
        }
    }
}

#[test]
fn the_readme_names_the_files_that_there_are() {
    let page = fs::read_to_string("README.md").unwrap();
    let words = page.split(['`', '(', ')', ' ', ',']);
    let files = words.filter(|word| word.contains('/') && word.split('.').nth(1) == Some("rs"));
    let mut count = 0;
    for file in files {
        count += 1;
        assert!(fs::metadata(format!("src/{file}")).is_ok(), "there is no src/{file}");
    }
    assert!(count > 5, "the map of the code is gone");
}
