//! Places for conversations over UDP: queries from many do not fill them for ever, and the user's own are bounded.

use std::io;
use std::time::{Duration, Instant};

use p2p_chat::client::direct::udp::Datagrams;
use p2p_chat::client::direct::{Chats, Context, Conversations, LocalPeer};
use p2p_chat::client::ui::Screen;
use p2p_chat::wire::{Candidates, Credentials, Entry};

use crate::driver::played::{Guest, Peer, Secrets};
use crate::support::{self, Client, DEADLINE, Dice, Way, peer, with_played_server};

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
    let socket = support::Datagrams::open("bob");
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

/// Bob has queried alice, and may say something half an hour later; how many conversations she has after these seconds.
fn conversations_after(seconds: u64, says: bool) -> usize {
    let (begun, mut chats) = (Instant::now(), Chats::default());
    let mut conversations = Conversations::new(Datagrams::new(None), DEADLINE);
    let address = ([127, 0, 0, 1], 6202).into();
    let me = LocalPeer { name: Some("alice".parse().unwrap()), id: 1, address };
    let (chats, screen) = (&mut chats, &mut Screen::new(io::sink(), None));
    let mut context = Context { me, chats, screen, now: begun };
    let [ticket, answer] = ["0123456789abcdef", "fedcba9876543210"].map(|half| half.repeat(2));
    let [secret, other] = [&ticket, &answer].map(|secret| secret.parse().unwrap());
    let bob = Entry { name: "bob".parse().unwrap(), address, id: 2 };
    conversations.queried(
        bob,
        Credentials { ticket: secret, answer: other, secure: false },
        Candidates::default(),
        &mut context,
    );
    if says {
        let way = Way { name: "bob".to_owned(), ticket, answer };
        context.now = begun + Duration::from_secs(1_800);
        conversations.datagram(address, way.msg(1, 1, "still here").into_bytes(), &mut context);
    }
    context.now = begun + Duration::from_secs(seconds);
    conversations.tick(&mut context);
    context.chats.over_udp().count()
}

#[test]
fn a_conversation_in_which_nothing_happens_for_an_hour_expires() {
    assert_eq!([3_599, 3_600].map(|seconds| conversations_after(seconds, false)), [1, 0]);
    assert_eq!([5_399, 5_400].map(|seconds| conversations_after(seconds, true)), [1, 0]);
}
