//! Lab 7, the log: append before you tell; recover after a crash.

mod crash;
mod found;
mod full;
mod lines;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab7::numbers_go_on_where_they_stopped",
        says: "A server that starts again has the last 1,000 messages of its log, and counts on \
               from all of them and from those that are lost.",
        points: 1,
        rule: "PROTOCOL.md: Seq goes on across restarts of the server; MANUAL.md, the log",
        needs: &[],
        run: crash::numbers_go_on_where_they_stopped,
    },
    Check {
        name: "lab7::what_was_seen_survives_kill_9",
        says: "The server is killed while three speak: whatever somebody has seen is in the log.",
        points: 2,
        rule: "MANUAL.md, the log: each line is written before anybody hears of the event",
        needs: &[],
        run: crash::what_was_seen_survives_kill_9,
    },
    Check {
        name: "lab7::the_line_is_there_before_anyone_hears",
        says: "As soon as the first of 200 members hears a message, its line is in server.log; on a \
               full disk it is counted, and `\\lost N` says so later.",
        points: 1,
        rule: "MANUAL.md, the log: each line is written before anybody hears of the event",
        needs: &[],
        run: lines::the_line_is_there_before_anyone_hears,
    },
    Check {
        name: "lab7::a_torn_line_is_survived",
        says: "A last line without an end, as a crash leaves it, never counts, and never harms the \
               next line.",
        points: 1,
        rule: "MANUAL.md, the log: even after kill -9 the server goes on counting",
        needs: &["lab7::numbers_go_on_where_they_stopped"],
        run: crash::a_torn_line_is_survived,
    },
    Check {
        name: "lab7::no_text_is_mistaken_for_another_line",
        says: "Texts with backslashes, marks and brackets, and the longest one, come back after a \
               restart as they were; a line of the log that is no message, or longer than 16 KiB, \
               does not count.",
        points: 1,
        rule: "MANUAL.md, the log: a line for each event",
        needs: &["lab7::numbers_go_on_where_they_stopped"],
        run: lines::no_text_is_mistaken_for_another_line,
    },
];
