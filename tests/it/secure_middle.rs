//! The attacker in the middle: a hostile server knows the keys of a call, and introduces two clients to somebody
//! between them.

use crate::driver::played::{Peer, Secrets};
use crate::secure::{SecurePeer, commitment, fresh, introduces, tells_of_call, welcomed};
use crate::support::{Block, Client, Played};

/// Both clients, and somebody between them: the call of alice, and the one to bob.
struct Middle {
    alice: Client,
    bob: Client,
    from_alice: SecurePeer,
    to_bob: SecurePeer,
    _servers: [Played; 2],
    _secrets: Secrets,
}

impl Middle {
    /// The server gives alice the address of the one between them as bob's, and bob a CALL of alice.
    fn stands() -> Self {
        let (server, between) = (Played::open(), Played::open());
        let (alice, mut at_alice) = welcomed(&server, "alice", 1);
        let (bob, mut at_bob) = welcomed(&server, "bob", 2);
        let secrets = fresh();
        alice.types("/chat bob");
        introduces(&mut at_alice, &Peer::new("bob", between.address(), 2), &secrets, true);
        tells_of_call(&mut at_bob, &Peer::new("alice", alice.address(), 1), &secrets, true);
        let from_alice = SecurePeer::answers(&between.accepts("bob"), &secrets);
        let to_bob = SecurePeer::calls(&bob, &secrets);
        Self { alice, bob, from_alice, to_bob, _servers: [server, between], _secrets: secrets }
    }

    /// The codes that both show.
    fn codes(&self) -> [String; 2] {
        let code = |line: String| {
            let code = line.split_once("(verified, encrypted; compare ").unwrap().1;
            code.trim_end_matches(')').to_owned()
        };
        [
            code(self.alice.sees("chat with bob ")),
            code(self.bob.sees("Incoming chat request from alice ")),
        ]
    }
}

/// The same block again.
fn passed_on(block: &Block) -> String {
    Block::text(&block.kind, &block.headers())
}

#[test]
fn whoever_passes_everything_on_is_shown_by_the_codes() {
    let mut middle = Middle::stands();
    // Both use the nonces of the other connection again: nothing is changed on the way.
    let words = middle.from_alice.gets("CHAT");
    middle.to_bob.sends(passed_on(&words));
    let answer = middle.to_bob.gets("CHAT");
    middle.from_alice.sends(passed_on(&answer));
    let nonce = middle.from_alice.gets("NONCE");
    assert_eq!(commitment(nonce.get("Nonce")), words.get("Commit"));
    middle.to_bob.sends(format!("NONCE\r\nNonce: {}\r\n\r\n", nonce.get("Nonce")));
    let [at_alice, at_bob] = middle.codes();
    assert_ne!(at_alice, at_bob);
    // Both chats stand, and it reads what they say: only the codes tell.
    middle.alice.types("/msg a secret");
    let read = middle.from_alice.line();
    assert_eq!(read, "a secret");
    middle.to_bob.sends("a forgery\r\n");
    middle.bob.sees_line("alice (direct): a forgery");
}

#[test]
fn whoever_chooses_its_nonce_late_is_hung_up_on() {
    let mut middle = Middle::stands();
    let words = middle.from_alice.gets("CHAT");
    middle.to_bob.sends(passed_on(&words));
    // Now it knows bob's nonce, and could look for one of its own with which the codes are equal.
    middle.to_bob.gets("CHAT");
    middle.to_bob.sends(format!("NONCE\r\nNonce: {}\r\n\r\nforged\r\n", "ab".repeat(16)));
    middle.bob.sees("hung up on alice: it tells another nonce than the one it was bound to");
    assert_eq!(middle.to_bob.ends(), Ok(()));
    middle.bob.answers();
    assert!(!middle.bob.output().contains("forged"), "{}", middle.bob.output());
}
