//! Many speak at once.

use std::collections::HashMap;

use crate::driver::block::Block;
use crate::driver::cast::{Client, Server};
use crate::driver::dice::Dice;
use crate::driver::story::{fail, step};
use crate::driver::wire::Wire;

/// How many are in the room, how many of them speak, and how much.
const MEMBERS: usize = 6;
const SPEAKERS: usize = 4;
const ROUNDS: usize = 10;
const AT_ONCE: usize = 5;

pub fn everyone_hears_everything_once_and_in_one_order(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(MEMBERS);
    step(format!("{MEMBERS} are in the room"));
    let mut ids = HashMap::new();
    let mut members: Vec<Wire> = Vec::new();
    for (name, port) in names.iter().zip(6001..) {
        let mut wire = server.connect(name);
        ids.insert(name.clone(), wire.registers(name, port).get("ID").to_owned());
        wire.joins(name);
        members.push(wire);
    }
    step(format!("{SPEAKERS} of them speak at once, {AT_ONCE} messages in each write"));
    let mut spoken: HashMap<&str, Vec<String>> = HashMap::new();
    for _ in 0..ROUNDS {
        for (name, wire) in names.iter().zip(&mut members).take(SPEAKERS) {
            let texts: Vec<String> = (0..AT_ONCE).map(|_| dice.text()).collect();
            let say = |text: &String| Block::text("SAY", &[("Text", text)]);
            let blocks: String = texts.iter().map(say).collect();
            wire.sends_in_pieces(blocks, dice, 400);
            spoken.entry(name).or_default().extend(texts);
        }
    }
    let count = SPEAKERS * ROUNDS * AT_ONCE;
    let mut first: Vec<(String, String)> = Vec::new();
    for (name, wire) in names.iter().zip(&mut members) {
        step(format!("{name} hears all {count}"));
        let mut heard = Vec::new();
        for seq in 1..=count {
            let said = wire.skips_to("SAID");
            let (from, text) = (said.get("clientID"), said.get("Text"));
            let id = ids.get(from).map_or("*", String::as_str);
            let seq = seq.to_string();
            let numbers = [("Seq", seq.as_str()), ("Time", "*"), ("ID", id)];
            said.has_exactly(&[&numbers[..], &[("clientID", from), ("Text", text)]].concat());
            heard.push((from.to_owned(), text.to_owned()));
        }
        if first.is_empty() {
            first.clone_from(&heard);
            are_those(&heard, &spoken);
        }
        if let Some(at) = (0..count).find(|at| first[*at] != heard[*at]) {
            let (one, other) = (&first[at], &heard[at]);
            fail(format!(
                "message {} is {one:?} for {} and {other:?} for {name}",
                at + 1,
                names[0]
            ));
        }
        wire.hears_nothing_else(dice);
    }
}

/// What was heard must be what was said: of each speaker all of it, in the speaker's order.
fn are_those(heard: &[(String, String)], spoken: &HashMap<&str, Vec<String>>) {
    for (speaker, texts) in spoken {
        let of_speaker: Vec<&String> =
            heard.iter().filter(|(from, _)| from == speaker).map(|(_, text)| text).collect();
        if of_speaker.len() != texts.len() {
            fail(format!("{} messages of {speaker} instead of {}", of_speaker.len(), texts.len()));
        }
        if let Some((one, other)) =
            of_speaker.into_iter().zip(texts).find(|(one, other)| one != other)
        {
            fail(format!("{speaker} is heard saying {one:?} where {other:?} was next"));
        }
    }
}

pub fn three_clients_talk(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(3);
    let clients: Vec<Client> = names.iter().map(|name| Client::joined(name, &server)).collect();
    step("each knows who has come after it");
    clients[0].sees_all(&[&format!("{} joined (ID 2, ", names[1])]);
    clients[0].sees_all(&[&format!("{} joined (ID 3, ", names[2])]);
    clients[1].sees_all(&[&format!("{} joined (ID 3, ", names[2])]);
    let mut said: Vec<String> = Vec::new();
    for turn in 0..9 {
        let (speaker, text) = (turn % 3, dice.text());
        step(format!("{} types {text:?}", names[speaker]));
        clients[speaker].types(&text);
        let line = format!("{}: {text}", names[speaker]);
        for client in &clients {
            // The next message is this one: none is shown twice.
            let next = client.waits(&format!("{line:?}"), |next| {
                let (_, message) = next.split_once(' ')?;
                let known = message == line || said.iter().any(|said| said == message);
                known.then(|| message.to_owned())
            });
            if next != line {
                fail(format!("{} shows {next:?} again", client.title()));
            }
        }
        said.push(line);
    }
}
