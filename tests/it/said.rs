//! SAID by hand and SAID as a value: the fast way to write and read the room's messages gives what the slow one gives.

use p2p_chat::wire::block::MAX_REQUEST_LINES;
use p2p_chat::wire::framing::BlockReader;
use p2p_chat::wire::notification::{
    Notification, SAID_TAIL_END, said_tail_start, scan_said, write_said_head,
};

const TIME: &str = "2026-11-20 12:35:01";

/// The block as the room writes it.
fn fast(seq: u64, text: &str, replay: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_said_head(&mut bytes, seq, replay);
    bytes.extend(said_tail_start(TIME, 7, &"alice".parse().unwrap()).bytes());
    bytes.extend([text, SAID_TAIL_END].concat().bytes());
    bytes
}

#[test]
fn what_the_room_writes_by_hand_is_what_a_block_would_be() {
    for text in ["hi", " two  spaces ", "Seq: 9", "é 👋", "\ta: b"] {
        let (name, text) = ("alice".parse().unwrap(), text.to_owned());
        let said = Notification::Said { seq: 42, time: TIME.to_owned(), id: 7, name, text };
        let Notification::Said { text, .. } = &said else { unreachable!() };
        let (live, replay) = (fast(42, text, false), fast(42, text, true));
        assert_eq!(String::from_utf8(live.clone()).unwrap(), said.to_block().to_string());
        for bytes in [live, replay] {
            let block = BlockReader::new(&bytes[..], MAX_REQUEST_LINES).read().unwrap();
            assert_eq!(Notification::parse(&block.unwrap().unwrap()).as_ref(), Some(&said));
            assert_eq!(scan_said(&bytes), Some((42, text.as_bytes())));
        }
    }
}

#[test]
fn only_said_is_scanned() {
    for block in ["", "SAID", "SAID\r\nText: hi\r\n\r\n", "SAID\r\nSeq: x\r\nText: hi\r\n\r\n"] {
        assert_eq!(scan_said(block.as_bytes()), None, "{block:?}");
    }
    assert_eq!(scan_said(b"TOLD\r\nSeq: 1\r\nText: hi\r\n\r\n"), None);
}
