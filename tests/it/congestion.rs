//! The retransmission timer and the congestion window, in virtual time: conversations that share a link with a rate, a
//! queue and a delay, all of them given.

use std::time::{Duration, Instant};

use p2p_chat::client::direct::RoundTrip;
use p2p_chat::client::direct::udp::congestion::CongestionControl;
use p2p_chat::client::direct::udp::reliable::{Sending, Step};
use p2p_chat::tools::parts::bottleneck::{Bottleneck, LinkSettings};
use p2p_chat::tools::parts::link::fairness;

/// A link without losses by chance, and flows that begin at these times.
fn link(rate: u64, places: usize, delay: u64, begins: &[u64]) -> Bottleneck {
    Bottleneck::new(LinkSettings { rate, places, delay, loss: 0 }, begins)
}

/// What each flow has shown, and its copies.
fn counts(link: &Bottleneck) -> Vec<[u64; 2]> {
    link.flows.iter().map(|flow| [flow.shown, flow.copies]).collect()
}

/// What each flow has shown since then, and its copies.
fn since(link: &Bottleneck, before: &[[u64; 2]]) -> Vec<[u64; 2]> {
    let both = counts(link).into_iter().zip(before);
    both.map(|(after, before)| [after[0] - before[0], after[1] - before[1]]).collect()
}

#[test]
fn one_flow_uses_the_link() {
    for (rate, places, delay) in [(100, 20, 50), (50, 10, 100), (400, 40, 20), (20, 10, 10)] {
        let mut link = link(rate, places, delay, &[0]);
        link.runs(60_000);
        let [shown, copies] = counts(&link)[0];
        println!("{rate}/s, {places} places, {delay} ms: {shown} in 60 s, {copies} copies");
        assert!(shown >= 48 * rate, "{shown}");
    }
}

#[test]
fn flows_share_the_link_fairly_whoever_came_first() {
    for (rate, places, delay) in [(100, 20, 50), (50, 10, 100), (200, 30, 20)] {
        let mut link = link(rate, places, delay, &[0, 10_000]);
        link.runs(40_000);
        let before = counts(&link);
        link.runs(120_000);
        let counts = since(&link, &before);
        let shares: Vec<u64> = counts.iter().map(|[shown, _]| *shown).collect();
        let fairness = fairness(shares.iter().copied());
        println!("{rate}/s, {places} places, {delay} ms: {counts:?}, {fairness}");
        assert!(fairness >= 900, "{shares:?}");
        assert!(shares.iter().sum::<u64>() >= 96 * rate, "{shares:?}");
    }
}

#[test]
fn nothing_is_sent_twice_that_was_not_dropped() {
    for (rate, places, delay) in [(100, 20, 50), (50, 10, 100), (200, 30, 20)] {
        let mut link = link(rate, places, delay, &[0, 0]);
        link.runs(20_000); // the first window of 64 waits longer in the queue than anybody could know
        let dropped = |link: &Bottleneck| link.flows.iter().map(|flow| flow.dropped).sum::<u64>();
        let (before, dropped_before) = (counts(&link), dropped(&link));
        link.runs(60_000);
        let copies: u64 = since(&link, &before).iter().map(|[_, copies]| *copies).sum();
        let dropped = dropped(&link) - dropped_before;
        assert!(copies <= dropped + 5, "{copies} copies, {dropped} dropped");
    }
}

#[test]
fn a_way_that_becomes_slower_is_not_flooded_with_copies() {
    let mut link = link(100, 100, 20, &[0]);
    link.runs(20_000);
    let before = counts(&link);
    link.settings.delay = 250;
    link.runs(20_000);
    let [shown, copies] = since(&link, &before)[0];
    let timer = link.flows[0].sender.sending.congestion.timeout();
    println!("{copies} copies of {shown}; timer {timer:?}");
    assert!(copies * 10 <= shown, "{copies} copies of {shown}");
}

#[test]
fn the_timer_follows_what_is_measured_and_not_what_was_sent_twice() {
    let (mut control, start) = (CongestionControl::default(), Instant::now());
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    assert_eq!(control.timeout(), Duration::from_millis(200), "nothing is known");
    control.sent(1, start);
    control.acknowledged(1, 1, after(100));
    assert_eq!(control.timeout(), Duration::from_millis(300), "100 and 4 times 50");
    for seq in 2..=4 {
        control.sent(seq, start);
        control.sent_again(seq);
        assert_eq!(control.timeout(), Duration::from_millis(300));
        control.acknowledged(seq, seq, after(700));
    }
    assert_eq!(
        control.timeout(),
        Duration::from_millis(600),
        "three in a row have measured nothing"
    );
    control.sent(5, after(700));
    control.acknowledged(5, 5, after(800));
    assert!(control.timeout() < Duration::from_millis(300), "it is measured again");
}

