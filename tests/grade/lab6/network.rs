//! Two of your clients, and between them a bad network, which is the grader.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::post::{Post, bob};
use crate::driver::by_hand;
use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::played::{Guest, Peer, Played, Secrets};
use crate::driver::story::{self, fail, step};

/// How many messages each of the two says.
const MESSAGES: usize = 20;
/// The most copies of one datagram that are lost one after the other.
const LOST_IN_A_ROW: u32 = 2;

/// What can be done by hand.
const INSTEAD: &str = "\
this network cannot be played by hand. With labs 1, 2, 3 and 4 you can spoil what two
clients send, each line in a terminal of its own:
cargo run --bin server
cargo run --bin client -- alice 5556 --explain --lossy 20,20,20
cargo run --bin client -- bob 5557 --explain --lossy 20,20,20
then `/query bob` and `/query alice`, and `/msg one`, `/msg two` in both; `/peers` counts";

/// Forwards datagrams from each of two sockets to the peer behind the other, and spoils them.
#[derive(Debug)]
struct Network {
    /// What each of the two takes for the other's address.
    sides: [SocketAddr; 2],
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// Between these two addresses.
    fn between(peers: [SocketAddr; 2], mut dice: Dice) -> Self {
        by_hand::cannot(INSTEAD);
        let sockets = [(); 2].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let sides = sockets.each_ref().map(|socket| socket.local_addr().unwrap());
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let work = move || {
            let (mut held, mut lost) = ([None, None], HashMap::new());
            sockets.iter().for_each(|socket| {
                socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
            });
            while !ended.load(Ordering::Relaxed) {
                for side in 0..2 {
                    let mut buffer = vec![0; 2048];
                    let came = sockets[side].recv_from(&mut buffer).ok();
                    let bytes = came.map(|(count, _)| buffer[..count].to_vec());
                    for bytes in spoil(bytes, &mut held[side], &mut lost, &mut dice) {
                        // What a socket does not take is lost, too.
                        let _ = sockets[1 - side].send_to(&bytes, peers[1 - side]);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("network".to_owned()).spawn(work);
        let thread = thread.unwrap_or_else(|error| story::cannot_start("a thread", &error));
        Self { sides, over, thread: Some(thread) }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // A thread that has panicked has said so itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// What is forwarded now: nothing, what has come, or what was held back before. When nothing comes for a
/// while, what is held goes on.
fn spoil(
    came: Option<Vec<u8>>,
    held: &mut Option<Vec<u8>>,
    lost: &mut HashMap<Vec<u8>, u32>,
    dice: &mut Dice,
) -> Vec<Vec<u8>> {
    let Some(bytes) = came else { return held.take().into_iter().collect() };
    let in_a_row = lost.entry(bytes.clone()).or_insert(0);
    match dice.below(5) {
        0 if *in_a_row < LOST_IN_A_ROW => {
            *in_a_row += 1;
            return Vec::new();
        }
        1 if held.is_none() => {
            *held = Some(bytes);
            return Vec::new();
        }
        _ => *in_a_row = 0,
    }
    let twice = dice.below(5) == 0;
    let copy = twice.then(|| bytes.clone());
    [Some(bytes), copy, held.take()].into_iter().flatten().collect()
}

pub fn two_clients_talk_over_a_bad_network(dice: &mut Dice) {
    let played = Played::open();
    let alice = Client::start("alice", played.address());
    let mut alices = played.welcomes(1, &[]);
    alice.sees_line("Other clients' IDs: none");
    let bob = Client::start("bob", played.address());
    let mut bobs = played.welcomes(2, &[&alices.me]);
    bob.sees_line("Other clients' IDs: 1 (alice)");
    alices.hears_of(&bobs.me);
    alice.sees_line(&format!("bob joined (ID 2, {})", bob.address()));

    step("they query each other; what they take for each other's address is a bad network");
    let network = Network::between([alice.address(), bob.address()], Dice::of(&dice.word()));
    let far_bob = Peer::new("bob", network.sides[0], 2);
    let far_alice = Peer::new("alice", network.sides[1], 1);
    queries(&alice, [&far_alice, &far_bob], &mut alices, &mut bobs, dice);
    queries(&bob, [&far_bob, &far_alice], &mut bobs, &mut alices, dice);
    step(format!("each says {MESSAGES} things"));
    let mut said = [Vec::new(), Vec::new()];
    for _ in 0..MESSAGES {
        for (client, texts) in [&alice, &bob].into_iter().zip(&mut said) {
            texts.push(dice.text());
            client.types(&format!("/msg {}", texts[texts.len() - 1]));
        }
    }
    hears(&bob, "alice", &said[0], &said[1]);
    hears(&alice, "bob", &said[1], &said[0]);
    the_address_follows_what_is_new(dice);
}

/// Only a message with a higher Seq than any before tells where somebody is now.
fn the_address_follows_what_is_new(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &[]);
    let ann = Post::new(3, &bob, dice);
    ann.queries(&bob, &mut server);
    ann.is_queried(&bob, &mut server);
    let (name, there, text) = (&ann.me.name, ann.moves(), dice.text());
    ann.sends(1, 1, "from here");
    ann.is_acknowledged(1, 1);
    step(format!("{name} has another address now: 3 comes from there"));
    there.sends(3, 2, "from there");
    there.is_acknowledged(3, 1);
    step("2 comes from the old address, too late, and 1 once more");
    ann.sends(2, 2, "from here, too");
    ann.is_acknowledged(2, 3);
    ann.sends(1, 1, "from here");
    ann.is_acknowledged(1, 3);
    step(format!("what bob says goes to where 3 came from, not to {name}'s old address"));
    bob.types(&format!("/msg {text}"));
    there.hears(1, 1, &text);
    there.acknowledges(&there.secrets.answer, 1, 1);
    bob.sees_line(&format!("Delivered to {name} (udp): {text}"));
}

/// One queries the other: the server tells both, with the addresses of the network's two sides.
fn queries(
    client: &Client,
    [own, other]: [&Peer; 2],
    guest: &mut Guest,
    others: &mut Guest,
    dice: &mut Dice,
) {
    let secrets = Secrets::new(dice);
    client.types(&format!("/query {}", other.name));
    others.is_told_of_call(own, "udp", &secrets);
    guest.is_introduced_to(other, "udp", &secrets);
    client.sees_line(&format!("conversation with {} {} (udp) is open", other.name, other.address));
}

/// All that the other has said must be shown once and in order, and all that was said here be delivered.
fn hears(client: &Client, other: &str, theirs: &[String], ours: &[String]) {
    step(format!(
        "{} shows all that {other} says, and that all of its own has arrived",
        client.title()
    ));
    let (head, receipt) = (format!("{other} (udp): "), format!("Delivered to {other} (udp): "));
    let (mut shown, mut delivered) = (Vec::new(), 0);
    while shown.len() < theirs.len() || delivered < ours.len() {
        let all = "a line for each of the messages of both, once";
        client.waits(all, |line| {
            shown.extend(line.strip_prefix(&head).map(str::to_owned));
            delivered += usize::from(line.starts_with(&receipt));
            (line.starts_with(&head) || line.starts_with(&receipt)).then_some(())
        });
    }
    if let Some(place) = (0..shown.len()).find(|place| shown.get(*place) != theirs.get(*place)) {
        let (said, shown) = (theirs.get(place), shown.get(place));
        fail(format!("the {}th that {other} says is {said:?}; shown is {shown:?}", place + 1));
    }
    if delivered > ours.len() {
        fail(format!("{delivered} are said to be delivered, of {} messages", ours.len()));
    }
}
