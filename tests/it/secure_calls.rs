//! Encrypted chats over TCP: who encrypts with whom, what is shown, and what a peer must not do.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use p2p_chat::client::direct::secure::comparison;
use p2p_chat::tls::{Alert, TlsError};

use crate::driver::played::{Guest, Peer, Secrets};
use crate::secure::{
    SECURE, SecurePeer, chat, code, commitment, fresh, introduces, is_closed, tells_of_call,
    welcomed,
};
use crate::support::{Client, Played, Server, alice_and_bob, alice_calls_bob};

/// A nonce.
const NONCE: &str = "00112233445566778899aabbccddeeff";

/// Bob's client, whom the played alice is about to call: the server has told him so.
#[track_caller]
fn bob_who_is_called() -> (Played, Client, Guest, Peer, Secrets) {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let (alice, secrets) = (Peer::new("alice", ([127, 0, 0, 1], 6201).into(), 1), fresh());
    tells_of_call(&mut guest, &alice, &secrets, true);
    (server, bob, guest, alice, secrets)
}

/// The first words of alice in her call: she is bound to that nonce.
fn first_words(alice: &Peer, secrets: &Secrets) -> String {
    chat(alice, &[("Ticket", &secrets.ticket), SECURE, ("Commit", &commitment(NONCE))])
}

/// Calls bob as alice; the call is open.
#[track_caller]
fn alice_talks(bob: &Client, alice: &Peer, secrets: &Secrets) -> SecurePeer {
    let mut call = SecurePeer::calls(bob, secrets);
    call.sends(first_words(alice, secrets));
    let answer = call.gets("CHAT");
    answer.has(&[("Answer", &secrets.answer), SECURE]);
    call.sends(format!("NONCE\r\nNonce: {NONCE}\r\n\r\nhello\r\n"));
    let code = code(&call, NONCE, answer.get("Nonce"));
    let standing = format!("(verified, encrypted; compare {code})");
    bob.sees_line(&format!("Incoming chat request from alice 127.0.0.1:6201 {standing}"));
    bob.sees_line("alice (direct): hello");
    call
}

/// Demands that bob is still there, and has shown nothing that was forged.
#[track_caller]
fn shows_nothing_forged(bob: &Client) {
    bob.answers();
    assert!(!bob.output().contains("forged"), "{}", bob.output());
}

#[test]
fn both_clients_show_the_same_code() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    let code = |client: &Client, peer: &Client, name: &str| {
        let line = client.asks("/peers", &format!("* {name} {} tcp (verified", peer.address()));
        line.split_once("encrypted; compare ").unwrap().1.to_owned()
    };
    let shown = code(&alice, &bob, "bob");
    assert_eq!(shown, code(&bob, &alice, "alice"));
    let opened = format!("is open (verified, encrypted; compare {shown}");
    assert!(alice.output().contains(&opened), "{}", alice.output());
    bob.types("/hangup");
    alice.sees_line("bob ended the chat");
}

#[test]
fn the_code_is_made_as_the_protocol_says() {
    let (a, b) = (NONCE.parse().unwrap(), "ff".repeat(16).parse().unwrap());
    // printf computes it, too: SHA-256 of the three parts, its first 8 bytes, the last six decimal digits.
    assert_eq!(comparison::code(&[7; 32], a, b), "726 367");
}

#[test]
fn a_caller_that_encrypts_is_verified_and_its_chat_has_a_code() {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let mut call = alice_talks(&bob, &alice, &secrets);
    bob.types("/msg hello, alice");
    assert_eq!(call.line(), "hello, alice");
    bob.types("/hangup");
    assert_eq!(call.line(), "QUIT");
    assert_eq!(call.ends(), Ok(()));
}

