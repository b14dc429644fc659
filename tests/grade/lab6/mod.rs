//! Lab 6, UDP: loss, duplicates, order, timers. The grader plays the server, peers, and a bad network.

mod network;
mod post;
mod receiving;
mod sending;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab6::every_copy_is_acknowledged_and_shown_once",
        says: "Each copy of a MSG is answered by its ACK, also long after; the text is shown once; \
               a sender without a Ticket gets nothing.",
        points: 2,
        rule: "PROTOCOL.md, UDP: a receiver acknowledges every copy, shows each message once",
        needs: &["lab0::datagrams_come_to_the_port_of_the_listener"],
        run: receiving::every_copy_is_acknowledged_and_shown_once,
    },
    Check {
        name: "lab6::messages_are_shown_in_order_however_they_come",
        says: "Sixty messages, shuffled and doubled, are shown once each and in order; Upto is right.",
        points: 2,
        rule: "PROTOCOL.md, UDP: Upto says that everything up to there has arrived",
        needs: &["lab6::every_copy_is_acknowledged_and_shown_once"],
        run: receiving::messages_are_shown_in_order_however_they_come,
    },
    Check {
        name: "lab6::what_was_given_up_is_not_waited_for",
        says: "When First has moved on, in a copy too, the client reports what is missing below it \
               and shows the rest; a Seq 64 or more ahead gets no ACK, counted from First; the \
               highest numbers do no harm.",
        points: 1,
        rule: "PROTOCOL.md, UDP: waits for nothing below First; drops what is 64 or more ahead",
        needs: &["lab6::every_copy_is_acknowledged_and_shown_once"],
        run: receiving::what_was_given_up_is_not_waited_for,
    },
    Check {
        name: "lab6::a_message_is_sent_again_until_it_is_acknowledged",
        says: "Copies come after 200, 400, 800, 800 ms, for each in its own time, until an ACK with the \
               right Answer comes, or with an Upto that reaches it; then there are no more, and it is \
               delivered once; only numbers below First + 64 are sent.",
        points: 2,
        rule: "PROTOCOL.md, UDP: an unacknowledged MSG is sent again",
        needs: &["lab0::datagrams_come_to_the_port_of_the_listener"],
        run: sending::a_message_is_sent_again_until_it_is_acknowledged,
    },
    Check {
        name: "lab6::what_does_not_arrive_is_told",
        says: "With --give-up 1 an unanswered message is `not delivered` after 1 s, others are \
               delivered, and First moves on; nothing is repeated once Upto says that the receiver \
               knows.",
        points: 1,
        rule: "PROTOCOL.md, UDP: then the user is told that it was not delivered, and First moves on",
        needs: &["lab6::a_message_is_sent_again_until_it_is_acknowledged"],
        run: sending::what_does_not_arrive_is_told,
    },
    Check {
        name: "lab6::two_clients_talk_over_a_bad_network",
        says: "20 % lost, 20 % duplicated, 20 % reordered: forty messages arrive once each, in order; the \
               address follows a MSG with a higher Seq than any before, and no other.",
        points: 2,
        rule: "PROTOCOL.md, what peers say to each other, UDP",
        needs: &["lab6::every_copy_is_acknowledged_and_shown_once"],
        run: network::two_clients_talk_over_a_bad_network,
    },
];
