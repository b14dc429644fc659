//! What counts as one host: an IPv4 address, or a network of 64 bits.

use std::net::IpAddr;

use p2p_chat::net::Host;

/// The host of an address.
fn host(address: &str) -> Host {
    Host::from(address.parse::<IpAddr>().unwrap())
}

#[test]
fn an_address_is_its_host() {
    for (one, other, same) in [
        ("127.0.0.1", "127.0.0.2", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ("::1", "::2", false),
        ("::1", "127.0.0.1", false),
    ] {
        assert_eq!(host(one) == host(other), same, "{one} and {other}");
    }
}

#[test]
fn a_host_says_what_it_is() {
    for (address, words, loopback) in [
        ("::ffff:127.0.0.9", "127.0.0.9", true),
        ("::1", "::1", true),
        ("2001:db8:0:1::abcd", "2001:db8:0:1::/64", false),
    ] {
        assert_eq!(
            (host(address).to_string().as_str(), host(address).is_loopback()),
            (words, loopback)
        );
    }
}
