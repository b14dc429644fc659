//! A chat that takes the place of another one with the same peer: what was typed for the first goes on in the second.

use p2p_chat::client::net::ConnectionId;
use p2p_chat::client::ui::unsettled::Unsettled;
use p2p_chat::client::ui::{DeliveryStatus, Output, PeerInfo};
use p2p_chat::wire::Via;

use crate::driver::played::Guest;
use crate::support::{Client, Played};

/// How many texts are typed: more than may wait in a chat, so that the last ones wait before it.
const TEXTS: usize = 200;

#[test]
fn texts_for_a_call_that_a_crossing_call_replaces_all_go_on_in_the_other() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let Guest { mut wire, .. } = server.welcomes(2, &[]);
    let bob = Played::open();
    let port = bob.port().to_string();
    // The call of the lower ID stays: bob's.
    let at_bob = [("ID", "1"), ("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", port.as_str())];
    let lines: String = (1..=TEXTS).map(|number| format!("/msg text {number}\n")).collect();
    alice.types_bytes(format!("/chat bob\n{lines}/id\n").as_bytes());
    wire.gets("BRIDGE");
    let (ticket, answer) = ("a".repeat(32), "b".repeat(32));
    let more = [("Via", "tcp"), ("Ticket", ticket.as_str()), ("Answer", answer.as_str())];
    wire.asks("BRIDGEACK", &[&at_bob[..], &more[..]].concat());
    let mut call = bob.accepts("the other side");
    call.gets("CHAT");
    alice.sees("you are alice"); // the lines before it have their places
    let (ticket, answer) = ("c".repeat(32), "d".repeat(32));
    let more = [("Via", "tcp"), ("Ticket", ticket.as_str()), ("Answer", answer.as_str())];
    wire.asks("CALL", &[&at_bob[..], &more[..]].concat());
    let mut crossing = alice.is_called_by("crossing");
    crossing.asks("CHAT", &[&at_bob[1..], &[("Ticket", ticket.as_str())]].concat());
    crossing.gets("CHAT").has(&[("Answer", answer.as_str())]);
    for number in 1..=TEXTS {
        assert_eq!(crossing.line(), format!("text {number}"));
    }
    alice.sees(&format!("text {TEXTS}"));
    assert!(!alice.output().contains("not sent"), "{}", alice.output());
}

#[test]
fn at_a_prompt_no_row_of_the_replaced_chat_stays() {
    let [old, new] = [1, 2].map(ConnectionId::numbered);
    let bob = |chat| PeerInfo { chat, label: "bob".to_owned(), id: 1, via: Via::Tcp };
    let mut unsettled = Unsettled::default();
    unsettled.note(&Output::Status(&bob(old), "hello", DeliveryStatus::Waiting));
    assert_eq!(unsettled.lines().collect::<Vec<_>>(), ["to bob: hello"]);
    unsettled.replace(old, new);
    unsettled.note(&Output::Status(&bob(new), "hello", DeliveryStatus::Sent));
    assert_eq!(unsettled.lines().count(), 0);
}
