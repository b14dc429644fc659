//! The load generator, with our server and with one played by the test that makes mistakes.

use std::fs;

use crate::support::{Folder, Played, Program, Server, Wire, free_port};

/// Starts it in a fresh folder.
fn load(arguments: &[&str]) -> (Program, Folder) {
    let folder = Folder::fresh();
    let title = format!("load {}", arguments.join(" "));
    (Program::start(&title, env!("CARGO_BIN_EXE_load"), arguments, &folder), folder)
}

/// The next line of the table, in words.
fn row(program: &Program) -> Vec<String> {
    program.sees_next().split_whitespace().map(str::to_owned).collect()
}

/// A server played by the test, with everybody in its room.
struct FullRoom {
    program: Program,
    members: Vec<Wire>,
    _listener: Played,
    _folder: Folder,
}

impl FullRoom {
    /// Lets so many members in; the first `speakers` will say `messages` together.
    fn gather(members: usize, speakers: usize, messages: usize) -> FullRoom {
        let listener = Played::open();
        let numbers = [members, speakers, messages].map(|number| number.to_string());
        let address = listener.address().to_string();
        let (program, folder) = load(&[
            "--members",
            &numbers[0],
            "--speakers",
            &numbers[1],
            "--messages",
            &numbers[2],
            "--window",
            "100",
            "--server",
            &address,
        ]);
        let members = (1..=members).map(|id| let_in(&listener, id)).collect();
        FullRoom { program, members, _listener: listener, _folder: folder }
    }

    /// Reads the next texts of a speaker, and the last one that marks the end.
    fn reads(&mut self, speaker: usize, messages: usize) -> Vec<String> {
        let wire = &mut self.members[speaker];
        (0..=messages).map(|_| wire.gets("SAY").get("Text").to_owned()).collect()
    }

    /// Tells a member these texts under these numbers.
    fn tells(&mut self, member: usize, said: &[(usize, &str)]) {
        for (seq, text) in said {
            let seq = seq.to_string();
            let time = "2026-11-20 12:35:01";
            let headers = [("Seq", seq.as_str()), ("Time", time), ("ID", "1"), ("clientID", "x")];
            let headers = [&headers[..], &[("Text", text)]].concat();
            self.members[member].asks("SAID", &headers);
        }
    }
}

/// Registers and joins the next one who comes, to a room with ten messages of yesterday.
fn let_in(listener: &Played, id: usize) -> Wire {
    let (mut wire, id) = (listener.accepts("the other side"), id.to_string());
    let register = wire.gets("REGISTER");
    let (name, port) = (register.get("clientID"), register.get("Port"));
    let status = ("Status", "registered");
    let headers = [("clientID", name), ("IP", "127.0.0.1"), ("Port", port), status, ("ID", &id)];
    wire.asks("REGACK", &headers);
    wire.gets("JOIN").has(&[("clientID", name)]);
    let token = "0123456789abcdef0123456789abcdef";
    let headers =
        [("clientID", name), ("ID", &id), ("Token", token), ("Seq", "10"), ("Missed", "0")];
    wire.asks("JOINACK", &[&headers[..], &[("Message", "Welcome!")]].concat());
    wire
}

/// The texts with the numbers of a room that has given ten.
fn numbered(texts: &[String]) -> Vec<(usize, &str)> {
    (11..).zip(texts.iter().map(String::as_str)).collect()
}

#[test]
fn a_small_run_loses_nothing_and_prints_the_table() {
    let (load, _folder) = load(&["--members", "5", "--messages", "50"]);
    let head = load.sees_next();
    assert!(head.trim_start().starts_with("members speakers messages deliveries/s"), "{head}");
    let row = row(&load);
    assert_eq!(row[..3], ["5", "5", "50"]);
    assert_eq!(row[9..11], ["0", "0"]);
    assert_eq!(row.len(), head.split_whitespace().count());
    if cfg!(target_os = "linux") {
        assert!(row[12].parse::<f64>().unwrap() > 0.1, "the server's memory: {row:?}");
    }
    load.exits(0);
}

#[test]
fn a_run_ends_with_its_time_too_and_at_its_rate() {
    let (load, _folder) =
        load(&["--members=3", "--speakers=2", "--seconds=1", "--rate=20", "--size=2000"]);
    load.sees_next();
    let row = row(&load);
    let messages: u64 = row[2].parse().unwrap();
    assert!((2..=42).contains(&messages), "two who speak 20 times a second for a second: {row:?}");
    load.exits(0);
}

