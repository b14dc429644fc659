//! Lab 1, framing: one read is not one message.

mod client;
mod limits;
mod server;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab1::a_request_in_pieces_is_one_request",
        says: "A request that comes byte by byte, or in two halves with a pause, is one request; \
               half a request is none when the stream ends.",
        points: 2,
        rule: "PROTOCOL.md, the grammar: one block in many reads",
        needs: &[],
        run: server::a_request_in_pieces_is_one_request,
    },
    Check {
        name: "lab1::many_requests_in_one_piece_are_many",
        says: "Sixty requests in a few writes, cut anywhere, get sixty answers in their order; \
               lines may end in LF alone, and blank lines may come before a TYPE.",
        points: 2,
        rule: "PROTOCOL.md, the grammar: several blocks may arrive in one read",
        needs: &[],
        run: server::many_requests_in_one_piece_are_many,
    },
    Check {
        name: "lab1::a_header_is_found_by_its_name",
        says: "Header names are found in any case and have no blank in them, unknown ones are \
               ignored, the first of a name counts; a value is everything behind the colon but one \
               space.",
        points: 1,
        rule: "PROTOCOL.md, the grammar: header names",
        needs: &[],
        run: server::a_header_is_found_by_its_name,
    },
    Check {
        name: "lab1::a_bad_block_is_refused_and_the_next_one_is_read",
        says: "A block that breaks the grammar is refused with its exact code, at its end and once; \
               the connection stays.",
        points: 1,
        rule: "PROTOCOL.md, limits: checks come in this order",
        needs: &[],
        run: server::a_bad_block_is_refused_and_the_next_one_is_read,
    },
    Check {
        name: "lab1::a_line_of_4096_bytes_passes_and_of_4097_does_not",
        says: "A line of 4,096 bytes passes; one more is too-long as soon as it comes, and the server \
               hangs up on a line of more than 1 MiB.",
        points: 1,
        rule: "PROTOCOL.md, limits: a line",
        needs: &[],
        run: limits::a_line_of_4096_bytes_passes_and_of_4097_does_not,
    },
    Check {
        name: "lab1::sixteen_lines_pass_and_seventeen_do_not",
        says: "A request of 16 lines passes; with 17 it is refused once as too-long; after more \
               than 1 MiB of skipped lines, or of blank ones, the server hangs up.",
        points: 1,
        rule: "PROTOCOL.md, limits: lines between TYPE and the blank line, bytes skipped for one block",
        needs: &[],
        run: limits::sixteen_lines_pass_and_seventeen_do_not,
    },
    Check {
        name: "lab1::the_client_reads_blocks_in_any_pieces",
        says: "The client shows what its server sends, however it is cut, also blocks of 19,000 \
               lines or 4 MB, and survives nonsense and longer blocks.",
        points: 2,
        rule: "PROTOCOL.md, the grammar and limits: the client reads the same blocks",
        needs: &[],
        run: client::the_client_reads_blocks_in_any_pieces,
    },
];
