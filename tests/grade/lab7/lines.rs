//! What stands in server.log, and when.

use super::crash::{Heard, finds, heard, says};
use crate::driver::by_hand;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{fail, instead, step};
use crate::driver::wire::Wire;

/// So many that telling all of them takes a while.
const MEMBERS: u16 = 200;
/// So often is looked: whoever looks may come too late.
const LOOKS: u32 = 150;

pub fn the_line_is_there_before_anyone_hears(dice: &mut Dice) {
    it_is_there_as_soon_as_it_is_heard(dice);
    by_hand::begin();
    super::full::what_could_not_be_written_is_counted(dice);
}

fn it_is_there_as_soon_as_it_is_heard(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(2);
    let mut first = server.joined(&names[0], 6001);
    step(format!("{MEMBERS} more join after {}", names[0]));
    let _others: Vec<Wire> = (0..MEMBERS)
        .map(|number| server.joined(&format!("{}-{number}", names[1]), 7000 + number))
        .collect();
    step(format!("{} says something, hears it, and looks into server.log", names[0]));
    for _ in 0..LOOKS {
        let text = dice.text();
        first.says(&text);
        first.skips_to("SAID").has(&[("Text", &text)]);
        let log = server.log();
        let line = format!("[{}]: {text}\n", names[0]);
        if !log.windows(line.len()).any(|window| window == line.as_bytes()) {
            let log = String::from_utf8_lossy(&log);
            let end: Vec<&str> = log.lines().rev().take(3).collect();
            fail(format!("no line ends in {line:?}; the last ones, backwards: {end:#?}"));
        }
    }
}

pub fn no_text_is_mistaken_for_another_line(dice: &mut Dice) {
    texts_come_back_as_they_were(dice);
    by_hand::begin();
    super::found::what_is_no_message_does_not_count(dice);
}

fn texts_come_back_as_they_were(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(2);
    let mut wire = server.joined(&names[0], 6001);
    let word = dice.word();
    let texts = [
        format!(r"C:\new\{word}"),
        format!("[2026-11-20 12:35:01] [{}]: {word}", names[1]),
        format!(r"{word} \torn"),
        r"\lost 17".to_owned(),
        format!(r"\\ {word} \"),
        format!(r"\u{{41}} \n \r\n {word}"),
        format!("{word}\u{2028}{word}\t{word}"),
        "# no message".to_owned(),
        format!("]: {word} ["),
        "  two blanks before and behind  ".to_owned(),
        // The longest line that a message can have: each TAB has five bytes in the log.
        format!("{}{word}", "\t".repeat(1990)),
    ];
    let all: Vec<Heard> = texts.iter().map(|text| says(&mut wire, text)).collect();
    let server = server.starts_again();
    let mut wire = finds(&server, &names[1], &all);
    step("and the next one has the next number");
    wire.says(&word);
    let (seq, ..) = heard(&wire.gets("SAID"));
    if seq != texts.len() as u64 + 1 {
        fail(instead(format!("the number {}", texts.len() + 1), seq));
    }
}
