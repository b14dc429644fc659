//! Sealed datagrams: `/query` between two clients that can encrypt. Heads, keys and numbers are written from
//! PROTOCOL.md.

use crate::driver::played::{Guest, Peer, Secrets};
use crate::secure::sealing::{Sealing, Socket};
use crate::secure::{SECURE, fresh, welcomed};
use crate::support::{Client, Folder, Played, Server, query_each_other};

/// Bob's client, which was queried by the played alice under these secrets.
#[track_caller]
fn bob_who_is_queried() -> (Played, Client, Guest, Socket, Secrets) {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let (socket, secrets) = (Socket::open(), fresh());
    queries(&mut guest, &socket, &secrets);
    bob.sees(&format!("Incoming query from alice {} (verified, not encrypted)", socket.address()));
    (server, bob, guest, socket, secrets)
}

/// The server tells bob that alice queries him under these secrets.
fn queries(guest: &mut Guest, socket: &Socket, secrets: &Secrets) {
    let alice = Peer::new("alice", socket.address(), 1);
    let more = [("Via", "udp"), ("Ticket", &*secrets.ticket), ("Answer", &*secrets.answer), SECURE];
    guest.wire.sends(alice.block("CALL", &[("ID", "1")], &more));
}

/// A MSG of alice.
fn msg(secrets: &Secrets, seq: u64, text: &str) -> String {
    let head = format!("MSG\r\nclientID: alice\r\nTicket: {}\r\n", secrets.ticket);
    format!("{head}Seq: {seq}\r\nFirst: 1\r\nText: {text}\r\n\r\n")
}

#[test]
fn what_is_sealed_is_shown_and_its_receipt_is_sealed() {
    let (_server, bob, _guest, socket, secrets) = bob_who_is_queried();
    let sealing = Sealing::of(&secrets, "caller", "called");
    for seq in 1..=3 {
        socket
            .sends(bob.address(), sealing.seals(seq, &msg(&secrets, seq, &format!("text {seq}"))));
        bob.sees_line(&format!("alice (udp): text {seq}"));
        let (number, ack) = sealing.opens(&socket.receives());
        assert_eq!((number, &*ack.kind), (seq, "ACK"), "{ack}");
        ack.has(&[("Answer", &secrets.answer), ("Seq", &seq.to_string())]);
    }
}

#[test]
fn what_comes_again_is_shown_once_and_is_not_acknowledged_again() {
    let (_server, bob, _guest, socket, secrets) = bob_who_is_queried();
    let sealing = Sealing::of(&secrets, "caller", "called");
    let sealed = sealing.seals(7, &msg(&secrets, 1, "once"));
    for _ in 0..3 {
        socket.sends(bob.address(), &sealed);
    }
    bob.sees_line("alice (udp): once");
    // A copy by its sender has another number, and is acknowledged again.
    socket.sends(bob.address(), sealing.seals(6, &msg(&secrets, 1, "once")));
    let numbers = [(); 2].map(|()| sealing.opens(&socket.receives()).0);
    assert_eq!(numbers, [1, 2]);
    bob.asks("/peers", "duplicate 3, ");
    assert_eq!(bob.output().matches("alice (udp): once").count(), 1, "{}", bob.output());
}

#[test]
fn what_is_changed_moved_to_another_number_or_in_the_clear_is_a_strangers() {
    let (_server, bob, _guest, socket, secrets) = bob_who_is_queried();
    let sealing = Sealing::of(&secrets, "caller", "called");
    let good = sealing.seals(9, &msg(&secrets, 1, "good"));
    let mut changed = sealing.seals(10, &msg(&secrets, 2, "forged"));
    *changed.last_mut().unwrap() ^= 1;
    let moved = sealing.seals(11, &msg(&secrets, 2, "forged"));
    let moved = String::from_utf8_lossy(&moved[..40]).replace("N: 11", "N: 12").into_bytes();
    let moved = [&moved[..], &sealing.seals(11, &msg(&secrets, 2, "forged"))[40..]].concat();
    let back = Sealing::of(&secrets, "called", "caller").seals(13, &msg(&secrets, 2, "forged"));
    let plain = msg(&secrets, 2, "forged").into_bytes();
    for bad in [changed, moved, back, plain] {
        socket.sends(bob.address(), bad);
    }
    socket.sends(bob.address(), &good);
    bob.sees_line("alice (udp): good");
    assert!(!bob.output().contains("forged"), "{}", bob.output());
    bob.asks("/peers", "4 datagrams from strangers were dropped");
}

#[test]
fn a_ticket_that_the_server_gives_again_is_refused() {
    let (_server, bob, mut guest, socket, secrets) = bob_who_is_queried();
    queries(&mut guest, &socket, &secrets);
    bob.sees_line("the server gives an old ticket of alice: not used");
    // The query before it stands.
    let sealing = Sealing::of(&secrets, "caller", "called");
    socket.sends(bob.address(), sealing.seals(1, &msg(&secrets, 1, "still there")));
    bob.sees_line("alice (udp): still there");
}

#[test]
fn the_longest_text_fits_into_one_packet() {
    let secrets = fresh();
    let name = "a".repeat(32);
    let head = format!("MSG\r\nclientID: {name}\r\nTicket: {}\r\n", secrets.ticket);
    let inner = format!(
        "{head}Seq: {0}\r\nFirst: {0}\r\nText: {1}\r\n\r\n",
        u64::MAX - 1,
        "x".repeat(1_000)
    );
    assert_eq!(inner.len(), 1_157);
    assert_eq!(Sealing::of(&secrets, "caller", "called").seals(u64::MAX, &inner).len(), 1_231);
}

#[test]
fn two_clients_seal_also_through_a_bad_network() {
    let server = Server::start(&[]);
    let flags = ["--lossy", "20,20,20,7"];
    let alice = Client::joined_with("alice", &server, &flags);
    let bob = Client::joined_with("bob", &server, &flags);
    query_each_other(&alice, &bob);
    for number in 1..=30 {
        alice.types(&format!("/msg number {number}"));
    }
    for number in 1..=30 {
        bob.sees_line(&format!("alice (udp): number {number}"));
    }
    alice.sees_line("Delivered to bob (udp): number 30");
    bob.types("/explain on");
    alice.types("/msg look");
    bob.sees("# sealed as number ");
}

#[test]
fn over_an_encrypted_way_to_the_server_a_query_is_called_encrypted() {
    let folder = Folder::fresh();
    let key = folder.file("class.key").display().to_string();
    let server = Server::start(&["--key", &key]);
    let [alice, bob] =
        ["alice", "bob"].map(|name| Client::joined_with(name, &server, &["--key", &key]));
    alice.types("/query bob");
    let standing = "(verified, encrypted; the server could read it)";
    bob.sees_line(&format!("Incoming query from alice {} {standing}", alice.address()));
    bob.asks_line("/peers", &format!("* alice {} udp {standing}", alice.address()));
}
