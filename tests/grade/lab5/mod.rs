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
        points: 2,
        rule: "PROTOCOL.md, what peers say to each other, TCP: the Ticket from CALL",
        needs: &[],
        run: called::who_shows_the_ticket_is_verified_and_who_does_not_is_not,
    },
    Check {
        name: "lab5::a_ticket_is_used_up",
        says: "A Ticket verifies a caller once, and only under the name that it was made for; each \
               of several Tickets is good.",
        points: 1,
        rule: "PROTOCOL.md, TCP: unused, at most 60 s old, same clientID",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: called::a_ticket_is_used_up,
    },
    Check {
        name: "lab5::who_is_called_must_show_the_answer",
        says: "With the right Answer the text is sent; with a wrong one, with the Ticket, or with \
               none it is not, the user is told so, and the caller hangs up.",
        points: 2,
        rule: "PROTOCOL.md, TCP: if a wrong Answer comes, or none within 3 s",
        needs: &[],
        run: calling::who_is_called_must_show_the_answer,
    },
    Check {
        name: "lab5::both_talk_at_any_time",
        says: "Lines go both ways, cut anywhere, until a line is QUIT or the stream ends; an empty \
               one is ignored, and bytes that are no UTF-8 are shown as U+FFFD.",
        points: 1,
        rule: "PROTOCOL.md, TCP: both sides send plain lines of text",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: talk::both_talk_at_any_time,
    },
    Check {
        name: "lab5::a_text_that_begins_with_quit_is_not_the_end",
        says: "QUITTING is text from a peer with a Ticket, and the end from a stranger; your client \
               never sends it.",
        points: 1,
        rule: "PROTOCOL.md, TCP: a line that begins with QUIT",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: talk::a_text_that_begins_with_quit_is_not_the_end,
    },
    Check {
        name: "lab5::a_caller_without_a_ticket_is_a_claim",
        says: "A caller without a Ticket is shown with a question mark, and can talk all the same; \
               the real client of that name can still call.",
        points: 1,
        rule: "MANUAL.md, introductions: a caller without a Ticket",
        needs: &[],
        run: called::a_caller_without_a_ticket_is_a_claim,
    },
    Check {
        name: "lab5::the_server_dies_and_twenty_more_messages_arrive",
        says: "Two of your clients talk; their server is killed; twenty more messages arrive.",
        points: 2,
        rule: "PROTOCOL.md, TCP; README.md, kill the server",
        needs: &["lab5::who_shows_the_ticket_is_verified_and_who_does_not_is_not"],
        run: talk::the_server_dies_and_twenty_more_messages_arrive,
    },
];
