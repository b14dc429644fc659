//! Lab 0, sockets by hand: the loop of a listener, several addresses, both directions of a copy, one port for two
//! sockets. `parts` shows each of them alone, and not one word of the protocol is spoken.

mod accepting;
mod connecting;
mod datagrams;
mod joining;

use crate::check::Check;
use crate::driver::folder::Folder;
use crate::driver::program::Program;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab0::a_silent_connection_delays_nobody",
        says: "While one connection says nothing and another stops in the middle of a word, everybody \
               else is served at once; who has ended makes room for the next; and when no more \
               connections can be accepted for a while, the loop pauses and goes on.",
        points: 1,
        rule: "LAB.md, lab 0, Rules: a listener",
        needs: &[],
        run: accepting::a_silent_connection_delays_nobody,
    },
    Check {
        name: "lab0::each_address_is_tried_within_its_limit",
        says: "Of several addresses the first that answers is taken; one that refuses, or says nothing \
               within its limit, is not the end; and when none answers, the error names each.",
        points: 1,
        rule: "LAB.md, lab 0, Rules: several addresses",
        needs: &[],
        run: connecting::each_address_is_tried_within_its_limit,
    },
    Check {
        name: "lab0::both_directions_are_copied_and_each_has_its_own_end",
        says: "What each of two connections says comes to the other at once, byte for byte; when one \
               ends, the other hears the end and may still answer, whichever ends first.",
        points: 1,
        rule: "LAB.md, lab 0, Rules: a copy",
        needs: &[],
        run: joining::both_directions_are_copied_and_each_has_its_own_end,
    },
    Check {
        name: "lab0::datagrams_come_to_the_port_of_the_listener",
        says: "TCP and UDP have one port number, also on an IPv6 address and on all addresses; if the \
               port is taken for one of them, that is an error.",
        points: 1,
        rule: "LAB.md, lab 0, Rules: two sockets, one port",
        needs: &[],
        run: datagrams::datagrams_come_to_the_port_of_the_listener,
    },
];

/// Starts a part. It is called in the story as it is called in a terminal.
#[track_caller]
fn starts(arguments: &[&str]) -> Program {
    Program::start(&format!("parts {}", arguments[0]), "parts", arguments, &Folder::fresh())
}
