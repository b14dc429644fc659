//! A disk that is full, and yet takes a little.

use crate::driver::by_hand;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{self, fail, instead, step};

/// Texts of this length: two of them fit, or a few more.
const LONG: usize = 1500;
/// So many short ones in one read need more than is left.
const BURST: usize = 30;

/// What could not be written is counted, and the count is written as soon as there is room.
pub fn what_could_not_be_written_is_counted(dice: &mut Dice) {
    let Some(server) = Server::start_cramped() else { return };
    let name = dice.word();
    let mut wire = server.joined(&name, 6001);
    by_hand::note(
        "in the story each long thing is heard before the next is said; here all come at once",
    );
    step(format!("{name} says six long things, {BURST} short ones at once, and two more"));
    let mut texts: Vec<String> = (0..6).map(|_| dice.word().repeat(LONG / 8)).collect();
    for text in &texts {
        wire.says(text).gets("SAID");
    }
    let burst: Vec<String> = (0..BURST).map(|number| format!("short {number}")).collect();
    wire.sends(burst.iter().map(|text| format!("SAY\nText: {text}\n\n")).collect::<String>());
    burst.iter().for_each(|_| drop(wire.gets("SAID")));
    texts.extend(burst);
    for text in ["and", "on"] {
        wire.says(text).gets("SAID");
        texts.push(text.to_owned());
    }
    let log = String::from_utf8_lossy(&server.log()).into_owned();
    step("all of them are in server.log, or counted by a line `\\lost N` in their place");
    counts(&log, &name, &texts);
}

/// Each line of the log is whole, and what is not there is counted before what is there next.
fn counts(log: &str, name: &str, texts: &[String]) {
    let (mut place, mut missing) = (0, 0);
    log.lines().for_each(|line| story::told("server.log", "has", short(line).as_bytes()));
    for line in log.lines() {
        let lost = line.split_once("] \\lost ").map(|(_, count)| count.parse::<usize>());
        match (lost, line.split_once(&format!("] [{name}]: "))) {
            (Some(Ok(count)), _) if count > 0 => missing += count,
            (Some(_), _) => fail(format!("this line counts nothing: {line:?}")),
            (None, Some((_, text))) => {
                place += std::mem::take(&mut missing);
                if texts.get(place).is_none_or(|next| next != text) {
                    let next = texts.get(place).map_or("nothing more", |text| short(text));
                    let expected = format!("{next:?}, or a line `\\lost N` before what is there");
                    fail(instead(expected, format!("{:?}", short(text))));
                }
                place += 1;
            }
            (None, None) => {}
        }
    }
    if place != texts.len() {
        fail(format!("of {} messages the log has, or counts, {place}", texts.len()));
    }
}

/// The beginning of a text: it is enough to know it by.
fn short(text: &str) -> &str {
    text.get(..60).unwrap_or(text)
}
