//! Lab 3, discovery: snapshots; what is seen and what is claimed.

mod addresses;
mod directory;
mod introductions;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab3::info_is_the_whole_directory",
        says: "After a random script of arrivals and departures INFO lists exactly those who are \
               there, in the order of their IDs, also one who has come back to an old ID.",
        points: 2,
        rule: "PROTOCOL.md, what a client asks of the server: INFO",
        needs: &[],
        run: directory::info_is_the_whole_directory,
    },
    Check {
        name: "lab3::bridge_gives_the_first_other_or_who_is_asked_for",
        says: "BRIDGE gives the first other client in order of registration, not of IDs; with Peer \
               it gives that one.",
        points: 1,
        rule: "PROTOCOL.md: BRIDGE without Peer",
        needs: &[],
        run: directory::bridge_gives_the_first_other_or_who_is_asked_for,
    },
    Check {
        name: "lab3::the_address_recorded_is_the_one_seen",
        says: "A client that claims 203.0.113.9 is recorded at the address where it is seen, by \
               IPv4 and by IPv6.",
        points: 2,
        rule: "PROTOCOL.md: the address recorded is the one the server sees, never the one claimed",
        needs: &[],
        run: addresses::the_address_recorded_is_the_one_seen,
    },
    Check {
        name: "lab3::the_servers_own_address_is_no_clients",
        says: "The server's port at its own address, IPv4 or IPv6, is bad-port; the next port, or \
               the same one elsewhere, is good.",
        points: 1,
        rule: "PROTOCOL.md, REGISTER: bad-port",
        needs: &[],
        run: addresses::the_servers_own_address_is_no_clients,
    },
    Check {
        name: "lab3::two_who_have_joined_are_given_secrets",
        says: "BRIDGE between two clients that have joined gives both the same fresh Ticket and \
               Answer.",
        points: 1,
        rule: "PROTOCOL.md: Ticket and Answer",
        needs: &[],
        run: introductions::two_who_have_joined_are_given_secrets,
    },
    Check {
        name: "lab3::two_clients_find_each_other",
        says: "Two of your clients at your server learn where the other one listens.",
        points: 1,
        rule: "README.md, commands: /info and /bridge",
        needs: &["lab1::the_client_reads_blocks_in_any_pieces"],
        run: introductions::two_clients_find_each_other,
    },
];
