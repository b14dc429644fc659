//! The server ends, and starts again with its log.

use std::fs::OpenOptions;
use std::io::Write;
use std::thread;

use crate::driver::block::Block;
use crate::driver::by_hand;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{self, fail, instead, step, told};
use crate::driver::wire::Wire;

/// So often the server is killed: a message is lost only by chance.
const ROUNDS: u32 = 4;

/// A message that somebody has heard: its number, its speaker, its text.
pub type Heard = (u64, String, String);

/// What a SAID says.
pub fn heard(said: &Block) -> Heard {
    (said.number("Seq"), said.get("clientID").to_owned(), said.get("Text").to_owned())
}

/// Joins and asks for all since the beginning; that must be exactly this.
pub fn finds(server: &Server, name: &str, expected: &[Heard]) -> Wire {
    step(format!("{name} joins and reads all since 0: {} messages", expected.len()));
    let mut wire = server.registered(name, 6009);
    wire.asks("JOIN", &[("clientID", name), ("Since", "0")]);
    let (ack, last) = (wire.gets("JOINACK"), expected.last().map_or(0, |(seq, ..)| *seq));
    ack.has(&[("Seq", &last.to_string())]);
    for (seq, from, text) in expected {
        let expected =
            [("Seq", seq.to_string()), ("clientID", from.clone()), ("Text", text.clone())];
        let expected = expected.each_ref().map(|(name, value)| (*name, value.as_str()));
        wire.gets_told().has(&expected).has(&[("Replay", "yes")]);
    }
    wire
}

/// Says something and hears it back.
pub fn says(wire: &mut Wire, text: &str) -> Heard {
    heard(wire.says(text).skips_to("SAID").has(&[("Text", text)]))
}

/// Shows the end of the log in the story.
fn log_ends(server: &Server) {
    let log = String::from_utf8_lossy(&server.log()).into_owned();
    let lines: Vec<&str> = log.lines().collect();
    for line in &lines[lines.len().saturating_sub(3)..] {
        told("server.log", "has", line.as_bytes());
    }
}

pub fn numbers_go_on_where_they_stopped(dice: &mut Dice) {
    numbers_go_on_after_each_end(dice);
    by_hand::begin();
    super::found::what_is_missing_has_its_numbers(dice);
}

fn numbers_go_on_after_each_end(dice: &mut Dice) {
    let mut server = Server::start(&[]);
    let names = dice.words(5);
    let mut all: Vec<Heard> = Vec::new();
    for (turn, name) in names.iter().enumerate() {
        let mut wire = finds(&server, name, &all);
        for _ in 0..5 {
            let text = dice.text();
            let said = says(&mut wire, &text);
            if said != (all.len() as u64 + 1, name.clone(), text.clone()) {
                fail(instead(
                    format!("{text:?}, with the number {}", all.len() + 1),
                    format!("{said:?}"),
                ));
            }
            all.push(said);
        }
        if turn % 2 == 0 {
            server = server.starts_again();
            continue;
        }
        step("somebody types /quit into the server");
        server.types("/quit");
        let (_, code) = server.ends();
        if code != 0 {
            fail(format!("after /quit the server ends with exit code {code}"));
        }
        server = server.starts_again();
    }
    finds(&server, "last", &all).hears_nothing_else(dice);
}

pub fn what_was_seen_survives_kill_9(dice: &mut Dice) {
    for round in 1..=ROUNDS {
        let server = Server::start(&[]);
        let names = dice.words(4);
        let mut witness = server.joined(&names[0], 6001);
        let mut speakers: Vec<Wire> =
            names[1..].iter().zip(6002..).map(|(name, port)| server.joined(name, port)).collect();
        step(format!("round {round}: three say 300 messages each, ten at a time"));
        let blocks = |dice: &mut Dice| -> String {
            (0..10).map(|_| Block::text("SAY", &[("Text", &dice.text())])).collect()
        };
        let portions = |dice: &mut Dice| -> Vec<String> { (0..30).map(|_| blocks(dice)).collect() };
        let enough = 50 + dice.below(300);
        let (mut seen, folder) = thread::scope(|scope| {
            for speaker in &mut speakers {
                let (portions, scene) = (portions(dice), story::scene());
                // Until the server is gone.
                scope.spawn(move || {
                    story::enter(scene);
                    portions.iter().all(|portion| speaker.drips(portion.as_bytes()))
                });
            }
            let seen: Vec<Heard> = (0..enough).map(|_| heard(&witness.skips_to("SAID"))).collect();
            step(format!("{} has heard {enough} of them when the server is killed", names[0]));
            (seen, server.crashes())
        });
        step(format!("what was still on its way to {} it has seen, too", names[0]));
        let rest = witness.rest();
        seen.extend(rest.iter().filter(|block| block.kind == "SAID").map(heard));

        let server = Server::start_in(folder, 0, &[]);
        step(format!("all {} that {} has seen are there, as it saw them", seen.len(), names[0]));
        let mut wire = server.registered(&names[0], 6001);
        let found = wire.obtains("JOIN", &[("clientID", &names[0]), ("Since", "0")]).number("Seq");
        if found < seen.len() as u64 {
            fail(format!("{} messages were seen, and the server knows of {found}", seen.len()));
        }
        for message in &seen {
            let now = heard(&wire.gets_told());
            if now != *message {
                fail(format!("it was {message:?}, and now it is {now:?}"));
            }
        }
    }
}

pub fn a_torn_line_is_survived(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(3);
    let mut all: Vec<Heard> = Vec::new();
    let mut wire = server.joined(&names[0], 6001);
    (0..5).for_each(|_| all.push(says(&mut wire, &dice.text())));
    let mut folder = server.crashes();
    let whole = format!("[2026-11-20 12:35:01] [{}]: torn räksmörgås", names[1]);
    let ends = ["[2026-11-20 12:35:01] ".len(), whole.find('ä').unwrap() + 1, whole.len()];
    for end in ends {
        let torn = &whole.as_bytes()[..end];
        step(format!("the log ends in the middle of a line: {:?}", String::from_utf8_lossy(torn)));
        by_hand::writes(folder.path(), torn);
        let log = folder.opens("server.log", OpenOptions::new().append(true));
        if let Err(error) = log.and_then(|mut log| log.write_all(torn)) {
            fail(format!("there is no server.log to write to: {error}"));
        }
        let server = Server::start_in(folder, 0, &[]);
        let mut wire = finds(&server, &names[2], &all);
        step("what is said next has its own line and its own number");
        all.push(says(&mut wire, &dice.text()));
        log_ends(&server);
        let server = server.starts_again();
        finds(&server, &names[2], &all).hears_nothing_else(dice);
        folder = server.crashes();
    }
}