#[test]
fn a_client_calls_by_tls_and_tells_its_nonce_before_anything_else() {
    let (server, listener) = (Played::open(), Played::open());
    let (alice, mut guest) = welcomed(&server, "alice", 1);
    let (bob, secrets) = (Peer::new("bob", listener.address(), 2), fresh());
    alice.types("/chat bob");
    alice.types("/msg hello, bob");
    introduces(&mut guest, &bob, &secrets, true);
    let mut call = SecurePeer::answers(&listener.accepts("bob"), &secrets);
    let words = call.gets("CHAT");
    words.has(&[("clientID", "alice"), ("Ticket", &secrets.ticket), SECURE]);
    call.sends(chat(&bob, &[("Answer", &secrets.answer), SECURE, ("Nonce", NONCE)]));
    let nonce = call.gets("NONCE").get("Nonce").to_owned();
    assert_eq!(commitment(&nonce), words.get("Commit"));
    assert_eq!(call.line(), "hello, bob");
    let code = code(&call, &nonce, NONCE);
    let address = listener.address();
    alice.sees_line(&format!(
        "chat with bob {address} is open (verified, encrypted; compare {code})"
    ));
}

#[test]
fn the_call_may_be_there_before_the_server_has_told_of_it() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let (alice, secrets) = (Peer::new("alice", ([127, 0, 0, 1], 6201).into(), 1), fresh());
    std::thread::scope(|scope| {
        let call = scope.spawn(|| alice_talks(&bob, &alice, &secrets));
        bob.answers(); // its thread has the connection by now, or soon
        tells_of_call(&mut guest, &alice, &secrets, true);
        call.join().unwrap();
    });
}

/// Bob hangs up on what alice says after her first words, with this sentence.
fn is_hung_up_on(says: &str, sentence: &str) {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let mut call = SecurePeer::calls(&bob, &secrets);
    call.sends(first_words(&alice, &secrets));
    call.gets("CHAT");
    if says.is_empty() {
        let mut end = Vec::new();
        call.secured.sealer.close(&mut end);
        call.stream.write_all(&end).unwrap();
        call.stream.shutdown(Shutdown::Write).unwrap();
    } else {
        call.sends(says);
    }
    bob.sees(sentence);
    assert!(call.ends().is_ok(), "bob closes orderly");
    shows_nothing_forged(&bob);
    assert!(!bob.output().contains("Incoming chat request"), "{}", bob.output());
}

table! { is_hung_up_on:
    who_tells_another_nonce_than_it_was_bound_to_is_hung_up_on(
        "NONCE\r\nNonce: 11112233445566778899aabbccddeeff\r\n\r\nforged\r\n",
        "hung up on alice: it tells another nonce than the one it was bound to");
    who_speaks_before_its_nonce_is_hung_up_on(
        "forged\r\n\r\n", "an encrypted call from alice came to nothing: it tells no nonce");
    who_ends_before_its_nonce_is_told_of(
        "", "an encrypted call from alice came to nothing: it hung up");
}

#[test]
fn a_caller_that_is_about_to_tell_its_nonce_is_not_called_back() {
    let (_server, bob, mut guest, alice, secrets) = bob_who_is_called();
    let mut call = SecurePeer::calls(&bob, &secrets);
    call.sends(first_words(&alice, &secrets));
    call.gets("CHAT");
    bob.types("/chat alice");
    introduces(&mut guest, &alice, &fresh(), true);
    bob.sees_line("you already have a chat with alice");
    call.sends(format!("NONCE\r\nNonce: {NONCE}\r\n\r\nhello\r\n"));
    bob.sees_line("alice (direct): hello");
}

#[test]
fn a_caller_that_tells_no_nonce_for_three_seconds_is_hung_up_on() {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let mut call = SecurePeer::calls(&bob, &secrets);
    call.sends(first_words(&alice, &secrets));
    call.gets("CHAT");
    bob.sees("hung up on alice: it tells no nonce");
    assert_eq!(call.ends(), Ok(()));
}

#[test]
fn a_called_one_without_a_nonce_is_hung_up_on() {
    let (server, listener) = (Played::open(), Played::open());
    let (alice, mut guest) = welcomed(&server, "alice", 1);
    let (bob, secrets) = (Peer::new("bob", listener.address(), 2), fresh());
    alice.types("/chat bob");
    introduces(&mut guest, &bob, &secrets, true);
    let mut call = SecurePeer::answers(&listener.accepts("bob"), &secrets);
    call.gets("CHAT");
    call.sends(chat(&bob, &[("Answer", &secrets.answer), SECURE]));
    alice.sees("hung up on bob: it sends no nonce");
    assert_eq!(call.ends(), Ok(()));
}