#[test]
fn a_server_that_runs_already_is_measured_and_left_as_it_was() {
    let server = Server::start(&["--rate", "0"]);
    server.joined("alice", 20_001).says("I was here first").gets("SAID");
    let address = server.address().to_string();
    let (load, _folder) = load(&["--sweep", "2,4", "--messages", "30", "--server", &address]);
    load.sees_next();
    for members in ["2", "4"] {
        let row = row(&load);
        assert_eq!((row[0].as_str(), row[2].as_str()), (members, "30"));
        assert_eq!(row[9..], ["0", "0", "-", "-"], "its CPU and memory are not known");
    }
    load.exits(0);
    // A run's messages, and a mark of the end from each speaker.
    let said = server.log_text().lines().filter(|line| line.contains("]: load ")).count();
    assert_eq!(said, 30 + 2 + 30 + 4);
    server.joined("bob", 20_002);
}

#[test]
fn without_the_server_beside_it_it_is_its_own() {
    let folder = Folder::fresh();
    let lonely = folder.file("lonely").with_extension(std::env::consts::EXE_EXTENSION);
    fs::copy(env!("CARGO_BIN_EXE_load"), &lonely).unwrap();
    let arguments = ["--members=3", "--messages=30"];
    let load = Program::start("load alone", lonely.to_str().unwrap(), &arguments, &folder);
    load.sees_next();
    assert_eq!(row(&load)[9..], ["0", "0", "-", "-"]);
    load.exits(0);
}

#[test]
fn the_files_are_well_formed() {
    let arguments = ["--sweep", "2,3,5", "--messages", "20", "--csv", "t.csv", "--svg", "t.svg"];
    let (load, folder) = load(&arguments);
    load.exits(0);
    let table = folder.text("t.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0][0], "members");
    for (row, members) in rows[1..].iter().zip(["2", "3", "5"]) {
        assert_eq!((row.len(), row[0], row[2]), (rows[0].len(), members, "20"));
        assert!(row[..13].iter().all(|cell| cell.parse::<f64>().is_ok()), "{row:?}");
    }
    let chart = folder.text("t.svg");
    is_well_formed(&chart);
    for word in ["prefers-color-scheme: dark", ">members<", "per second", "in ms", ">p99.9<"] {
        assert!(chart.contains(word), "no {word} in the chart");
    }
    assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
}

/// Every element is closed, in the right order, and what stands between is escaped.
fn is_well_formed(page: &str) {
    let mut open = Vec::new();
    for piece in page.trim_end().split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("no end of <{piece}"));
        let name = tag.split_whitespace().next().unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        assert!(!text.contains(['>', '&']), "{text}");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "</{name}>"),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

#[test]
fn a_played_server_that_makes_no_mistake_finds_none() {
    let mut played = FullRoom::gather(2, 1, 6);
    let texts = played.reads(0, 6);
    let said = numbered(&texts);
    // What was said before one joined, and by others, is no part of it.
    played.tells(1, &[(9, &texts[0]), (10, "good old times")]);
    played.members[1].asks("PING", &[("Token", "17")]);
    played.members[1].gets("PONG").has(&[("Token", "17")]);
    for member in [0, 1] {
        played.tells(member, &said[..4]);
        played.tells(member, &[(15, "what are you doing there?")]);
        let rest: Vec<(usize, &str)> =
            said[4..].iter().map(|(seq, text)| (seq + 1, *text)).collect();
        played.tells(member, &rest);
    }
    played.program.exits(0);
}

/// Plays a server that tells the second of two members what `mistake` makes of it. Gives what it said.
fn after(mistake: impl Fn(&mut Vec<(usize, &str)>)) -> (String, Vec<String>) {
    let mut played = FullRoom::gather(2, 1, 6);
    let texts = played.reads(0, 6);
    let mut said = numbered(&texts);
    played.tells(0, &said);
    mistake(&mut said);
    played.tells(1, &said);
    played.program.sees_next();
    let row = row(&played.program);
    let told = played.program.complains("load: ");
    played.program.exits(1);
    (told, row)
}

#[test]
fn a_message_that_does_not_come_is_lost() {
    let (told, row) = after(|said| said.retain(|(seq, _)| *seq != 13));
    assert_eq!(told, "load: 1 lost");
    assert_eq!(row[9..11], ["1", "0"]);
}

#[test]
fn two_messages_that_change_places_are_out_of_order() {
    let (told, row) = after(|said| said.swap(2, 3));
    assert_eq!(told, "load: 1 out of order");
    assert_eq!(row[9..11], ["0", "1"]);
}

#[test]
fn a_message_that_comes_again_is_told() {
    let (told, _) = after(|said| said.insert(3, said[1]));
    assert_eq!(told, "load: 1 delivered twice");
}

