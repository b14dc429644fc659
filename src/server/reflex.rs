//! REFLEX: tells members which address their datagrams come from, over UDP.
//!
//! ```text
//! client 10.0.0.7:4000        NAT 203.0.113.9            server
//!   │── REFLEX N: 1 ──────────►│── from 203.0.113.9:61005 ►│   notes it for BRIDGE and CALL
//!   │◄─────────────────────────│◄── REFLEXACK N: 1,        │
//!   │                          │    203.0.113.9, 61005 ────│   not its own address: it is behind a NAT
//! ```
//!
//! Anybody can send datagrams, with any source. So nobody is answered but a member that proves itself
//! ([`Whereabouts::asks`](crate::server::directory::whereabouts::Whereabouts::asks)), and no answer is longer than its
//! question: a flood with forged sources costs its victim nothing. Nothing is kept of a datagram but the address and
//! the number of a member's last one. The thread waits for nobody, and takes the registry's lock for a moment.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use crate::io_error::cause;
use crate::net::{interface, ipv4_twin};
use crate::server::state::Server;
use crate::wire::{MAX_DATAGRAM, PeerRef, ReflexAnswer, ReflexQuestion};

/// The pause after a read has failed. Windows lets one fail for a datagram that is too long, so it is short.
const PAUSE: Duration = Duration::from_millis(1);

/// Binds the sockets that belong to a TCP listener on `own`: one with its port, and one for IPv4, where that needs
/// another.
///
/// # Errors
/// The sentence for the operator, when the port is taken.
pub fn bind(own: SocketAddr) -> Result<Vec<UdpSocket>, String> {
    let all = [Some(own), ipv4_twin(own)].into_iter().flatten();
    let bound = all.map(|address| {
        UdpSocket::bind(address).map_err(|error| {
            let cause = cause(&error);
            format!("cannot bind UDP {address}: {cause}; clients behind NATs are not told their addresses")
        })
    });
    bound.collect()
}

/// Answers what comes to one of the server's sockets, for ever: the body of its thread.
pub fn attend(server: &Server, socket: &UdpSocket) -> ! {
    let mut buffer = [0; MAX_DATAGRAM + 1];
    loop {
        match socket.recv_from(&mut buffer) {
            Ok((count, from)) => {
                if let Some(answer) = answer(server, &buffer[..count], from) {
                    let _ = socket.send_to(answer.as_bytes(), from); // a datagram may be lost
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// The answer to a datagram, if it deserves one.
fn answer(server: &Server, bytes: &[u8], from: SocketAddr) -> Option<String> {
    let question = ReflexQuestion::parse(bytes)?;
    let who = PeerRef::Name(question.name.clone());
    let member = server.registry.find(&who, Instant::now())?;
    let address = SocketAddr::new(interface::canonical(from).ip(), from.port());
    if !member.whereabouts()?.asks(&question, address) {
        return None;
    }
    let answer = ReflexAnswer { number: question.number, address }.to_block().to_string();
    (answer.len() <= bytes.len()).then_some(answer)
}
