//! Lab 2, the registry: check and act under one lock.

mod claims;
mod names;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab2::a_registration_is_acknowledged",
        says: "REGISTER is answered by REGACK; registering again keeps the ID and takes the port.",
        points: 2,
        rule: "PROTOCOL.md, what a client asks of the server: REGISTER",
        needs: &[],
        run: names::a_registration_is_acknowledged,
    },
    Check {
        name: "lab2::a_name_is_the_same_in_any_case",
        says: "Somebody is here as Alice: ALICE is taken, for REGISTER and for JOIN. Alicia is not.",
        points: 2,
        rule: "PROTOCOL.md: names are unique without regard to ASCII case",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: names::a_name_is_the_same_in_any_case,
    },
    Check {
        name: "lab2::of_many_who_want_a_name_one_gets_it",
        says: "Twelve names, each wanted by five at the same moment: each has one owner, and one ID.",
        points: 3,
        rule: "PROTOCOL.md, REGISTER and JOIN: a name that is joined elsewhere is name-taken",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: claims::of_many_who_want_a_name_one_gets_it,
    },
    Check {
        name: "lab2::a_name_that_is_left_is_free",
        says: "After QUIT, and after a connection that just ends, the name is free; the ID is not.",
        points: 2,
        rule: "PROTOCOL.md, JOIN: when the connection ends, the entry goes at once",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: claims::a_name_that_is_left_is_free,
    },
    Check {
        name: "lab2::the_end_of_an_old_connection_takes_nothing_away",
        says: "Who comes back with the Token keeps the name, also when the old connection ends.",
        points: 2,
        rule: "PROTOCOL.md, Token: JOIN with the Token of a name that is still joined",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: claims::the_end_of_an_old_connection_takes_nothing_away,
    },
    Check {
        name: "lab2::a_peer_is_found_by_name_and_by_number",
        says: "TELL finds who has joined, by a name in any case or by an ID, and nobody else.",
        points: 2,
        rule: "PROTOCOL.md, what a client asks of the server: TELL",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: names::a_peer_is_found_by_name_and_by_number,
    },
    Check {
        name: "lab2::a_full_directory_says_so",
        says: "With --max-clients 3 a fourth name is server-full; one of the three may renew.",
        points: 1,
        rule: "PROTOCOL.md, REGISTER: at most as many entries as clients allowed",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: names::a_full_directory_says_so,
    },
];
