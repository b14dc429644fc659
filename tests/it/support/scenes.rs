//! Who is there when a test begins, and ports that it must know before anybody has them.

use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Client, Played, Server, Wire};
use crate::driver::played::{Guest, Peer};

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

/// A server with these flags, and somebody who has connected to it.
pub fn connected(flags: &[&str]) -> (Server, Wire) {
    let server = Server::start(flags);
    let wire = server.connect("somebody");
    (server, wire)
}

/// A server with these flags, and alice (ID 1) in its room as a connection.
pub fn alice_joined(flags: &[&str]) -> (Server, Wire) {
    let server = Server::start(flags);
    let alice = server.joined("alice", 20_001);
    (server, alice)
}

/// The same with bob (ID 2), and nothing on its way to either of them.
pub fn two_joined(flags: &[&str]) -> (Server, Wire, Wire) {
    let (server, mut alice) = alice_joined(flags);
    let bob = server.joined("bob", 20_002);
    alice.gets("JOINED");
    (server, alice, bob)
}

/// Alice in the room of a server that the test plays.
#[track_caller]
pub fn with_played_server() -> (Played, Client, Guest) {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    (server, alice, guest)
}

/// Somebody of that name and number.
pub fn peer(name: &str, id: u64) -> Peer {
    Peer::new(name, ([127, 0, 0, 1], 6202).into(), id)
}

/// A server with these flags, and alice's client (ID 1) in its room.
pub fn alice_alone(flags: &[&str]) -> (Server, Client) {
    let server = Server::start(flags);
    let alice = Client::joined("alice", &server);
    (server, alice)
}

/// The same with bob's client (ID 2).
pub fn alice_and_bob(flags: &[&str]) -> (Server, Client, Client) {
    let (server, alice) = alice_alone(flags);
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined (ID 2, ");
    (server, alice, bob)
}

/// The same two, after alice has called bob.
pub fn alice_calls_bob(flags: &[&str]) -> (Server, Client, Client) {
    let (server, alice, bob) = alice_and_bob(flags);
    alice.types("/chat bob");
    bob.sees(&format!(
        "Incoming chat request from alice {} (verified, encrypted; compare ",
        alice.address()
    ));
    alice.types("/msg hi");
    alice.sees_line("Sent to bob (ID 2): hi");
    bob.sees_line("alice (direct): hi");
    (server, alice, bob)
}

/// The machine's own address in its network, if it has one: to connect to it is to come from it. Nothing is sent.
pub fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let own = socket.local_addr().ok()?.ip();
    let is_lan = !own.is_loopback() && !own.is_unspecified();
    if !is_lan {
        println!("not checked: this machine has no address in a network");
    }
    Some(own).filter(|_| is_lan)
}
