//! The pace by itself: what each request costs, and who waits for whom, at times that the test makes up.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use p2p_chat::server::hosts::{HostRate, HostRates};
use p2p_chat::server::pace::Pace;
use p2p_chat::server::rate_limit::RateLimiter;
use p2p_chat::wire::{Reachable, Request, Text};

/// The rate of a client without `--rate`.
const RATE: u32 = 20;
/// The rate of a host without `--rate-address`.
const RATE_OF_HOST: u32 = 500;

/// A host among others that have the usual rate.
fn host(hosts: &HostRates, address: &str, now: Instant) -> Arc<HostRate> {
    hosts.of(address.parse().unwrap(), now).unwrap()
}

/// A client on a host of its own, with the usual rates.
fn client(now: Instant) -> Pace {
    Pace::new(RATE, HostRates::new(RATE_OF_HOST).of("192.0.2.1".parse().unwrap(), now), now)
}

/// Says a text of so many bytes.
fn say(bytes: usize) -> Request {
    Request::Say { text: Text::parse(&"x".repeat(bytes)).unwrap() }
}

/// Any name.
fn request(kind: &str) -> Request {
    let name = || "alice".parse().unwrap();
    match kind {
        "REGISTER" => Request::Register { name: name(), ip: None, port: 5700 },
        "JOIN" => Request::Join {
            name: name(),
            token: None,
            since: None,
            reachable: Reachable::default(),
        },
        "INFO" => Request::Info,
        "HISTORY" => Request::History { before: None, last: 200 },
        "PING" => Request::Ping { token: None },
        "QUIT" => Request::Quit,
        _ => say(5),
    }
}

#[test]
fn a_burst_is_free_and_then_each_unit_takes_its_time() {
    let now = Instant::now();
    let mut limiter = RateLimiter::new(10, now);
    assert_eq!(limiter.next(30, now), Duration::ZERO);
    assert_eq!(limiter.next(20, now), Duration::ZERO);
    assert_eq!(limiter.next(1, now), Duration::from_millis(100));
    assert_eq!(limiter.next(3, now), Duration::from_millis(400));
    // Two seconds later it is as far ahead of its schedule as before, less two seconds.
    assert_eq!(limiter.next(16, now + Duration::from_secs(2)), Duration::ZERO);
    assert_eq!(limiter.next(1, now + Duration::from_secs(2)), Duration::from_millis(100));
}

#[test]
fn silence_is_not_saved_up() {
    let start = Instant::now();
    let mut limiter = RateLimiter::new(10, start);
    let later = start + Duration::from_secs(3600);
    assert!(limiter.is_idle(later));
    assert_eq!(limiter.next(50, later), Duration::ZERO);
    assert!(!limiter.is_idle(later));
    assert_eq!(limiter.next(1, later), Duration::from_millis(100));
}

#[test]
fn without_a_rate_nothing_waits() {
    let now = Instant::now();
    assert_eq!(RateLimiter::new(0, now).next(u32::MAX, now), Duration::ZERO);
    assert!(HostRates::new(0).of(IpAddr::from([127, 0, 0, 1]), now).is_none());
    let mut pace = Pace::new(0, None, now);
    for kind in ["REGISTER", "JOIN", "INFO", "HISTORY", "SAY"].repeat(1000) {
        assert_eq!(pace.next(&request(kind), now), Duration::ZERO);
        assert_eq!(pace.call(1, now), Duration::ZERO);
    }
}

#[test]
fn each_request_costs_what_it_costs_others() {
    let now = Instant::now();
    // Of 100 units, so many requests of each kind can be had at once; 0: any number.
    for (kind, most) in [
        ("REGISTER", 100),
        ("SAY", 100),
        ("INFO", 100),
        ("JOIN", 50),
        ("HISTORY", 25),
        ("PING", 0),
        ("QUIT", 0),
    ] {
        let mut pace = client(now);
        let free = (0..1000).take_while(|_| pace.next(&request(kind), now).is_zero()).count();
        assert_eq!(free, if most == 0 { 1000 } else { most }, "{kind}");
    }
}

#[test]
fn a_long_answer_is_paid_for_by_the_next_request() {
    let now = Instant::now();
    let mut pace = client(now);
    assert_eq!(pace.next(&request("INFO"), now), Duration::ZERO);
    pace.list(12_000, now);
    assert_eq!(pace.next(&request("PING"), now), Duration::ZERO);
    // 1 + 120 + 1, of which 100 are free, at 20 a second.
    assert_eq!(pace.next(&request("INFO"), now), Duration::from_millis(1100));
    let mut pace = client(now);
    pace.replay(1_000_000, now); // there are at most 1,000, which cost 20
    assert_eq!((0..1000).take_while(|_| pace.next(&say(1), now).is_zero()).count(), 80);
}