#[test]
fn a_message_that_was_sent_again_measures_nothing() {
    let (mut control, start) = (CongestionControl::default(), Instant::now());
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    control.sent(1, start);
    control.sent_again(1);
    control.acknowledged(1, 1, after(250));
    assert_eq!(control.round_trip.milliseconds(), None);
    control.sent(2, start);
    // The acknowledgement of 3 says that 2 has arrived, too, but not when.
    control.sent(3, start);
    control.acknowledged(3, 3, after(40));
    control.acknowledged(2, 3, after(900));
    assert_eq!(control.round_trip.milliseconds().as_deref(), Some("40.00"));
}

#[test]
fn a_round_trip_is_measured_once_however_many_are_in_flight() {
    let (mut control, start) = (CongestionControl::default(), Instant::now());
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    (1..=5).for_each(|seq| control.sent(seq, start));
    (1..=5).for_each(|seq| control.acknowledged(seq, seq, after(90 + 10 * seq)));
    assert_eq!(control.round_trip.milliseconds().as_deref(), Some("100.00"));
    control.sent(6, after(140));
    control.acknowledged(6, 6, after(320));
    assert_eq!(control.round_trip.milliseconds().as_deref(), Some("110.00"));
}

#[test]
fn the_estimate_is_that_of_the_rfc() {
    let mut round_trip = RoundTrip::default();
    assert_eq!(round_trip.timeout(), None);
    for (took, timeout) in [(80, 240), (80, 200), (80, 170), (160, 237)] {
        round_trip.took(Duration::from_millis(took));
        assert_eq!(round_trip.timeout().unwrap().as_millis(), timeout);
    }
}

#[test]
fn the_window_halves_once_for_one_loss_and_grows_by_one_in_a_round_trip() {
    let (mut control, now) = (CongestionControl::default(), Instant::now());
    (1..=64).for_each(|seq| control.sent(seq, now));
    assert!(!control.allows(64, now), "64 is the most");
    control.acknowledged(1, 1, now);
    (2..=9).for_each(|seq| control.sent_again(seq));
    assert_eq!(control.window(), 31, "of 63 in flight, once");
    (10..=40).for_each(|seq| control.acknowledged(seq, 1, now));
    assert_eq!(control.window(), 32, "31 acknowledgements are one round trip");
}

#[test]
fn when_nothing_comes_back_the_window_begins_at_one_and_doubles() {
    let (mut control, now) = (CongestionControl::default(), Instant::now());
    (1..=16).for_each(|seq| control.sent(seq, now));
    (1..=16).for_each(|seq| control.sent_again(seq));
    assert_eq!(control.window(), 1);
    assert!(!control.allows(1, now));
    assert!(control.allows(1, now + control.timeout()), "a new message in each timeout");
    (1..=7).for_each(|seq| control.acknowledged(seq, seq, now));
    assert_eq!(control.window(), 8, "each acknowledgement adds one, up to half of 16");
    control.goes_on(0);
    assert_eq!(control.window(), 64, "after silence it begins anew");
}

#[test]
fn what_was_given_up_counts_as_acknowledged_by_nothing() {
    let (begun, mut sending) = (Instant::now(), Sending::new(Duration::from_secs(1)));
    let at = |milliseconds| begun + Duration::from_millis(milliseconds);
    let due = |sending: &mut Sending, now| {
        for step in sending.due(now) {
            if let Step::Send { seq, waited: Some(_), .. } = step {
                sending.congestion.sent_again(seq);
            }
        }
    };
    (1..=40).for_each(|text: u32| sending.send(text.to_string()));
    for time in [0, 200, 600] {
        due(&mut sending, at(time));
    }
    sending.send("41".to_owned());
    for time in [900, 1_000] {
        due(&mut sending, at(time));
    }
    assert_eq!((sending.pending(), sending.congestion.window()), (1, 1), "40 are given up");
    sending.congestion.acknowledged(41, 41, at(1_010)); // its First has moved the receiver's Upto
    assert_eq!(sending.congestion.window(), 2, "one message has arrived");
}
