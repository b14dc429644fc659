//! A log that was there before: the server reads what others have written.

use std::fs;

use super::crash::{Heard, finds, heard};
use crate::driver::by_hand;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::folder::Folder;
use crate::driver::story::{fail, step};

/// So many messages are kept for those who come back.
const KEPT: u64 = 1_000;

/// A message's line as the log has it.
fn line(name: &str, text: &str) -> String {
    format!("[2026-11-20 12:35:01] [{name}]: {text}\n")
}

/// Starts a server that finds this log.
fn server_with(log: impl AsRef<[u8]>) -> Server {
    let folder = Folder::fresh();
    by_hand::writes(folder.path(), log.as_ref());
    fs::write(folder.file("server.log"), log).unwrap();
    Server::start_in(folder, 0, &[])
}

/// Of many messages the last ones are kept, and those that could not be written have their numbers, too.
pub fn what_is_missing_has_its_numbers(dice: &mut Dice) {
    let (name, text) = (dice.word(), dice.text());
    let (older, lost) = (1 + dice.below(9), 1 + dice.below(99));
    step(format!(
        "a log of {older} messages, {} more, then `\\lost {lost}`, and one more message",
        KEPT - 1
    ));
    let many = KEPT - 1 + older as u64;
    let lines: String = (1..=many).map(|seq| line(&name, &format!("number {seq}"))).collect();
    let mark = format!("[2026-11-20 12:36:01] \\lost {lost}\n");
    let server = server_with(lines + &mark + &line(&name, &text));
    let mut wire = server.registered(&name, 6001);
    wire.asks("JOIN", &[("clientID", &name), ("Since", "0")]);
    let seq = many + lost as u64 + 1;
    wire.gets("JOINACK").has(&[("Seq", &seq.to_string()), ("Missed", &older.to_string())]);
    step(format!("the last {KEPT} come, each with its number"));
    let old = (older as u64 + 1..=many).map(|seq| (seq, name.clone(), format!("number {seq}")));
    for expected in old.chain([(seq, name.clone(), text)]) {
        let found = heard(&wire.gets_told());
        if found != expected {
            fail(format!("it must be {expected:?}, and is {found:?}"));
        }
    }
    step("and what is said next has the next number");
    wire.says("next").gets("SAID").has(&[("Seq", &(seq + 1).to_string())]);
}

/// A log is a file that anybody can write to.
pub fn what_is_no_message_does_not_count(dice: &mut Dice) {
    let (name, texts) = (dice.word(), [dice.text(), dice.text(), dice.text()]);
    step("a log of three messages, and of lines that are none, one of them of 20,000 bytes");
    let stamp = "[2026-11-20 12:35:01]";
    let none = [
        "# a remark\n\nno line of ours\n[2026]\n".to_owned(),
        format!(
            "{stamp} Client {name} connected from 127.0.0.1:12000\n{stamp} [{name}] has left\n"
        ),
        format!("{stamp} [{name}]:{name}\n{stamp} \\lost many\n{stamp} lost 9\n"),
        format!("{stamp} [{name}]: half a sen \\torn\n"),
        line(&name, &"z".repeat(20_000)),
    ];
    let mut log = none.concat().into_bytes();
    for text in &texts {
        log.extend_from_slice(b"\xff\xfe\n");
        log.extend_from_slice(line(&name, text).as_bytes());
        log.extend_from_slice(none[dice.below(none.len())].as_bytes());
    }
    let server = server_with(log);
    let all: Vec<Heard> = (1..).zip(texts).map(|(seq, text)| (seq, name.clone(), text)).collect();
    finds(&server, &name, &all).hears_nothing_else(dice);
}