#[test]
fn a_number_of_the_room_that_is_left_out_is_a_loss() {
    let (told, _) = after(|said| said[3..].iter_mut().for_each(|(seq, _)| *seq += 1));
    assert_eq!(told, "load: 1 lost");
}

#[test]
fn members_who_hear_two_speakers_in_two_orders_are_told() {
    let mut played = FullRoom::gather(2, 2, 2);
    let (one, other) = (played.reads(0, 1), played.reads(1, 1));
    played.tells(0, &numbered(&[&one[..], &other].concat()));
    played.tells(1, &numbered(&[&other[..], &one].concat()));
    played.program.complains("load: 1 of the members received another order");
    played.program.exits(1);
}

#[test]
fn who_is_sent_away_has_lost_the_rest() {
    let mut played = FullRoom::gather(2, 1, 6);
    let texts = played.reads(0, 6);
    let said = numbered(&texts);
    played.tells(0, &said);
    played.tells(1, &said[..2]);
    played.members[1].asks("BYE", &[("Reason", "slow")]);
    drop(played.members.pop());
    played.program.complains("member 1: disconnected by the server: slow");
    played.program.complains("load: 4 lost");
    played.program.exits(1);
}

#[test]
fn who_is_not_let_in_says_why() {
    let listener = Played::open();
    let (load, _folder) = load(&["--members", "2", "--server", &listener.address().to_string()]);
    let _first = let_in(&listener, 1);
    let mut second = listener.accepts("the other side");
    second.gets("REGISTER");
    let headers = [("For", "REGISTER"), ("Code", "server-full"), ("Message", "no more chairs")];
    second.asks("ERROR", &headers);
    load.complains("load: member 2 of 2 cannot join");
    load.exits(1);
    assert!(load.errors().contains(": no more chairs"), "{}", load.errors());
}

#[test]
fn a_server_or_a_file_that_is_not_there_is_told() {
    let nobody = format!("127.0.0.1:{}", free_port());
    let (lonely, _folder) = load(&["--server", &nobody]);
    lonely.complains("load: member 1 of 100 cannot join");
    lonely.exits(1);
    let (homeless, folder) = load(&["--members=2", "--messages=1", "--svg", "no/such/folder.svg"]);
    homeless.complains("load: cannot write no/such/folder.svg: ");
    homeless.exits(1);
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "it leaves nothing behind");
}

#[test]
fn bad_arguments_are_told_with_the_usage() {
    let lines: [(&[&str], &str); 14] = [
        (&["now"], "unexpected argument 'now'"),
        (&["--members", "0"], "--members must be a number from 1 to 10000, not '0'"),
        (&["--members", "10", "--sweep", "1,2"], "--members and --sweep exclude each other"),
        (&["--sweep", "10,,30"], "a size of --sweep must be a number"),
        (&["--sweep", "30,10"], "each above the one before"),
        (&["--speakers", "many"], "--speakers must be a number"),
        (&["--size", "8"], "--size must be a number from 56 to 2000"),
        (&["--seconds", "0"], "--seconds must be a number"),
        (&["--server", "here"], "'here' is not HOST:PORT"),
        (&["--server", "[::1:5555"], "'[::1:5555' is not HOST:PORT"),
        (&["--server", "127.0.0.1:+5555"], "the server's port must be a number"),
        (&["--members", "+5"], "--members must be a number"),
        (&["--csv="], "--csv needs a file"),
        (&["--fast"], "unknown flag --fast"),
    ];
    for (arguments, complaint) in lines {
        let (load, _folder) = load(arguments);
        load.complains("usage: load [flags]");
        load.complains(complaint);
        load.exits(2);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run() {
    for flag in ["--csv", "--svg"] {
        let (load, folder) = load(&["--seconds", "60", flag, "no/such/folder"]);
        load.complains("cannot write no/such/folder: ");
        load.exits(1);
        assert_eq!(load.output(), "");
        assert!(!folder.path().join("no").exists());
    }
}

#[test]
fn a_run_that_fails_leaves_the_files_of_the_last_one() {
    let address = format!("127.0.0.1:{}", free_port());
    let folder = Folder::fresh();
    fs::write(folder.path().join("old.csv"), "old").unwrap();
    let arguments = ["--server", &address, "--csv", "old.csv", "--svg", "new.svg"];
    let load = Program::start("load", env!("CARGO_BIN_EXE_load"), &arguments, &folder);
    load.exits(1);
    assert_eq!(folder.text("old.csv"), "old");
    assert!(!folder.path().join("new.svg").exists());
}
