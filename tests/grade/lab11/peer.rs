//! A peer that has several sockets, as a machine behind NATs seems to have, and is played by the grader.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::driver::block::Block;
use crate::driver::by_hand;
use crate::driver::cast::Client;
use crate::driver::datagrams::Datagrams;
use crate::driver::dice::Dice;
use crate::driver::played::{Guest, Peer, Played, Secrets};
use crate::driver::story::{self, fail, instead, step};
use crate::lab11::sealing::{Sealing, Side};

/// What can be done in place of a play by hand.
pub const BY_HAND: &str = "\
the grader seals what its peers send, so this cannot be played by hand.
You can watch your own clients find each other, each line in a terminal of its own:
cargo run --bin server
cargo run --bin client -- alice 5556 --explain
cargo run --bin client -- bob 5557 --explain
then `/query bob` and `/msg hi` in alice's";

/// A search sends its last PUNCH to an address after so long. Where the grader stands still for longer, its answer
/// finds none.
pub const SEARCH: Duration = Duration::from_millis(4_800);
/// A text that waits for a way.
pub const WAITING: &str = "are you there?";

/// Where somebody is, or seems to be: a socket with a name in the story.
#[derive(Debug)]
pub struct Spot {
    name: String,
    socket: Datagrams,
}

impl Spot {
    /// A fresh one.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), socket: Datagrams::open(name) }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.socket.address()
    }

    /// How many bytes have come that nobody has read.
    pub fn unread_bytes(&self) -> usize {
        let came = std::iter::from_fn(|| self.socket.takes_until(Instant::now()));
        came.map(|(bytes, _)| bytes.len()).sum()
    }
}

/// A sealed datagram that has come.
#[derive(Debug)]
pub struct Came {
    /// Its number: in which order they were sent.
    pub number: u64,
    /// What was in it.
    pub block: Block,
}

/// Somebody who talks to bob.
#[derive(Debug)]
pub struct Ann {
    /// Who it is. Its address is the listed one.
    pub me: Peer,
    /// The query that bob has made, and its keys.
    queried: (Secrets, Sealing),
    /// The query that it has made itself.
    queries: (Secrets, Sealing),
    /// How many datagrams it has sealed under each.
    sealed: [Cell<u64>; 2],
    bob: SocketAddr,
}

/// Bob's client, and its line to the server that is played.
pub fn bob(played: &Played) -> (Client, Guest) {
    by_hand::cannot(BY_HAND);
    let bob = Client::start("bob", played.address());
    let server = played.welcomes(2, &[]);
    bob.sees_line("Other clients' IDs: none");
    (bob, server)
}

/// The headers of an introduction to somebody who is seen there.
pub fn headers(
    secrets: &Secrets,
    seen: SocketAddr,
    local: Option<SocketAddr>,
) -> Vec<(&'static str, String)> {
    let Secrets { ticket, answer } = secrets.clone();
    let mut headers = vec![("Via", "udp".to_owned()), ("Ticket", ticket), ("Answer", answer)];
    headers.extend([("Secure", "tls".to_owned()), ("Seen", seen.to_string())]);
    headers.extend(local.map(|local| ("Local", local.to_string())));
    headers
}

/// Somebody asked for this peer, and is given all that helps to find it.
pub fn introduces(guest: &mut Guest, peer: &Peer, headers: &[(&str, String)]) {
    let bridge = guest.wire.gets("BRIDGE");
    bridge.has(&[("Peer", &peer.name), ("Via", "udp")]);
    let id = peer.id.to_string();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    guest.wire.sends(peer.block(
        "BRIDGEACK",
        &[],
        &[&[("ID", id.as_str())], &headers[..]].concat(),
    ));
}

/// Somebody is told that this peer has asked for it.
pub fn calls(guest: &mut Guest, peer: &Peer, headers: &[(&str, String)]) {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    guest.wire.sends(peer.block("CALL", &[("ID", &peer.id.to_string())], &headers));
}

impl Ann {
    /// Somebody with this ID, who is listed there.
    pub fn new(id: u64, listed: SocketAddr, bob: &Client, dice: &mut Dice) -> Self {
        let me = Peer::new(&dice.word(), listed, id);
        let [from_bob, from_ann] = [Side::Called, Side::Caller].map(|side| {
            let secrets = Secrets::new(dice);
            let sealing = Sealing::new(&secrets, side);
            (secrets, sealing)
        });
        Self {
            me,
            queried: from_bob,
            queries: from_ann,
            sealed: Default::default(),
            bob: bob.address(),
        }
    }

    /// Bob queries it, and types a text that waits until there is a way.
    pub fn is_queried(
        &self,
        bob: &Client,
        server: &mut Guest,
        seen: SocketAddr,
        local: Option<SocketAddr>,
    ) {
        let Peer { name, address, id } = &self.me;
        server.hears_of(&self.me);
        bob.sees_line(&format!("{name} joined (ID {id}, {address})"));
        bob.types(&format!("/query {name}"));
        introduces(server, &self.me, &headers(&self.queried.0, seen, local));
        bob.sees_all(&[&format!("conversation with {name} {address}")]);
        bob.types(&format!("/msg {WAITING}"));
    }

    /// It queries bob, too.
    pub fn queries(&self, bob: &Client, server: &mut Guest, seen: SocketAddr) {
        let Peer { name, .. } = &self.me;
        step(format!("{name} queries bob: the server sends CALL, via udp"));
        calls(server, &self.me, &headers(&self.queries.0, seen, None));
        bob.sees_all(&[&format!("Incoming query from {name} ")]);
    }

