//! Places for conversations over UDP: queries from many do not fill them for ever, and the user's own are bounded.

use crate::driver::played::{Guest, Peer, Secrets};
use crate::support::{Client, Datagrams, Dice, Played, Way};

/// Alice in the room of a server that the test plays.
#[track_caller]
fn with_played_server() -> (Played, Client, Guest) {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    (server, alice, guest)
}

/// Somebody of that name and number.
fn peer(name: &str, id: u64) -> Peer {
    Peer::new(name, ([127, 0, 0, 1], 6202).into(), id)
}

/// A peer queries alice; the way on which it can speak now.
fn queries(guest: &mut Guest, alice: &Client, peer: &Peer, dice: &mut Dice) -> Way {
    let secrets = Secrets::new(dice);
    guest.is_told_of_call(peer, "udp", &secrets);
    alice.sees(&format!("Incoming query from {} ", peer.name));
    let Secrets { ticket, answer } = secrets;
    Way { name: peer.name.clone(), ticket, answer }
}

/// Bob says something on his way, which is acknowledged and shown.
#[track_caller]
fn is_heard(alice: &Client, way: &Way, seq: u64, text: &str) {
    let socket = Datagrams::open("bob");
    socket.sends(alice.address(), way.msg(seq, seq, text));
    let (ack, _) = socket.next();
    way.is_ack(&ack, seq, seq);
    alice.sees_line(&format!("{} (udp): {text}", way.name));
}

/// 260 queries of others do not keep bob's out, nor end the conversation that the user has answered.
fn queried_among(others: impl Fn(u64) -> Peer) {
    let (_server, alice, mut guest) = with_played_server();
    let (mut dice, carol) = (Dice::thrown(), peer("carol", 3));
    let of_carol = queries(&mut guest, &alice, &carol, &mut dice);
    alice.types("/query carol");
    guest.is_introduced_to(&carol, "udp", &Secrets::new(&mut dice));
    alice.sees("conversation with carol ");
    for number in 1000..1260 {
        queries(&mut guest, &alice, &others(number), &mut dice);
    }
    let of_bob = queries(&mut guest, &alice, &peer("bob", 2), &mut dice);
    is_heard(&alice, &of_bob, 1, "I came late");
    is_heard(&alice, &of_carol, 1, "I came first");
}

table! { queried_among:
    one_name_that_queries_often_keeps_no_other_out(|id| peer("mallory", id));
    many_names_that_query_once_keep_nobody_out(|id| peer(&format!("mallory{id}"), id));
}

#[test]
fn the_users_own_conversations_are_bounded() {
    let (_server, alice, mut guest) = with_played_server();
    let mut dice = Dice::thrown();
    for number in 1000..1256 {
        let name = format!("friend{number}");
        alice.types(&format!("/query {name}"));
        guest.is_introduced_to(&peer(&name, number), "udp", &Secrets::new(&mut dice));
        alice.sees_line(&format!("conversation with {name} 127.0.0.1:6202 (udp) is open"));
    }
    alice.types("/query bob");
    let bob = peer("bob", 2);
    guest.is_introduced_to(&bob, "udp", &Secrets::new(&mut dice));
    let sentence = "you have 256 conversations: /hangup one of them, then /query bob";
    alice.sees_line(sentence);
    guest.is_told_of_call(&bob, "udp", &Secrets::new(&mut dice));
    alice.sees_line("a query from bob is ignored: you have 256 conversations");
    alice.asks("/hangup friend1000 udp", "you ended the chat with friend1000");
    alice.types("/query bob");
    guest.is_introduced_to(&bob, "udp", &Secrets::new(&mut dice));
    alice.sees_line("conversation with bob 127.0.0.1:6202 (udp) is open");
}

#[test]
fn a_conversation_in_which_nothing_happens_expires_after_an_hour() {
    use p2p_chat::client::direct::udp::Conversation;
    use p2p_chat::client::net::ConnectionId;
    use p2p_chat::wire::Entry;
    use std::time::{Duration, Instant};

    let now = Instant::now();
    let name = |name: &str| name.parse().unwrap();
    let entry = Entry { name: name("bob"), address: ([127, 0, 0, 1], 6202).into(), id: 2 };
    let conversation = Conversation::new(ConnectionId::next(), entry, name("alice"), now);
    assert_eq!(conversation.expires(), now + Duration::from_secs(3_600));
}
