//! Files on their way as the user sees them: above the prompt, and in what the page is told.

use std::fs;

use crate::support::json::Json;
use crate::support::{Block, Client, Folder, Server, Site, Wire};
#[cfg(target_os = "linux")]
use crate::support::{Terminal, terminal::client};

/// Bob, whose blocks the test writes, calls alice at her address, and says that he knows files.
#[track_caller]
fn calls(room: &mut Wire, port: u16) -> Wire {
    room.asks("BRIDGE", &[("clientID", "bob"), ("Peer", "alice")]);
    let ack = room.skips_to("BRIDGEACK");
    let mut bob = Wire::connect("bob", ([127, 0, 0, 1], port).into());
    let ticket = ("Ticket", ack.get("Ticket"));
    bob.asks("CHAT", &[("clientID", "bob"), ("Port", "20009"), ticket, ("Files", "yes")]);
    bob.gets("CHAT");
    bob
}

/// A file of 300,000 bytes.
fn a_file() -> (Folder, String) {
    let home = Folder::fresh();
    fs::write(home.file("data"), vec![7; 300_000]).unwrap();
    let path = home.file("data").display().to_string();
    (home, path)
}

#[cfg(target_os = "linux")]
#[test]
fn a_prompt_shows_above_it_how_far_each_file_is() {
    let (server, folder) = (Server::start(&[]), Folder::fresh());
    let command = format!("{} --files '{}'", client("alice", &server), folder.path().display());
    let Some(alice) = Terminal::running(&command) else { return };
    let running = alice.sees("alice running on ");
    let port = running.trim_end().rsplit(':').next().unwrap().parse().unwrap();
    alice.sees("Other clients' IDs: none");
    let mut room = server.joined("bob", 20_009);
    let mut bob = calls(&mut room, port);
    alice.sees("Incoming chat request from bob");
    let (_home, path) = a_file();
    alice.presses(&format!("/send {path}\r"));
    let file = bob.gets("FILE").get("File").to_owned();
    let offered = "… offered to bob: \"data\" (300.0 kB)";
    alice.shows(&[offered, "[room; /msg: bob] > "], 20);
    bob.asks("FILEACK", &[("File", &file), ("From", "0")]);
    let row = |percent| format!("… to bob: \"data\" (300.0 kB), {percent} %");
    alice.shows(&[&row(0), "[room; /msg: bob] > "], 20);
    bob.asks("PIECEACK", &[("File", &file), ("Upto", "90000")]);
    alice.shows(&[&row(30), "[room; /msg: bob] > "], 20);
    // Somebody who wants the end of a chat need not wait for the file.
    alice.presses("/hangup\r");
    alice.sees("you ended the chat with bob");
    alice.sees("not delivered to bob: \"data\"");
    alice.shows(&["> "], 2);
}

#[test]
fn the_page_is_told_of_each_file_with_its_chat() {
    let (server, folder) = (Server::start(&[]), Folder::fresh());
    let (at, path) = (server.address().to_string(), folder.path().display().to_string());
    let arguments = ["alice", "0", &at, "--page", "--no-open", "--files", &path];
    let alice = Client::with_args(&arguments);
    let line = alice.sees("page: ");
    let site = Site::at(line.strip_prefix("page: ").unwrap());
    let running = alice.sees("alice running on ");
    let port = running.rsplit(':').next().unwrap().parse().unwrap();
    alice.sees("Other clients' IDs: ");
    let mut stream = site.listens();
    let mut room = server.joined("bob", 20_009);
    let mut bob = calls(&mut room, port);
    let (file, sum) = (("File", "1"), ("SHA-256", &*"0".repeat(64)));
    bob.sends(Block::text("FILE", &[file, ("Name", "\u{202e}a<b.txt"), ("Size", "90000"), sum]));
    // The page, like the screen, gets a harmless name.
    let mut told = |wanted: &str| {
        loop {
            let event = stream.next().data;
            if event.contains(wanted) && event.contains("\"kind\":\"state\"") {
                let state = Json::parse(&event);
                let Json::List(chats) = state.get("chats") else { panic!("no chats: {event}") };
                let Json::List(files) = chats[0].get("files") else { panic!("no files: {event}") };
                return files[0].clone();
            }
        }
    };
    let offered = told("\"state\":\"offered\"");
    assert_eq!(offered.get("name").text(), "a_b.txt");
    assert_eq!((offered.get("size").number(), offered.get("done").number()), (90_000.0, 0.0));
    assert_eq!(offered.get("direction").text(), "in");
    assert_eq!(site.posts("line", "/accept bob"), 204);
    bob.gets("FILEACK");
    told("\"state\":\"moving\"");
    bob.sends("PIECE\r\nFile: 1\r\nFrom: 0\r\n".to_owned() + &"AAAA".repeat(1_000) + "\r\n\r\n");
    let moving = told("\"done\":2700");
    assert_eq!(moving.get("direction").text(), "in");
    bob.sends("FILEEND\r\nFile: 1\r\nCode: withdrawn\r\n\r\n");
    alice.sees("not received from bob: \"a_b.txt\" (the other side stopped it; 3 % of it is kept");
}