#[test]
fn a_ticket_whose_caller_encrypts_is_worth_nothing_in_the_clear() {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let mut call = bob.is_called_by("alice");
    call.sends(chat(&alice, &[("Ticket", &secrets.ticket)])).sends("forged\r\n");
    bob.sees("hung up on alice?: it does not encrypt, although it can");
    call.is_closed();
    shows_nothing_forged(&bob);
    // The ticket is still good.
    alice_talks(&bob, &alice, &secrets);
}

#[test]
fn a_promise_that_the_server_has_taken_out_is_noticed_by_the_called_one() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let (alice, secrets) = (Peer::new("alice", ([127, 0, 0, 1], 6201).into(), 1), fresh());
    tells_of_call(&mut guest, &alice, &secrets, false);
    let mut call = bob.is_called_by("alice");
    call.sends(chat(&alice, &[("Ticket", &secrets.ticket), SECURE])).sends("forged\r\n");
    bob.sees("hung up on alice?: it can encrypt, but the server says that it cannot");
    call.is_closed();
    shows_nothing_forged(&bob);
}

#[test]
fn a_promise_that_the_server_has_taken_out_is_noticed_by_the_caller() {
    let (server, listener) = (Played::open(), Played::open());
    let (alice, mut guest) = welcomed(&server, "alice", 1);
    let (bob, secrets) = (Peer::new("bob", listener.address(), 2), fresh());
    alice.types("/chat bob");
    introduces(&mut guest, &bob, &secrets, false);
    let mut call = listener.accepts("bob");
    call.gets("CHAT").has(&[("Ticket", &secrets.ticket), SECURE]);
    call.sends(chat(&bob, &[("Answer", &secrets.answer), SECURE])).sends("forged\r\n");
    alice.sees("hung up on bob: it can encrypt, but the server says that it cannot");
    call.is_closed();
    shows_nothing_forged(&alice);
}

#[test]
fn whoever_cannot_encrypt_is_met_as_before() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let (alice, secrets) = (Peer::new("alice", ([127, 0, 0, 1], 6201).into(), 1), fresh());
    tells_of_call(&mut guest, &alice, &secrets, false);
    let mut call = bob.is_called_by("alice");
    call.sends(chat(&alice, &[("Ticket", &secrets.ticket)]));
    let answer = call.gets("CHAT");
    assert_eq!([answer.find("Secure"), answer.find("Nonce")], [None, None], "{answer}");
    bob.sees_line("Incoming chat request from alice 127.0.0.1:6201 (verified, not encrypted)");
}

#[test]
fn a_chat_that_is_cut_says_so() {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let call = alice_talks(&bob, &alice, &secrets);
    call.stream.shutdown(Shutdown::Write).unwrap();
    bob.sees_line("alice ended the chat (cut off: its last words may be missing)");
}

#[test]
fn a_chat_that_ends_with_close_notify_is_not_cut() {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let mut call = alice_talks(&bob, &alice, &secrets);
    let mut end = Vec::new();
    call.secured.sealer.close(&mut end);
    call.stream.write_all(&end).unwrap();
    bob.sees_line("alice ended the chat");
}

/// Somebody on the way spoils a record of alice; she is told why the chat is over.
fn is_found_out(spoils: impl FnOnce(&mut SecurePeer)) {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let mut call = alice_talks(&bob, &alice, &secrets);
    spoils(&mut call);
    bob.sees_line(
        "alice ended the chat (what came was changed or repeated on its way: bad_record_mac)",
    );
    assert_eq!(call.ends(), Err(TlsError::Received(Alert::BAD_RECORD_MAC)));
    shows_nothing_forged(&bob);
}