    /// Waits for the next datagram from bob at a spot, but only until then.
    #[track_caller]
    pub fn gets_until(&self, spot: &Spot, until: Instant) -> Option<Came> {
        let (bytes, _) = spot.socket.takes_until(until)?;
        let sealing = [&self.queried.1, &self.queries.1].into_iter().find(|it| it.is_of(&bytes));
        let Some(sealing) = sealing else {
            story::told(&spot.name, "<~", &bytes);
            fail(instead(format!("a datagram to {} under its ticket", spot.name), "another one"))
        };
        let (number, inner) = sealing.opens(&bytes);
        story::told(&spot.name, "<~ [sealed]", &inner);
        match Block::datagram(&inner) {
            Ok(block) => Some(Came { number, block }),
            Err(why) => fail(why),
        }
    }

    /// Waits for the next datagram from bob at a spot.
    #[track_caller]
    pub fn gets(&self, spot: &Spot, what: &str) -> Came {
        self.gets_until(spot, story::deadline()).unwrap_or_else(|| {
            let expected = format!("{what} to {}", spot.name);
            story::time_out(instead(expected, format!("nothing{}", story::in_time())))
        })
    }

    /// Waits for the next datagram at a spot, which must be of this type.
    #[track_caller]
    pub fn is_sent(&self, spot: &Spot, kind: &str) -> Came {
        let came = self.gets(spot, kind);
        if came.block.kind != kind {
            fail(instead(format!("{kind} to {}", spot.name), &came.block));
        }
        came
    }

    /// The same; any PUNCH may come before it.
    #[track_caller]
    pub fn is_sent_at_last(&self, spot: &Spot, kind: &str) -> Came {
        loop {
            let came = self.gets(spot, kind);
            if came.block.kind == kind {
                return came;
            }
            if came.block.kind != "PUNCH" {
                fail(instead(format!("{kind} to {}", spot.name), &came.block));
            }
        }
    }

    /// Waits for the next PUNCH at a spot, and gives its Nonce.
    #[track_caller]
    pub fn is_punched(&self, spot: &Spot) -> String {
        self.is_sent(spot, "PUNCH").block.get("Nonce").to_owned()
    }

    /// Waits for a text at a spot. Copies of those before it may come first: on a busy machine their ACK is late.
    #[track_caller]
    pub fn hears(&self, spot: &Spot, seq: u64, text: &str) {
        loop {
            let came = self.is_sent_at_last(spot, "MSG");
            if came.block.number("Seq") >= seq {
                came.block.has(&[("Seq", &seq.to_string()), ("Text", text)]);
                return self.acknowledges(spot, seq);
            }
        }
    }

    /// Nothing but PUNCH has come to a spot until now.
    #[track_caller]
    pub fn has_only_punches(&self, spot: &Spot, why: &str) {
        while let Some(came) = self.gets_until(spot, Instant::now()) {
            if came.block.kind != "PUNCH" {
                fail(format!("{why}; to {} came:\n{}", spot.name, came.block));
            }
        }
    }

    /// Seals something under the query that it has made (1) or the other one (0), and does not send it.
    fn seals(&self, query: usize, inner: &str) -> Vec<u8> {
        let number = self.sealed[query].get() + 1;
        self.sealed[query].set(number);
        let sealing = if query == 0 { &self.queried.1 } else { &self.queries.1 };
        sealing.seals(number, inner)
    }

    /// Sends from a spot what is sealed.
    pub fn passes(&self, spot: &Spot, what: &str, bytes: &[u8]) {
        story::told(&spot.name, "~> [sealed]", what.as_bytes());
        spot.socket.passes(self.bob, bytes);
    }

    /// Sends something from a spot.
    fn sends(&self, spot: &Spot, kind: &str, headers: &[(&str, &str)]) {
        let inner = Block::text(kind, headers);
        self.passes(spot, &inner, &self.seals(0, &inner));
    }

    /// Sends bytes from a spot that are not sealed.
    pub fn forges(&self, spot: &Spot, text: &str) {
        spot.socket.sends(self.bob, text);
    }

    /// Sends a PUNCH from a spot.
    pub fn punches(&self, spot: &Spot, nonce: &str) {
        self.sends(spot, "PUNCH", &[("Nonce", nonce), ("Pad", &".".repeat(22))]);
    }

    /// Sends a PUNCH from a spot, and waits for its answer. Nothing but PUNCH may come before it: `why`.
    #[track_caller]
    pub fn punches_through(&self, spot: &Spot, nonce: &str, why: &str) {
        self.punches(spot, nonce);
        loop {
            let came = self.gets(spot, "PUNCHACK");
            match came.block.kind.as_str() {
                "PUNCH" => {}
                "PUNCHACK" => {
                    came.block.has_exactly(&[("Nonce", nonce)]);
                    return;
                }
                _ => fail(format!("{why}; to {} came:\n{}", spot.name, came.block)),
            }
        }
    }

    /// Answers a PUNCH from a spot.
    pub fn answers(&self, spot: &Spot, nonce: &str) {
        self.sends(spot, "PUNCHACK", &[("Nonce", nonce)]);
    }

    /// Acknowledges a text of bob.
    pub fn acknowledges(&self, spot: &Spot, seq: u64) {
        let seq = seq.to_string();
        let answer = &self.queried.0.answer;
        self.sends(spot, "ACK", &[("Answer", answer), ("Seq", &seq), ("Upto", &seq)]);
    }

    /// A text in its own direction, sealed and not sent yet.
    pub fn writes(&self, seq: u64, text: &str) -> Vec<u8> {
        let (seq, ticket) = (seq.to_string(), &self.queries.0.ticket);
        let head = [("clientID", self.me.name.as_str()), ("Ticket", ticket.as_str())];
        let rest = [("Seq", seq.as_str()), ("First", "1"), ("Text", text)];
        self.seals(1, &Block::text("MSG", &[&head[..], &rest].concat()))
    }
}
