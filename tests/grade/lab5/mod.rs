//! Lab 5, direct TCP: a client is also a server; the introduction and the ticket. The grader plays the
//! server that introduces, and peers.

mod called;
mod calling;
mod talk;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not",
        says: "The caller with the Ticket is verified and gets the Answer, also if CALL is a little late; \
               a stranger is not, and gets none.",
        points: 3,
        rule: "PROTOCOL.md, what peers say to each other, TCP: the Ticket from CALL",
        needs: &[],
        run: called::who_shows_the_ticket_is_verified_and_who_does_not_is_not,
    },
    Check {
        name: "lab5::a_ticket_is_used_up",
        says: "A Ticket opens the door once, and only to the name that it was made for; each of several \
               is good.",
        points: 2,
        rule: "PROTOCOL.md, TCP: unused, at most 60 s old, same clientID",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: called::a_ticket_is_used_up,
    },
    Check {
        name: "lab5::who_is_called_must_show_the_answer",
        says: "With the right Answer the text is sent; with a wrong one, the Ticket, or none it stays \
               here, which is told, and the caller hangs up.",
        points: 2,
        rule: "PROTOCOL.md, TCP: a wrong or missing Answer means that somebody else listens there",
        needs: &[],
        run: calling::who_is_called_must_show_the_answer,
    },
    Check {
        name: "lab5::both_talk_at_any_time",
        says: "Lines go both ways, cut anywhere, until a line is QUIT or the stream ends; an empty one is \
               nothing, and what is no UTF-8 is U+FFFD.",
        points: 2,
        rule: "PROTOCOL.md, TCP: both sides send plain lines of text",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: talk::both_talk_at_any_time,
    },
    Check {
        name: "lab5::a_text_that_begins_with_quit_is_not_the_end",
        says: "QUITTING from a friend is text, from a stranger the end; your client never sends it.",
        points: 1,
        rule: "PROTOCOL.md, TCP: a line that begins with QUIT",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: talk::a_text_that_begins_with_quit_is_not_the_end,
    },
    Check {
        name: "lab5::a_caller_without_a_ticket_is_a_claim",
        says: "Without a Ticket a caller is shown with a question mark, and can talk all the same; the \
               real one can still come.",
        points: 1,
        rule: "PROTOCOL.md, TCP: a peer without a ticket; it is shown as bob? everywhere",
        needs: &[],
        run: called::a_caller_without_a_ticket_is_a_claim,
    },
    Check {
        name: "lab5::the_server_dies_and_twenty_more_messages_arrive",
        says: "Two of your clients talk; their server is gone; twenty more messages arrive.",
        points: 3,
        rule: "PROTOCOL.md, TCP; README.md, kill the server",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: talk::the_server_dies_and_twenty_more_messages_arrive,
    },
];