#[test]
fn a_record_that_somebody_repeats_is_not_shown_again() {
    is_found_out(|call| {
        let record = call.seals("once\r\n");
        call.stream.write_all(&[&record[..], &record].concat()).unwrap();
    });
}

#[test]
fn a_record_that_somebody_changes_is_not_shown() {
    is_found_out(|call| {
        let mut record = call.seals("forged\r\n");
        record[7] ^= 1;
        call.stream.write_all(&record).unwrap();
    });
}

#[test]
fn a_call_that_somebody_repeats_comes_to_nothing_and_is_told_once() {
    let (_server, bob, mut guest, alice, secrets) = bob_who_is_called();
    let recorded = recorded_hello(&secrets);
    alice_talks(&bob, &alice, &secrets);
    for _ in 0..2 {
        let mut repeated = TcpStream::connect(bob.address()).unwrap();
        repeated.write_all(&recorded).unwrap();
        let answer = is_closed(&repeated);
        assert_eq!(answer, [21, 3, 3, 0, 2, 2, 115], "unknown_psk_identity");
    }
    bob.sees_line("an encrypted call from alice came to nothing: it repeats one that was answered");
    bob.answers();
    assert_eq!(bob.output().matches("it repeats one").count(), 1, "{}", bob.output());
    guest.hears_of(&Peer::new("carol", ([127, 0, 0, 1], 6203).into(), 3));
    bob.sees("carol joined");
}

/// The ClientHello that whoever has these secrets sends.
fn recorded_hello(secrets: &Secrets) -> Vec<u8> {
    struct Silent;
    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Ok(0)
        }
    }
    let mut sent = Vec::new();
    p2p_chat::tls::connect(&mut Silent, &mut sent, &crate::secure::key(secrets), None).unwrap_err();
    sent
}

#[test]
fn a_hello_without_its_key_gets_no_further() {
    let (_server, bob, _guest, alice, secrets) = bob_who_is_called();
    let hello = recorded_hello(&secrets);
    let mut stream = TcpStream::connect(bob.address()).unwrap();
    stream.write_all(&hello).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    is_closed(&stream);
    bob.sees("an encrypted call from alice came to nothing: cut off");
    // The ticket is still good.
    alice_talks(&bob, &alice, &secrets);
}

#[test]
fn whoever_listens_there_without_the_key_is_told_from_the_peer() {
    let (server, listener) = (Played::open(), Played::open());
    let (alice, mut guest) = welcomed(&server, "alice", 1);
    let (bob, secrets) = (Peer::new("bob", listener.address(), 2), fresh());
    let place = format!("cannot talk to bob at {}: ", listener.address());
    for (says, sentence) in [
        (&b"hello\r\n"[..], "it answers without TLS, as anybody on the way could: hello"),
        (&[21, 3, 3, 0, 2, 2, 40], "it does not accept the key"),
        (&[21, 3, 3, 0, 2, 2, 115], "it does not accept the key"),
        (&[], "it hung up without an answer"),
    ] {
        alice.types("/chat bob");
        introduces(&mut guest, &bob, &secrets, true);
        let mut call = listener.accepts("bob");
        call.sends(says);
        call.stream().shutdown(Shutdown::Write).unwrap();
        alice.sees(&format!("{place}{sentence}"));
    }
    shows_nothing_forged(&alice);
}

#[test]
fn a_client_that_is_killed_is_told_from_one_that_hangs_up() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    bob.kill();
    alice.sees("bob ended the chat (");
}

#[test]
fn two_that_call_each_other_at_once_have_one_encrypted_chat() {
    let (_server, alice, bob): (Server, _, _) = alice_and_bob(&[]);
    for round in 0..5 {
        alice.types(&format!("/chat bob\n/msg from alice {round}"));
        bob.types(&format!("/chat alice\n/msg from bob {round}"));
        alice.sees_line(&format!("bob (direct): from bob {round}"));
        bob.sees_line(&format!("alice (direct): from alice {round}"));
        alice.asks("/peers", "* bob ");
        bob.types("/hangup");
        alice.sees("bob ended the chat");
    }
    assert!(!alice.output().contains("cut off"), "{}", alice.output());
}
