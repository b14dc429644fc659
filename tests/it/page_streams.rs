//! The page's streams of events: everything, once, in order, whoever else reads slowly or not at all.

use std::io::{Read, Write};
use std::thread;
use std::time::Instant;

use crate::support::{DEADLINE, Host, Stream};

/// An event of this number, with some weight.
fn event(number: usize, weight: usize) -> String {
    format!(r#"{{"kind":"notice","text":"{number} {}"}}"#, "x".repeat(weight))
}

/// Demands that the kept events come next, these ones, and then `live`.
#[track_caller]
fn hears_kept(stream: &mut Stream, expected: impl Iterator<Item = usize>, weight: usize) {
    for number in expected {
        let told = stream.next();
        assert_eq!((told.data, told.id), (event(number, weight), Some(number as u64)));
    }
    assert_eq!(stream.next().kind, "live");
}

#[test]
fn page_streams_begin_with_a_reset_the_state_and_what_was_kept() {
    let host = Host::start();
    host.page.state(r#"{"kind":"state","n":1}"#);
    host.page.tell(&event(0, 0));
    host.page.state(r#"{"kind":"state","n":2}"#);
    host.page.tell(&event(1, 0));
    let mut stream = host.site().listens();
    assert_eq!(stream.next().data, r#"{"kind":"state","n":2}"#);
    hears_kept(&mut stream, 0..2, 0);
    host.page.tell(&event(2, 0));
    let told = stream.next();
    assert_eq!((told.kind.as_str(), told.id, told.data), ("message", Some(2), event(2, 0)));
    host.page.state(r#"{"kind":"state","n":3}"#);
    assert_eq!(stream.next().data, r#"{"kind":"state","n":3}"#);
}

#[test]
fn page_tells_a_state_only_when_it_has_changed() {
    let host = Host::start();
    let mut stream = host.site().listens();
    assert_eq!(stream.next().kind, "live");
    let mut told = Vec::new();
    for (number, state) in ["a", "a", "b", "b", "b", "a"].iter().enumerate() {
        host.page.state(state);
        // Changes in one breath are told once: so each is waited for.
        host.page.tell(&number.to_string());
        told.extend(stream.reads_to(&number.to_string()));
    }
    assert_eq!(told, ["a", "0", "1", "b", "2", "3", "4", "a", "5"]);
    assert_eq!(host.site().listens().next().data, "a");
}

#[test]
fn page_streams_have_no_end_of_line_inside_of_an_event() {
    let host = Host::start();
    host.page.tell("{\r\n\"kind\":\n\n\"notice\"}\nevent: reset\n\n");
    host.page.tell("next");
    let mut stream = host.site().listens();
    assert_eq!(stream.next().data, r#"{  "kind":  "notice"} event: reset"#);
    assert_eq!(stream.next().data, "next");
}

#[test]
fn page_keeps_the_last_5000_events_for_who_comes_later() {
    let host = Host::start();
    for number in 0..5_010 {
        host.page.tell(&event(number, 0));
    }
    hears_kept(&mut host.site().listens(), 10..5_010, 0);
}

#[test]
fn page_keeps_no_more_than_some_megabytes() {
    let host = Host::start();
    for number in 0..1_000 {
        host.page.tell(&event(number, 10_000));
    }
    let mut stream = host.site().listens();
    let first = stream.next().id.unwrap();
    assert!((500..700).contains(&first), "it begins with {first}");
    stream.reads_to(&event(999, 10_000));
    // What is larger than anybody would read is left out, and pushes nothing out.
    host.page.tell(&"x".repeat(10 << 20));
    host.page.tell("next");
    assert_eq!(stream.next().kind, "live");
    assert_eq!(stream.next().data, "next");
}

#[test]
fn page_that_comes_back_is_told_everything_once() {
    let host = Host::start();
    for round in 1..4 {
        let mut stream = host.site().listens();
        hears_kept(&mut stream, 0..(round - 1) * 10, 0);
        for number in (round - 1) * 10..round * 10 {
            host.page.tell(&event(number, 0));
            assert_eq!(stream.next().id, Some(number as u64));
        }
    }
}

#[test]
fn page_that_does_not_read_holds_up_neither_the_loop_nor_the_others() {
    let host = Host::start();
    let mut slow = host.site().listens();
    assert_eq!(slow.next().kind, "live");
    let mut quick = host.site().listens();
    assert_eq!(quick.next().kind, "live");
    // Far more than sockets hold, and than is kept: the slow one's place is gone.
    for number in 0..20_000 {
        host.page.tell(&event(number, 1_000));
        if number % 500 == 499 {
            quick.reads_to(&event(number, 1_000));
        }
    }
    // It then begins anew, and misses nothing of what is still there.
    let mut told = slow.next();
    while told.kind != "reset" {
        told = slow.next();
    }
    let first = slow.next().id.unwrap();
    let rest = slow.reads_to(&event(19_999, 1_000));
    assert_eq!(rest.len() as u64, 19_999 - first);
    assert_eq!(slow.next().kind, "live");
}

#[test]
fn page_has_32_streams_and_room_for_others_when_they_go() {
    let host = Host::start();
    let mut streams: Vec<Stream> = (0..32).map(|_| host.site().listens()).collect();
    assert_eq!(host.site().asks_for_stream().status(), 503);
    assert_eq!(host.site().asks("GET", "", "").status, 200);
    host.page.tell("to all");
    for stream in &mut streams {
        stream.reads_to("to all");
    }
    drop(streams);
    // That they are gone is noticed although nothing happens.
    let until = Instant::now() + DEADLINE;
    while host.site().asks_for_stream().status() != 200 {
        assert!(Instant::now() < until, "no room again");
    }
}

#[test]
fn page_comes_however_many_idle_connections_there_are() {
    let host = Host::start();
    let page = host.site().head("GET", "", "");
    let mut stream = host.site().listens();
    for round in 0..3 {
        let mut idle: Vec<_> = (0..64).map(|_| host.site().connects()).collect();
        let answer = host.site().gives(page.as_bytes());
        assert_eq!(answer.map(|answer| answer.status), Some(200), "kept away in round {round}");
        assert!(matches!(idle[0].read(&mut [0]), Ok(0) | Err(_)), "the oldest is still there");
    }
    // A connection that has sent a good request does not give way.
    host.page.tell("{}");
    stream.reads_to("{}");
}

#[test]
fn page_comes_however_many_bad_requests_linger() {
    let host = Host::start();
    let _lingering: Vec<_> = (0..64)
        .map(|_| {
            let mut socket = host.site().connects();
            socket.write_all(b"GET /wrong HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
            socket
        })
        .collect();
    let answer = host.site().gives(host.site().head("GET", "", "").as_bytes());
    assert_eq!(answer.map(|answer| answer.status), Some(200));
}

#[test]
fn page_that_posts_without_end_waits_for_the_loop() {
    let host = Host::start();
    let site = host.site().clone(); // the host itself has ears for one thread alone
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..600 {
                assert_eq!(site.posts("line", &number.to_string()), 204);
            }
        });
        for number in 0..600 {
            assert_eq!(host.hears().0, number.to_string());
        }
    });
}
