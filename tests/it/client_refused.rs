//! A server that does not let a client in: what is said about it is so, it is said once, and the client keeps asking.

use std::net::{Ipv4Addr, SocketAddr};

use p2p_chat::client::net::writer;

use crate::support::free_port;

#[test]
fn each_address_that_was_tried_is_told_with_its_own_cause() {
    let addresses = [0, 0].map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())));
    let error = writer::connect(&addresses).unwrap_err().to_string();
    let told = addresses.map(|address| format!("{address}: connection refused"));
    assert_eq!(error, told.join("; "));
    let single = writer::connect(&addresses[..1]).unwrap_err();
    assert_eq!(single.kind(), std::io::ErrorKind::ConnectionRefused);
}
