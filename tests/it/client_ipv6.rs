//! The same over IPv6, where this machine has it.

use std::net::{Ipv6Addr, TcpListener};

use crate::support::{Client, Server};

/// Whether somebody can listen on `::1` here.
fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[test]
fn the_room_and_direct_chats_work_over_ipv6() {
    if !has_ipv6() {
        return;
    }
    let server = Server::start(&["--host", "::1"]);
    let port = server.port().to_string();
    let alice = Client::start_with("alice", format!("[::1]:{port}"), &[]);
    assert!(alice.address().is_ipv6(), "{}", alice.address());
    alice.sees_line("Your public IP: ::1");
    let bob = Client::with_args(&["bob", "::1", &port]);
    bob.sees("bob running on [::1]:");
    alice.sees("bob joined (ID 2, [::1]:");
    bob.types("/chat alice");
    bob.types("/msg hello");
    alice.sees("Incoming chat request from bob [::1]:");
    alice.sees_line("bob (direct): hello");
    alice.says(&bob, "to all");
    for (client, peer, who) in [(&*alice, &bob, "bob"), (&bob, &alice, "alice")] {
        client.asks(&format!("/query {who}"), &format!("conversation with {who} [::1]:"));
        peer.sees("Incoming query from ");
        client.types("/msg hello by UDP");
        peer.sees(" (udp): hello by UDP");
        client.sees_line(&format!("Delivered to {who} (udp): hello by UDP"));
    }
    let carol = Client::start_with("carol", format!("[::1]:{port}"), &[]);
    carol.types(&format!("conn:{}", alice.address()));
    carol.types("to_peer:hello, too");
    alice.sees("carol");
    alice.sees(" (direct): hello, too");
}
