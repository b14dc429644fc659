//! Lab 4, fan-out: everybody hears everything, and nobody waits for a slow neighbour.

mod room;
mod slow;
mod talk;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab4::everyone_hears_everything_once_and_in_one_order",
        says: "Four speak at once, six hear: each message once, numbered, in the same order for all.",
        points: 2,
        rule: "PROTOCOL.md: Seq numbers the room's messages",
        needs: &[],
        run: talk::everyone_hears_everything_once_and_in_one_order,
    },
    Check {
        name: "lab4::arrivals_and_departures_are_told",
        says: "JOINED and LEFT reach everybody in the room, once, with the reason, and nobody else.",
        points: 1,
        rule: "PROTOCOL.md, what the server says unasked: JOINED and LEFT",
        needs: &[],
        run: room::arrivals_and_departures_are_told,
    },
    Check {
        name: "lab4::a_newcomer_misses_nothing_and_hears_nothing_twice",
        says: "Many join while two talk: what each is sent again and what it then hears meet \
               exactly, each block whole.",
        points: 1,
        rule: "PROTOCOL.md, JOIN: Since, and the replay",
        needs: &[],
        run: room::a_newcomer_misses_nothing_and_hears_nothing_twice,
    },
    Check {
        name: "lab4::three_clients_talk",
        says: "What somebody types into your client is shown once to two others, and to the \
               speaker.",
        points: 1,
        rule: "README.md, a first chat",
        needs: &["lab1::the_client_reads_blocks_in_any_pieces"],
        run: talk::three_clients_talk,
    },
    Check {
        name: "lab4::a_member_that_never_reads_delays_nobody",
        says: "6.6 MB are said while two in the room never read: the others hear all of it, without \
               delay.",
        points: 3,
        rule: "MANUAL.md, limits: waiting for one client; PROTOCOL.md, LEFT: slow",
        needs: &[],
        run: slow::a_member_that_never_reads_delays_nobody,
    },
    Check {
        name: "lab4::a_slow_member_gets_every_byte_in_order",
        says: "A member that reads a fifth as fast as the room speaks gets everything later, its \
               PONGs whole.",
        points: 2,
        rule: "MANUAL.md, limits: --backlog; PROTOCOL.md: every member receives them in that order",
        needs: &[],
        run: slow::a_slow_member_gets_every_byte_in_order,
    },
    Check {
        name: "lab4::who_never_reads_is_let_go_in_the_end",
        says: "When more than --backlog waits for a member, it is LEFT slow at once and hung up on; \
               the others stay.",
        points: 1,
        rule: "MANUAL.md, limits: --backlog; PROTOCOL.md, LEFT: slow",
        needs: &[],
        run: slow::who_never_reads_is_let_go_in_the_end,
    },
    Check {
        name: "lab4::who_takes_nothing_for_three_seconds_is_let_go",
        says: "A member that takes nothing for 3 s while something waits is LEFT slow. One that \
               takes a little, or has everything, stays.",
        points: 1,
        rule: "MANUAL.md, limits: waiting for one client; PROTOCOL.md, LEFT: slow",
        needs: &[],
        run: slow::who_takes_nothing_for_three_seconds_is_let_go,
    },
];
