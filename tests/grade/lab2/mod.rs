//! Lab 2, the registry: check and act under one lock.

mod claims;
mod names;
mod places;
mod returns;

use crate::check::Check;
use crate::driver::dice::Dice;

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
        name: "lab2::a_full_directory_says_so",
        says: "With --max-clients 3 a fourth name is server-full; one of the three may renew.",
        points: 2,
        rule: "PROTOCOL.md, REGISTER: at most as many entries as clients allowed",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: names::a_full_directory_says_so,
    },
    Check {
        name: "lab2::a_name_is_the_same_in_any_case",
        says: "While Alice is there, ALICE is taken and Alicia is not. A name is shown as it was \
               registered last.",
        points: 1,
        rule: "PROTOCOL.md: names are unique without regard to ASCII case",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: names::a_name_is_the_same_in_any_case,
    },
    Check {
        name: "lab2::of_many_who_want_a_name_one_gets_it",
        says: "Five clients want each of twelve names at the same moment: each name has one owner, \
               and one ID.",
        points: 1,
        rule: "PROTOCOL.md, REGISTER and JOIN: a name that is joined elsewhere is name-taken",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: claims::of_many_who_want_a_name_one_gets_it,
    },
    Check {
        name: "lab2::whoever_is_there_is_listed_or_announced",
        says: "Twelve join at once: each learns of every other one once, by its ID, in JOINACK or \
               by JOINED.",
        points: 1,
        rule: "PROTOCOL.md, JOIN: JOINACK has one line per joined other; from here on the notifications arrive",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: claims::whoever_is_there_is_listed_or_announced,
    },
    Check {
        name: "lab2::an_entry_lasts_as_long_as_it_is_renewed",
        says: "With --expires 1 a client that renews keeps its entry and its ID, and one that does \
               not is gone. One that joins stays.",
        points: 1,
        rule: "PROTOCOL.md: REGISTER is a directory entry; it expires unless renewed",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: returns::an_entry_lasts_as_long_as_it_is_renewed,
    },
    Check {
        name: "lab2::an_entry_has_an_owner_and_a_place",
        says: "The port is the one of the connection that joins, or else the last one; the room \
               hears of a new one by JOINED. From another IP nobody can renew a name or join under \
               it, except with the Token of the client that is there.",
        points: 1,
        rule: "PROTOCOL.md, REGISTER: an entry from another address is name-taken; JOIN records the port; Token",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: an_entry_has_an_owner_and_a_place,
    },
    Check {
        name: "lab2::a_name_that_is_left_is_free",
        says: "However somebody leaves, the name is free, the ID is not, and LEFT comes before JOINED.",
        points: 1,
        rule: "PROTOCOL.md, JOIN: when the connection ends, the entry goes at once",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: claims::a_name_that_is_left_is_free,
    },
    Check {
        name: "lab2::who_shows_the_token_comes_back",
        says: "A client that comes back with the Token keeps the name when its old connection ends, and \
               its ID and Token when it was lost; a wrong Token counts as none, and after QUIT it \
               is a new one.",
        points: 1,
        rule: "PROTOCOL.md, Token: JOIN with the Token of a name that is still joined; after LEFT gone, timeout or slow",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: who_shows_the_token_comes_back,
    },
    Check {
        name: "lab2::a_peer_is_found_by_name_and_by_number",
        says: "TELL finds a client that has joined, by its name in any case or by its ID, and no \
               other one.",
        points: 1,
        rule: "PROTOCOL.md, what a client asks of the server: TELL",
        needs: &["lab2::a_registration_is_acknowledged"],
        run: names::a_peer_is_found_by_name_and_by_number,
    },
];

/// Where somebody is, and who may say so.
fn an_entry_has_an_owner_and_a_place(dice: &mut Dice) {
    places::the_room_is_told_where_somebody_is(dice);
    places::an_entry_belongs_to_the_address_it_came_from(dice);
}

/// While the old connection is still there, and after it was lost.
fn who_shows_the_token_comes_back(dice: &mut Dice) {
    claims::the_end_of_an_old_connection_takes_nothing_away(dice);
    returns::who_was_lost_comes_back_by_the_token(dice);
}
