//! The client reads blocks, too: the grader plays its server.

use crate::driver::block::Block;
use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::played::{Peer, Played};
use crate::driver::story::{self, step};
use crate::driver::wire::Wire;

/// How many others are in the room: an answer may have more lines than a request.
const OTHERS: u16 = 40;

pub fn the_client_reads_blocks_in_any_pieces(dice: &mut Dice) {
    let played = Played::open();
    let carol = Client::start("carol", played.address());
    let mut server = played.accepts("the server (played)");
    let me = Peer::registering(&server.gets("REGISTER"), 77);

    step("the server takes carol in, in small pieces; 40 others are there");
    let port = |number: u16| ([127, 0, 0, 1], 6000 + number).into();
    let others: Vec<Peer> = dice
        .words(OTHERS.into())
        .iter()
        .zip(1..)
        .map(|(name, number)| Peer::new(name, port(number), number.into()))
        .collect();
    server.sends_in_pieces(me.regack(), dice, 7);
    server.gets("JOIN");
    server.sends_in_pieces(me.joinack(&others.iter().collect::<Vec<_>>(), 0), dice, 40);
    carol.sees_line("Your ID: 77");
    let names: Vec<String> =
        others.iter().map(|other| format!("{} ({})", other.id, other.name)).collect();
    carol.sees_line(&format!("Other clients' IDs: {}", names.join(", ")));

    step("thirty messages, cut anywhere; among them two blocks that are none");
    let (mut bytes, mut expected) = (Vec::new(), Vec::new());
    for seq in 1..=30 {
        let (text, other) = (dice.text(), dice.pick(&others));
        bytes.extend_from_slice(said(dice, seq, other, &text).as_bytes());
        expected.push(format!("{}: {text}", other.name));
        if seq == 10 {
            let long = "z".repeat(4097);
            bytes.extend_from_slice(
                format!("SAID\r\nColour: {long}\r\nText: no\r\n\r\n").as_bytes(),
            );
        }
        if seq == 20 {
            bytes.extend_from_slice(b"SAID\r\nSeq: \xff\r\nText: no\r\n\r\n");
        }
    }
    let longest = *dice.pick(&[3, 50, 2000]);
    server.sends_in_pieces(bytes, dice, longest);
    step("carol reads the thirty, each once and in their order");
    let (last, mut shown) = (expected.last().unwrap().clone(), Vec::new());
    carol.waits(&format!("the last of them, {last:?}"), |line| {
        let (_, message) = line.split_once(' ')?; // after the time
        if expected.iter().any(|text| text == message) {
            shown.push(message.to_owned());
        }
        (message == last).then_some(())
    });
    if let Some((shown, expected)) = shown.iter().zip(&expected).find(|(one, other)| one != other) {
        story::fail(format!("carol is shown {shown:?} where {expected:?} is next"));
    }
    if shown.len() != expected.len() {
        story::fail(format!("carol is shown {} messages of {}", shown.len(), expected.len()));
    }
    answers_may_be_long(&carol, &mut server, &others[0], dice);
}

/// How long each line of a message is, how many there are, and whether it is a block still: a server may say
/// 20,000 lines, and 4 MiB.
const LONG: [(usize, usize, bool); 4] =
    [(9, 19_000, true), (9, 20_001, false), (4000, 1000, true), (4000, 1100, false)];

/// Thirty messages have been said.
fn answers_may_be_long(carol: &Client, server: &mut Wire, from: &Peer, dice: &mut Dice) {
    let id = from.id.to_string();
    for ((length, count, passes), seq) in LONG.into_iter().zip(31..) {
        let (text, next, seq) = (dice.text(), dice.text(), seq.to_string());
        let line = format!("Colour: {}\r\n", "z".repeat(length - "Colour: ".len()));
        let says = |text: &str| {
            let head = [("Seq", seq.as_str()), ("Time", "2026-11-20 12:35:01"), ("ID", &id)];
            let rest = [("clientID", from.name.as_str()), ("Text", text)];
            Block::text("SAID", &[&head[..], &rest].concat())
        };
        let seen = if passes { "shown" } else { "skipped" };
        step(format!("a message with {count} lines of {length} bytes before the others is {seen}"));
        server.sends(says(&text).replace("SAID\r\n", &format!("SAID\r\n{}", line.repeat(count))));
        if !passes {
            server.sends(says(&next));
        }
        let expected = format!("{}: {}", from.name, if passes { &text } else { &next });
        carol.waits(&format!("the message {expected:?}"), |line| {
            let (_, message) = line.split_once(' ')?; // after the time
            if !passes && message.ends_with(&text) {
                story::fail(format!("carol is shown {line:?}, of a block that is too long"));
            }
            (message == expected).then_some(())
        });
    }
}

/// A message in one of the shapes that the grammar allows.
fn said(dice: &mut Dice, seq: u32, from: &Peer, text: &str) -> String {
    let (seq, id) = (seq.to_string(), from.id.to_string());
    let time = ("Time", "2026-11-20 12:35:01");
    let mut headers =
        vec![("Seq", seq.as_str()), time, ("ID", &id), ("clientID", &from.name), ("Text", text)];
    let filler = "x".repeat(4096 - "Colour: \r\n".len());
    match dice.below(4) {
        0 => headers.reverse(),
        1 => headers.insert(1, ("Colour", &filler)),
        2 => headers.extend([("text", "not this"), ("Mood", "")]),
        _ => {}
    }
    let block = Block::text("SAID", &headers);
    if dice.below(3) == 0 { block.replace("\r\n", "\n").replace("Seq:", "SEQ:") } else { block }
}
