//! Lab 10, the secure channel: TLS 1.3 with a class's key. The grader speaks it, too, with code of its own ([`tls`]),
//! plays either side, and lies.

mod between;
mod class;
pub mod crypto;
mod finished;
mod keys;
mod records;
mod tls;
mod window;

use crate::check::Check;
use crate::driver::dice::Dice;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab10::all_keys_come_from_the_schedule",
        says: "A client with the class's key offers it, and the server's first sealed record opens \
               with the key that RFC 8446 makes of it.",
        points: 1,
        rule: "RFC 8446, 7.1: HKDF-Expand-Label, and the picture of the key schedule",
        needs: &[],
        run: keys::all_keys_come_from_the_schedule,
    },
    Check {
        name: "lab10::every_record_has_a_nonce_of_its_own",
        says: "The handshake ends, and 300 records each way open, each with its own number.",
        points: 1,
        rule: "RFC 8446, 5.3: the per-record nonce",
        needs: &["lab10::all_keys_come_from_the_schedule"],
        run: keys::every_record_has_a_nonce_of_its_own,
    },
    Check {
        name: "lab10::zeros_behind_the_type_are_padding",
        says: "Records of every type open with zeros behind their type; zeros before it are \
               content, and nothing but zeros is unexpected_message.",
        points: 1,
        rule: "RFC 8446, 5.4: record padding",
        needs: &["lab10::every_record_has_a_nonce_of_its_own"],
        run: records::zeros_behind_the_type_are_padding,
    },
    Check {
        name: "lab10::a_record_changed_or_out_of_turn_is_refused",
        says: "A record with another bit in its content, its tag or its header, or one that is too \
               short, is bad_record_mac, and so is one that comes twice, too early or behind a \
               missing one; what came before it counts, and nothing after it.",
        points: 1,
        rule: "RFC 8446, 5.2: the additional data, and what does not decrypt; 5.3: both sides count",
        needs: &["lab10::every_record_has_a_nonce_of_its_own"],
        run: a_record_changed_or_out_of_turn_is_refused,
    },
    Check {
        name: "lab10::a_record_holds_16384_bytes",
        says: "A record with 16,384 bytes of data and padding opens; with one more it is \
               record_overflow.",
        points: 1,
        rule: "RFC 8446, 5.4: the full encoded TLSInnerPlaintext",
        needs: &["lab10::every_record_has_a_nonce_of_its_own"],
        run: records::a_record_holds_16384_bytes,
    },
    Check {
        name: "lab10::a_wrong_finished_is_refused",
        says: "A Finished with another bit is decrypt_error, one of another length decode_error. Your \
               server obeys nothing that follows one; your client does not tell its sender who it \
               is, and to the right one it does.",
        points: 1,
        rule: "RFC 8446, 4.4.4: recipients of Finished messages MUST verify",
        needs: &["lab10::every_record_has_a_nonce_of_its_own"],
        run: a_wrong_finished_is_refused,
    },
    Check {
        name: "lab10::a_go_between_can_only_cut_the_wire",
        says: "Your client and your server meet over somebody without the key: whatever that one \
               changes, repeats or puts in ends the connection, and nothing of it is obeyed.",
        points: 1,
        rule: "RFC 8446, appendix E.1 and E.2: what the handshake and the records promise",
        needs: &["lab10::every_record_has_a_nonce_of_its_own"],
        run: between::a_go_between_can_only_cut_the_wire,
    },
    Check {
        name: "lab10::each_number_is_taken_once",
        says: "Of datagrams that overtake each other, come twice or come late, each number is taken \
               once, if it is one of the highest 64; a number that was only asked for moves \
               nothing.",
        points: 1,
        rule: "RFC 4303, 3.4.3: the window, and when it moves",
        needs: &[],
        run: window::each_number_is_taken_once,
    },
];

/// Whatever does not open.
fn a_record_changed_or_out_of_turn_is_refused(dice: &mut Dice) {
    records::a_changed_record_is_refused(dice);
    records::a_record_out_of_turn_is_refused(dice);
}

/// By both sides.
fn a_wrong_finished_is_refused(dice: &mut Dice) {
    finished::a_wrong_finished_of_a_client_is_refused(dice);
    finished::a_wrong_finished_of_a_server_is_refused(dice);
}
