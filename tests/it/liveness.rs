//! The rule of a server's silence, with a clock that the test holds.

use std::time::{Duration, Instant};

use p2p_chat::client::rendezvous::liveness::{ANSWER, Liveness, Silence, Word};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn without_a_promise_and_without_a_request_a_server_may_be_silent() {
    let start = Instant::now();
    let mut server = Liveness::new(start, None);
    assert_eq!(server.deadline(), None);
    assert_eq!(server.check(start + 86_400 * SECOND), None);
    server.asked(start);
    assert_eq!(server.check(start + ANSWER), Some(Silence::Answer));
}

#[test]
fn each_word_begins_the_silence_anew() {
    let start = Instant::now();
    let mut server = Liveness::new(start, Some(2 * SECOND));
    for second in (4..40).step_by(4) {
        assert_eq!(server.check(start + second * SECOND), None);
        server.heard(start + second * SECOND, Word::Ping, false);
    }
    let lost = start + 36 * SECOND + 5 * SECOND;
    assert_eq!(server.deadline(), Some(lost));
    assert_eq!(server.check(lost), Some(Silence::Word(5 * SECOND)));
}

#[test]
fn an_answer_is_waited_for_as_long_as_the_server_sends_what_stands_before_it() {
    let start = Instant::now();
    let mut server = Liveness::new(start, None);
    server.asked(start);
    // Texts of a slow sender, or the room's messages over a slow network.
    for second in (0..100).step_by(9) {
        assert_eq!(server.check(start + second * SECOND), None);
        server.heard(start + second * SECOND, Word::Other, true);
    }
    assert_eq!(server.deadline(), Some(start + 99 * SECOND + ANSWER));
    server.heard(start + 100 * SECOND, Word::Other, false);
    assert_eq!(server.deadline(), None, "all is answered");
}

#[test]
fn the_first_of_several_requests_begins_the_time() {
    let start = Instant::now();
    let mut server = Liveness::new(start, Some(30 * SECOND));
    server.asked(start + SECOND);
    server.asked(start + 8 * SECOND);
    server.heard(start + 9 * SECOND, Word::Ping, true);
    assert_eq!(server.check(start + SECOND + ANSWER), Some(Silence::Answer));
}

#[test]
fn who_was_asleep_reads_first_and_judges_then() {
    let start = Instant::now();
    for ping in [2, 30] {
        let mut server = Liveness::new(start, Some(ping * SECOND));
        server.asked(start);
        let awake = start + 3_600 * SECOND;
        assert_eq!(server.check(awake), None);
        let deadline = server.deadline().unwrap();
        assert!(deadline > awake + 2 * SECOND && deadline <= awake + ANSWER);
        assert!(server.check(deadline).is_some(), "the server is gone indeed");
    }
}
