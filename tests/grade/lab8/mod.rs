//! Lab 8, robustness: deadlines, heartbeats, hostile input.

mod browser;
mod keepalive;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab8::bytes_alone_buy_no_time",
        says: "A connection that drips bytes, or nonsense, and sends no request is closed after \
               --register-timeout; not before, and not one that has sent a request.",
        points: 1,
        rule: "MANUAL.md, limits: from accept to the first valid request",
        needs: &[],
        run: keepalive::bytes_alone_buy_no_time,
    },
    Check {
        name: "lab8::a_silent_member_is_asked_and_let_go",
        says: "With --ping 2 a silent member is asked after 2 s, once, and let go after 1 s more; \
               one that answers is asked again after 2 s; a client that has only registered is not \
               asked.",
        points: 2,
        rule: "PROTOCOL.md: PING, and BYE timeout; MANUAL.md, limits: silence in the room",
        needs: &[],
        run: keepalive::a_silent_member_is_asked_and_let_go,
    },
    Check {
        name: "lab8::whoever_speaks_is_not_asked",
        says: "A member that speaks is not asked, nor one that sends a request slowly; one that is \
               asked may answer with any request.",
        points: 1,
        rule: "PROTOCOL.md: silence is how the dead are found",
        needs: &[],
        run: keepalive::whoever_speaks_is_not_asked,
    },
    Check {
        name: "lab8::a_browser_is_hung_up_on",
        says: "An HTTP request gets no answer, and a block in it is not executed, also if its first \
               line is too long; a line that only looks like HTTP is malformed.",
        points: 1,
        rule: "PROTOCOL.md: a first line that ends in HTTP/1.0, HTTP/1.1 or HTTP/2.0",
        needs: &[],
        run: browser::a_browser_is_hung_up_on,
    },
    Check {
        name: "lab8::a_browser_is_no_peer",
        says: "Your client's listener hangs up on an HTTP request, too, and tells nobody of it.",
        points: 1,
        rule: "PROTOCOL.md: by the server and by a client's listener alike",
        needs: &["lab1::the_client_reads_blocks_in_any_pieces"],
        run: browser::a_browser_is_no_peer,
    },
];
