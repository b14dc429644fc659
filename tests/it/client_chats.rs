//! Several direct chats at once: which one is current, who ends them, and where a text never goes.

use crate::support::{Client, Server, alice_and_bob, alice_calls_bob};

/// Lets one call another by name, and waits until the chat stands for both.
#[track_caller]
fn calls((client, name): (&Client, &str), (peer, who): (&Client, &str)) {
    client.types(&format!("/chat {who}"));
    client.types(&format!("/msg it is {name}"));
    peer.sees(&format!("Incoming chat request from {name} "));
    peer.sees_line(&format!("{name} (direct): it is {name}"));
    client.sees(&format!("Sent to {who} (ID "));
}

/// Four in the room.
fn four() -> (Server, [Client; 4]) {
    let server = Server::start(&[]);
    let clients = ["alice", "bob", "carol", "dave"].map(|name| Client::joined(name, &server));
    (server, clients)
}

#[test]
fn four_talk_to_each_other_in_all_directions() {
    let (_server, clients) = four();
    let names = ["alice", "bob", "carol", "dave"];
    for caller in 0..4 {
        for called in caller + 1..4 {
            calls((&clients[caller], names[caller]), (&clients[called], names[called]));
        }
    }
    for from in 0..4 {
        for to in (0..4).filter(|&to| to != from) {
            clients[from].types(&format!("/peer {}", names[to]));
            clients[from].types(&format!("/msg {} to {}", names[from], names[to]));
        }
    }
    for to in 0..4 {
        let mut expected: Vec<String> = (0..4)
            .filter(|&from| from != to)
            .map(|from| format!("{0} (direct): {0} to {1}", names[from], names[to]))
            .collect();
        while !expected.is_empty() {
            let line = clients[to].sees(&format!(" to {}", names[to]));
            expected.retain(|next| *next != line);
        }
    }
}

#[test]
fn peers_lists_the_chats_and_peer_chooses() {
    let (_server, [alice, bob, carol, _]) = four();
    alice.asks("/peers", "no direct chats");
    calls((&alice, "alice"), (&bob, "bob"));
    calls((&alice, "alice"), (&carol, "carol"));
    alice.asks("/peers", &format!("bob {}", bob.address()));
    alice.sees(&format!("carol {}", carol.address()));
    for (who, peer, name) in [("bob", &bob, "bob"), ("3", &carol, "carol"), ("BOB", &bob, "bob")] {
        alice.types(&format!("/peer {who}"));
        alice.types(&format!("/msg to {who}"));
        peer.sees_line(&format!("alice (direct): to {who}"));
        alice.sees(&format!("Sent to {name} "));
    }
    alice.asks("/peer dave", "no direct chat with dave");
    alice.tells(&bob, "still to bob");
}

#[test]
fn an_incoming_chat_becomes_current_only_when_there_is_none() {
    let (_server, [alice, bob, carol, _]) = four();
    calls((&bob, "bob"), (&alice, "alice"));
    alice.tells(&bob, "to the first");
    calls((&carol, "carol"), (&alice, "alice"));
    alice.tells(&bob, "to the first again");
    alice.types("/peer carol");
    alice.types("/msg to the second");
    carol.sees_without("first", "alice (direct): to the second");
}

#[test]
fn hanging_up_ends_one_chat_and_not_the_other() {
    let (_server, [alice, bob, carol, _]) = four();
    calls((&alice, "alice"), (&bob, "bob"));
    calls((&alice, "alice"), (&carol, "carol"));
    alice.types("/hangup");
    carol.sees_line("alice ended the chat");
    for line in ["/msg to nobody", "/hangup"] {
        alice.types(line);
        alice.sees_line("/peer bob makes bob the current peer");
        alice.sees_line("no direct chat is the current one");
    }
    alice.types("/peer bob");
    alice.types("/msg to bob");
    bob.sees_without("ended", "alice (direct): to bob");
    // A client that hung up can call again.
    calls((&carol, "carol"), (&alice, "alice"));
    calls((&bob, "bob"), (&carol, "carol"));
}

#[test]
fn a_text_to_nobody_is_never_said_to_the_room() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for line in ["/msg secret", "to_peer:secret"] {
        alice.asks_line(line, "no direct chat: use /chat or /query first");
    }
    alice.types("/chat nobody");
    alice.asks_line("/msg secret", "no direct chat: use /chat or /query first");
    alice.types("to all");
    bob.sees_without("secret", " alice: to all");
}

#[test]
fn a_text_to_somebody_who_has_left_is_never_said_to_the_room() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    let carol = Client::joined("carol", &server);
    bob.types("/quit");
    alice.sees_line("bob ended the chat");
    alice.asks_line("/msg secret", "no direct chat: use /chat or /query first");
    alice.types("to all");
    carol.sees_without("secret", " alice: to all");
}

#[test]
fn who_quits_and_who_is_killed_both_end_the_chat() {
    let (_server, [alice, bob, carol, _]) = four();
    calls((&alice, "alice"), (&bob, "bob"));
    calls((&carol, "carol"), (&alice, "alice"));
    bob.quits();
    alice.sees("bob ended the chat");
    carol.kill();
    alice.sees("carol ended the chat");
    alice.asks("/peers", "no direct chats");
}

#[test]
fn calling_somebody_again_is_the_chat_that_stands() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    bob.types("/chat alice");
    bob.types("/msg the same one");
    alice.sees_without("Incoming", "bob (direct): the same one");
    alice.types("/chat bob");
    alice.types("/msg once more");
    bob.sees_without("ended", "alice (direct): once more");
}

#[test]
fn calling_oneself_is_refused() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for who in ["alice", "1"] {
        alice.types(&format!("/chat {who}"));
        alice.asks_line("/msg to myself", "no direct chat: use /chat or /query first");
    }
    alice.types("fine");
    bob.sees_without("myself", " alice: fine");
}
