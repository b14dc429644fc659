//! A disk that is full, and yet takes a little.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use crate::by_hand;
use crate::dice::Dice;
use crate::folder::Folder;
use crate::heard::{Heard, collect, fail_if_one_has_failed};
use crate::program::SLICE;
use crate::script::quoted;
use crate::settings::settings;
use crate::story::{self, fail, instead, lock, step};
use crate::wire::Wire;

/// Texts of this length: two of them fit, or a few more.
const LONG: usize = 1500;
/// So many short ones in one read need more than is left.
const BURST: usize = 30;

/// A server whose files may have 4,096 bytes (8,192 with some shells).
struct Cramped {
    child: Child,
    heard: Arc<Heard>,
    folder: Folder,
    /// Its number in the play by hand.
    hand: usize,
}

impl Cramped {
    /// Starts it by a Unix shell, which can set such a limit; `None` where there is none.
    fn start() -> Option<Self> {
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --port 0 --log server.log --rate 0";
        let folder = Folder::fresh();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script]).arg(settings().program("server"));
        shell.current_dir(folder.path()).env_clear();
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = shell.spawn().ok()?;
        let by_hand = quoted(&script.replace("server.log", "server-full.log"));
        let by_hand = format!("sh -c {by_hand} \"$server\"");
        let hand = by_hand::enters("server", by_hand);
        step(
            "a server starts whose files may not be longer than a few thousand bytes: ulimit -f 8",
        );
        let heard = Heard::new("server");
        collect(child.stdout.take().unwrap(), &heard, false);
        collect(child.stderr.take().unwrap(), &heard, true);
        Some(Self { child, heard, folder, hand })
    }

    /// Where it listens.
    fn address(&self) -> SocketAddr {
        let until = story::deadline();
        loop {
            let line = lock(&self.heard.told).next_line();
            if let Some(line) = &line {
                story::told("server", "<-", line.as_bytes());
            }
            let address = line.and_then(|it| it.strip_prefix("Server listening on ")?.parse().ok());
            if let Some(address) = address {
                by_hand::listens(self.hand, address);
                return address;
            }
            fail_if_one_has_failed();
            if story::left(until).is_zero() {
                story::time_out("it does not say where it listens");
            }
            thread::sleep(SLICE / 10);
        }
    }
}

impl Drop for Cramped {
    fn drop(&mut self) {
        lock(&self.heard.told).may_end = true;
        // It may have ended by itself, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What could not be written is counted, and the count is written as soon as there is room.
pub fn what_could_not_be_written_is_counted(dice: &mut Dice) {
    let Some(server) = Cramped::start() else { return };
    let name = dice.word();
    let mut wire = Wire::connect(&name, server.address());
    wire.registers(&name, 6001);
    wire.joins(&name);
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
    let log = std::fs::read_to_string(server.folder.file("server.log")).unwrap_or_default();
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
