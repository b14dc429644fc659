//! The chats of the README and of the manual, played word for word, and where their links lead.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use crate::support::{Client, Folder, Program, Server};

/// A line of a chat.
#[derive(Clone, Debug)]
pub struct Line {
    /// The terminal.
    pub who: String,
    /// `$` for a command line, `>` for what is typed, a space for what the program prints.
    pub kind: char,
    /// The rest.
    pub text: String,
}

/// A chat begins with a server; a block that begins otherwise continues the first chat of its page.
const BEGINNING: &str = "server $ cargo run";
/// What tells a chat on several machines from the others; `two_machines` plays the README's, `nat_home` the manual's.
const BEYOND: &str = "--host";
/// The pages with chats.
const PAGES: [&str; 2] = ["README.md", "src/MANUAL.md"];

/// The chats of a page: those on one machine, and those on several.
pub fn chats(page: &str) -> (Vec<Vec<Line>>, Vec<Vec<Line>>) {
    let page = fs::read_to_string(page).unwrap().replace("\r\n", "\n");
    let blocks = page.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (mut here, mut beyond): (Vec<Vec<Line>>, Vec<Vec<Line>>) = (Vec::new(), Vec::new());
    for block in blocks.filter(|block| block.starts_with("server $ ")) {
        let lines = block.lines().map(read);
        let first = block.lines().next().unwrap();
        if first.contains(BEYOND) {
            beyond.push(lines.collect());
        } else if first.starts_with(BEGINNING) {
            here.push(lines.collect());
        } else {
            here.first_mut().unwrap().extend(lines);
        }
    }
    (here, beyond)
}

fn read(line: &str) -> Line {
    let (who, rest) = line.split_at(7);
    let (kind, text) = rest.split_at(2);
    let kind = kind.chars().next().unwrap();
    Line { who: who.trim().to_owned(), kind, text: text.to_owned() }
}

/// What a printed line must contain: the page's clock is another one, and `…` stands for what the page leaves out.
pub fn essence(text: &str) -> &str {
    let text = text.split('…').next().unwrap();
    text.strip_prefix("12:35").unwrap_or(text)
}

/// The arguments of a command line for the client, if it is one.
pub fn client_arguments(command: &str) -> Option<Vec<&str>> {
    let whole = command.strip_prefix("cargo run --bin client -- ");
    let arguments = whole.or_else(|| command.strip_prefix("cargo run -- "))?;
    Some(arguments.split(' ').collect())
}

/// Ports that nobody uses, in place of the pages'.
fn free_ports() -> [String; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port().to_string())
}

/// The people of a chat, each with a terminal.
#[derive(Default)]
struct Stage {
    server: Option<Server>,
    clients: HashMap<String, Program>,
}

impl Stage {
    fn program(&self, who: &str) -> &Program {
        match &self.server {
            Some(server) if who == "server" => server,
            _ => &self.clients[who],
        }
    }

    fn runs(&mut self, who: &str, command: &str, port: &str) {
        match client_arguments(command) {
            Some(mut arguments) => {
                let server = format!("127.0.0.1:{port}");
                if arguments.len() == 1 {
                    arguments.extend(["--server", &server]); // the usual port may be taken here
                }
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
fn the_chat_of_the_readme_goes_as_it_says() {
    let (here, beyond) = chats("README.md");
    assert_eq!((here.len(), beyond.len()), (1, 1), "a chat of the README is gone: {here:?}");
    for chat in &here {
        play(chat);
    }
}

#[test]
fn the_chats_of_the_manual_go_as_it_says() {
    let (here, beyond) = chats("src/MANUAL.md");
    assert_eq!((here.len(), beyond.len()), (2, 1), "a chat of the manual is gone: {here:?}");
    for chat in &here {
        play(chat);
    }
}

fn play(lines: &[Line]) {
    let (mut stage, ports) = (Stage::default(), free_ports());
    assert!(lines.len() > 15, "most of a chat is gone: {lines:?}");
    for Line { who, kind, text } in lines {
        let mut text = text.clone();
        for (old, new) in ["5555", "5556", "5557"].iter().zip(&ports) {
            text = text.replace(old, new);
        }
        match kind {
            '$' => stage.runs(who, &text, &ports[0]),
            '>' => stage.program(who).types(&text),
            _ if text.starts_with("Server listening on") => {} // the start has waited for it
            _ => drop(stage.program(who).sees(essence(&text))),
        }
    }
}

#[test]
fn the_pages_name_files_that_exist() {
    let mut count = 0;
    for page in PAGES {
        let text = fs::read_to_string(page).unwrap();
        let words = text.split(['`', '(', ')', ' ', ',']);
        let is_file = |word: &&str| word.contains('/') && word.split('.').nth(1) == Some("rs");
        for file in words.filter(is_file) {
            count += 1;
            assert!(Path::new("src").join(file).exists(), "{page}: there is no src/{file}");
        }
    }
    assert!(count > 1, "the pages name no file any more");
}

/// The links of a page, as they stand in it.
fn links(text: &str) -> Vec<&str> {
    let inline = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let defined = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    let pictures = text.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let all = inline.chain(pictures).chain(defined.map(|(_, to)| to));
    all.filter(|link| !link.starts_with("http") && !link.contains(' ')).collect()
}

/// The name that a heading has in links.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|each| each.is_alphanumeric() || " -".contains(*each));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn the_links_of_the_pages_lead_to_something() {
    for page in PAGES.iter().chain(&[".github/CONTRIBUTING.md"]) {
        let text = fs::read_to_string(page).unwrap();
        for link in links(&text) {
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let place = if file.is_empty() {
                Path::new(page).to_owned()
            } else {
                Path::new(page).parent().unwrap().join(file)
            };
            assert!(place.exists(), "{page}: {link} leads nowhere");
            if !part.is_empty() {
                let target = fs::read_to_string(&place).unwrap();
                let headings = target
                    .lines()
                    .filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
                assert!(headings.map(anchor).any(|each| each == part), "{page}: no {link}");
            }
        }
    }
}