#[test]
fn a_host_pays_for_the_bytes_too() {
    let now = Instant::now();
    for (bytes, most) in [(256, 2500), (257, 1250), (2000, 312)] {
        let host = HostRates::new(RATE_OF_HOST).of(IpAddr::from([192, 0, 2, 1]), now);
        let mut said = 0;
        // Each from a connection of its own, so that no client has reached its own limit.
        while Pace::new(RATE, host.clone(), now).next(&say(bytes), now).is_zero() {
            said += 1;
        }
        assert_eq!(said, most, "texts of {bytes} bytes");
    }
}

#[test]
fn a_class_behind_one_address_never_waits() {
    let (start, hosts) = (Instant::now(), HostRates::new(RATE_OF_HOST));
    let mut class: Vec<Pace> =
        (0..100).map(|_| Pace::new(RATE, Some(host(&hosts, "192.0.2.1", start)), start)).collect();
    // All come at once, list the others, and then each says 5 messages a second for a minute, all at the same moments.
    for pace in &mut class {
        for kind in ["REGISTER", "JOIN", "INFO"] {
            assert_eq!(pace.next(&request(kind), start), Duration::ZERO, "{kind}");
        }
        pace.list(100, start);
    }
    for moment in 0..300 {
        let now = start + moment * Duration::from_millis(200);
        for pace in &mut class {
            assert_eq!(pace.next(&say(250), now), Duration::ZERO, "moment {moment}");
        }
    }
}

#[test]
fn a_class_that_comes_back_together_does_not_wait_for_what_it_has_missed() {
    let (start, hosts) = (Instant::now(), HostRates::new(RATE_OF_HOST));
    for _ in 0..100 {
        let mut pace = Pace::new(RATE, Some(host(&hosts, "192.0.2.1", start)), start);
        for kind in ["REGISTER", "JOIN"] {
            assert_eq!(pace.next(&request(kind), start), Duration::ZERO, "{kind}");
        }
        pace.replay(1000, start);
    }
}

#[test]
fn one_host_is_one_however_many_connections_it_has() {
    let (now, hosts) = (Instant::now(), HostRates::new(RATE_OF_HOST));
    let same = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::"];
    let free = (0..10_000)
        .take_while(|number| host(&hosts, same[number % 3], now).next(1, now).is_zero())
        .count();
    assert_eq!(free, 2500);
    for other in ["2001:db8:0:2::1", "192.0.2.1", "127.0.0.1", "::1"] {
        assert_eq!(host(&hosts, other, now).next(1, now), Duration::ZERO, "{other}");
    }
    assert!(!host(&hosts, "2001:db8:0:1::3", now).next(1, now).is_zero());
}

#[test]
fn the_calls_from_a_host_to_a_member_are_few_in_any_minute() {
    let (start, hosts) = (Instant::now(), HostRates::new(RATE_OF_HOST));
    let calls = host(&hosts, "192.0.2.1", start);
    let free = (0..10_000).take_while(|_| calls.next_call(1, start).is_zero()).count();
    assert_eq!(free, 100);
    // The caller that had to wait has its call 500 ms later, and each further one as much later.
    assert_eq!(calls.next_call(1, start), Duration::from_secs(1));
    // Other members, and other hosts, have nothing to do with it.
    assert_eq!(calls.next_call(2, start), Duration::ZERO);
    assert_eq!(host(&hosts, "192.0.2.2", start).next_call(1, start), Duration::ZERO);
}

#[test]
fn a_host_is_forgotten_when_it_makes_no_difference() {
    let (start, hosts) = (Instant::now(), HostRates::new(RATE_OF_HOST));
    let connected = host(&hosts, "192.0.2.1", start);
    for _ in 0..10 {
        host(&hosts, "192.0.2.2", start).next(500, start);
        host(&hosts, "192.0.2.3", start).next_call(1, start);
    }
    host(&hosts, "192.0.2.4", start).next(500, start);
    assert_eq!(hosts.len(), 4);
    // Now the requests of the fourth lie in the past, and the calls of the third do not.
    let later = start + Duration::from_secs(3);
    assert!(Arc::ptr_eq(&connected, &host(&hosts, "192.0.2.1", later)));
    assert_eq!(hosts.len(), 3);
    // The second is ahead by 7 s of the 10, and may be by 5; the third by 2 s of its 5, and may be by 50.
    assert_eq!(host(&hosts, "192.0.2.2", later).next(1, later), Duration::from_millis(2002));
    let free =
        (0..1000).take_while(|_| host(&hosts, "192.0.2.3", later).next_call(1, later).is_zero());
    assert_eq!(free.count(), 96);
}

#[test]
fn the_table_of_hosts_is_bounded() {
    let (now, hosts) = (Instant::now(), HostRates::new(RATE_OF_HOST));
    for number in 0..40_000_u32 {
        let address = IpAddr::from(0x0a00_0000_u32.wrapping_add(number).to_be_bytes());
        hosts.of(address, now).unwrap().next(1, now);
    }
    assert!(hosts.len() <= 16_385, "{} hosts", hosts.len());
}
