//! Direct chats: who has whom on the line, and ports that a test must know before anybody has them.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Client, Server};

/// A port of 127.0.0.1 on which nobody listens, and which no other test of this run is given.
///
/// It lies below the ports that systems hand out by themselves, so that none of these is the same.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number =
            process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(10_000 + number % 20_000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Alice (ID 1) and bob (ID 2) in the room.
#[track_caller]
pub fn alice_and_bob(server: &Server) -> (Client, Client) {
    let alice = Client::joined("alice", server);
    let bob = Client::joined("bob", server);
    alice.sees("bob joined (ID 2, ");
    (alice, bob)
}

/// The same two, after alice has called bob.
#[track_caller]
pub fn alice_calls_bob(server: &Server) -> (Client, Client) {
    let (alice, bob) = alice_and_bob(server);
    alice.types("/chat bob");
    bob.sees_line(&format!("Incoming chat request from alice {} (verified)", alice.address()));
    alice.types("/msg hi");
    alice.sees_line("Sent to bob (ID 2): hi");
    bob.sees_line("alice (direct): hi");
    (alice, bob)
}
