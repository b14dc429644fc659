//! Lab 11, through the wall: how two clients behind NATs find a way for datagrams. The grader plays the server, peers
//! with many addresses, and the NATs.
//!
//! It is an extra: it has no points, and runs only if you ask for it.

mod machine;
mod pairs;
mod peer;
mod proofs;
mod sealing;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab11::candidates_come_in_their_order",
        says: "Local at once, then Seen and the listed address, 200 ms later if there is a Local; each \
               once.",
        points: 0,
        rule: "PROTOCOL.md, UDP, Punching: candidates are Local, Seen and the listed address",
        needs: &[],
        run: machine::candidates_come_in_their_order,
    },
    Check {
        name: "lab11::each_address_has_its_schedule_and_its_nonce",
        says: "PUNCH is due at 0, .1, .2, .4, .8, 1.6, 3.2 and 4.8 s for each of at most five addresses, \
               with a random Nonce of its own; what was missed is not made up for.",
        points: 0,
        rule: "PROTOCOL.md, UDP, Punching: PUNCH with Nonce, another for each destination",
        needs: &[],
        run: machine::each_address_has_its_schedule_and_its_nonce,
    },
    Check {
        name: "lab11::the_lan_is_tried_before_the_world",
        says: "A client that is told Local, Seen and the listed address punches the first one twice \
               before the others, each with its own Nonce; its text goes where the answer comes from.",
        points: 0,
        rule: "PROTOCOL.md, UDP, Punching: to Local at once and to the others 200 ms later",
        needs: &["lab11::candidates_come_in_their_order"],
        run: proofs::the_lan_is_tried_before_the_world,
    },
    Check {
        name: "lab11::an_answer_counts_only_from_where_its_nonce_was_sent",
        says: "PUNCHACK with a Nonce that was sent elsewhere, or never, proves nothing: the text waits; \
               the right one lets it go.",
        points: 0,
        rule: "PROTOCOL.md, UDP, Punching: an address is proven by a PUNCHACK that comes from it",
        needs: &["lab11::candidates_come_in_their_order"],
        run: proofs::an_answer_counts_only_from_where_its_nonce_was_sent,
    },
    Check {
        name: "lab11::a_peer_may_come_from_a_port_that_nobody_announced",
        says: "PUNCH from an address that nobody has named makes it a candidate, with its own Nonce; of \
               twelve such ones and one that was named five are tried.",
        points: 0,
        rule: "PROTOCOL.md, UDP, Punching: the address from which a PUNCH comes is a further candidate",
        needs: &[],
        run: proofs::a_peer_may_come_from_a_port_that_nobody_announced,
    },
    Check {
        name: "lab11::nobody_else_redirects_a_conversation",
        says: "A third party that forges, or sends on what it has caught, gets an ACK and some PUNCHes, \
               at most 1,200 bytes; twenty texts go to the peer.",
        points: 0,
        rule: "PROTOCOL.md, UDP: the conversation follows only when that address is proven",
        needs: &[],
        run: proofs::nobody_else_redirects_a_conversation,
    },
    Check {
        name: "lab11::a_peer_that_moves_is_followed_once_it_answers",
        says: "The newest MSG from another address makes it a candidate; texts go there after its \
               PUNCHACK, and not before.",
        points: 0,
        rule: "PROTOCOL.md, UDP: the conversation follows only when that address is proven",
        needs: &[],
        run: proofs::a_peer_that_moves_is_followed_once_it_answers,
    },
    Check {
        name: "lab11::a_mapping_that_forgets_is_kept_open",
        says: "Behind a NAT that forgets after 20 s the way stays open for ten silent minutes; PUNCH is \
               due after each 15 s of silence, four times without an answer, and never on loopback or in \
               one's own network.",
        points: 0,
        rule: "PROTOCOL.md, UDP, Punching: if nothing was sent for 15 s, a PUNCH is",
        needs: &[],
        run: machine::a_mapping_that_forgets_is_kept_open,
    },
    Check {
        name: "lab11::every_pair_of_the_table_goes_its_way",
        says: "Two of your clients behind each pair of NATs: six pairs and one LAN have a way for a text; \
               two have none, and the sender is told so.",
        points: 0,
        rule: "PROTOCOL.md, UDP, Punching",
        needs: &["lab11::candidates_come_in_their_order"],
        run: pairs::every_pair_of_the_table_goes_its_way,
    },
];
