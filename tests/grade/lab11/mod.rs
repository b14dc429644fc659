//! Lab 11, through the wall: how two clients behind NATs find a way for datagrams. The grader plays the server, peers
//! with many addresses, and the NATs.

mod machine;
mod pairs;
mod peer;
mod proofs;
mod sealing;

use crate::check::Check;
use crate::driver::dice::Dice;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab11::candidates_come_in_their_order",
        says: "Local at once, then Seen and the listed address, 200 ms later if there is a Local; each \
               once.",
        points: 1,
        rule: "PROTOCOL.md, UDP, Punching: candidates are Local, Seen and the listed address",
        needs: &[],
        run: machine::candidates_come_in_their_order,
    },
    Check {
        name: "lab11::each_address_has_its_turn_and_every_pair_its_way",
        says: "PUNCH is due at 0, .1, .2, .4, .8, 1.6, 3.2 and 4.8 s for each of at most five addresses, \
               the LAN's first, with a random Nonce of its own. So six pairs of NATs, and two \
               clients in one LAN, have a way for a text; two pairs have none, and the sender is \
               told so.",
        points: 1,
        rule: "PROTOCOL.md, UDP, Punching: PUNCH with Nonce, another for each destination",
        needs: &["lab11::candidates_come_in_their_order"],
        run: each_address_has_its_turn_and_every_pair_its_way,
    },
    Check {
        name: "lab11::a_new_address_is_used_once_it_has_answered",
        says: "What comes from a new address makes it a candidate, with its own Nonce: a port that nobody \
               has announced, one of twelve (five are tried), a peer that has moved. Texts go there \
               after its PUNCHACK, and not before; a third party that forges or repeats gets at \
               most 1,200 bytes, and no text.",
        points: 1,
        rule: "PROTOCOL.md, UDP: the conversation follows only when that address is proven; Punching: a further candidate",
        needs: &[],
        run: a_new_address_is_used_once_it_has_answered,
    },
    Check {
        name: "lab11::an_answer_counts_only_from_where_its_nonce_was_sent",
        says: "PUNCHACK with a Nonce that was sent elsewhere, or never, proves nothing: the text waits; \
               the right one lets it go.",
        points: 1,
        rule: "PROTOCOL.md, UDP, Punching: an address is proven by a PUNCHACK that comes from it",
        needs: &["lab11::candidates_come_in_their_order"],
        run: proofs::an_answer_counts_only_from_where_its_nonce_was_sent,
    },
    Check {
        name: "lab11::a_mapping_that_forgets_is_kept_open",
        says: "Behind a NAT that forgets after 20 s the way stays open for ten silent minutes; PUNCH is \
               due after each 15 s of silence, four times without an answer, and never on loopback or in \
               one's own network.",
        points: 1,
        rule: "PROTOCOL.md, UDP, Punching: if nothing was sent for 15 s, a PUNCH is",
        needs: &[],
        run: machine::a_mapping_that_forgets_is_kept_open,
    },
];

/// The schedule by itself, as a server sees it, and what it is good for.
fn each_address_has_its_turn_and_every_pair_its_way(dice: &mut Dice) {
    machine::each_address_has_its_schedule_and_its_nonce(dice);
    proofs::the_lan_is_tried_before_the_world(dice);
    pairs::every_pair_of_the_table_goes_its_way(dice);
}

/// While a search is under way, and afterwards.
fn a_new_address_is_used_once_it_has_answered(dice: &mut Dice) {
    proofs::a_peer_may_come_from_a_port_that_nobody_announced(dice);
    proofs::nobody_else_redirects_a_conversation(dice);
    proofs::a_peer_that_moves_is_followed_once_it_answers(dice);
}
