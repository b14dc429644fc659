//! What a measurement says: percentiles, what was lost or came out of order, and the report's lines.

use p2p_chat::tools::load::chart;
use p2p_chat::tools::load::measure::{Faults, Order, Report, csv_heading, heading, percentile};

use crate::support::Dice;

/// What an order says after these numbers, if `last` was the last one sent: lost, late, twice.
fn judged(numbers: &[u64], last: u64) -> [u64; 3] {
    let mut order = Order::new(1);
    for number in numbers {
        order.hear(*number);
    }
    [order.lost(last), order.reordered(), order.duplicates()]
}

#[test]
fn a_percentile_is_the_nearest_rank() {
    // The usual example: 15, 20, 35, 40, 50.
    let values = [15, 20, 35, 40, 50];
    let expected = [(50, 15), (300, 20), (400, 20), (500, 35), (1000, 50), (0, 15)];
    for (thousandths, value) in expected {
        assert_eq!(percentile(&values, thousandths), Some(value), "at {thousandths}");
    }
    assert_eq!(percentile(&[], 500), None);
    assert_eq!(percentile(&[7], 999), Some(7));
    let thousand: Vec<u32> = (1..=1000).collect();
    assert_eq!(percentile(&thousand, 999), Some(999));
    assert_eq!(percentile(&thousand, 500), Some(500));
}

#[test]
fn a_tenth_that_is_late_shows_above_and_not_below() {
    let mut values = vec![1; 900];
    values.extend([250; 100]);
    assert_eq!(percentile(&values, 500), Some(1));
    assert_eq!(percentile(&values, 900), Some(1));
    assert_eq!(percentile(&values, 901), Some(250));
    assert_eq!(percentile(&values, 990), Some(250));
}

#[test]
fn at_least_so_many_are_not_above_a_percentile_and_fewer_are_below_it() {
    let mut dice = Dice::thrown();
    for _ in 0..200 {
        let length = dice.below(3000) + 1;
        let mut values: Vec<u32> =
            (0..length).map(|_| u32::try_from(dice.below(500)).unwrap()).collect();
        values.sort_unstable();
        for thousandths in [1, 10, 333, 500, 900, 990, 999, 1000] {
            let found = percentile(&values, thousandths).unwrap();
            let not_above = values.iter().filter(|value| **value <= found).count();
            let below = values.iter().filter(|value| **value < found).count();
            assert!(not_above * 1000 >= length * thousandths, "{thousandths} of {values:?}");
            assert!(below * 1000 < length * thousandths, "{thousandths} of {values:?}");
        }
    }
}

#[test]
fn an_order_tells_what_is_lost_late_and_twice() {
    assert_eq!(judged(&[1, 2, 3], 3), [0, 0, 0]);
    assert_eq!(judged(&[], 3), [3, 0, 0]);
    assert_eq!(judged(&[1, 2], 4), [2, 0, 0]); // at the end
    assert_eq!(judged(&[3], 3), [2, 0, 0]); // at the beginning
    assert_eq!(judged(&[1, 3], 3), [1, 0, 0]); // in between
    assert_eq!(judged(&[1, 3, 2], 3), [0, 1, 0]); // it came after all
    assert_eq!(judged(&[1, 3, 2, 2], 3), [0, 1, 1]);
    assert_eq!(judged(&[1, 1, 2], 2), [0, 0, 1]);
    assert_eq!(judged(&[5, 3, 1, 2, 4], 5), [0, 4, 0]); // a gap that falls apart
    assert_eq!(judged(&[1, 9, 4], 9), [6, 1, 0]);
    assert_eq!(judged(&[0, 1], 1), [0, 0, 1]); // there is no such number
}

#[test]
fn an_order_is_not_hurt_by_numbers_that_cannot_be() {
    let most = u64::MAX - 1;
    assert_eq!(judged(&[most, 1, most], 2), [most - 2, 1, 1]);
    assert_eq!(judged(&[u64::MAX], 0)[1..], [0, 0]);
    let mut all = Faults { lost: most, ..Faults::default() };
    all.add(all);
    assert_eq!(all.lost, u64::MAX);
    let mut order = Order::new(5);
    assert_eq!(order.highest(), 4);
    order.hear(5);
    assert_eq!((order.highest(), order.lost(0)), (5, 0));
}

#[test]
fn an_order_says_what_a_slow_and_simple_count_says() {
    let mut dice = Dice::thrown();
    for _ in 0..300 {
        let sent = 1 + dice.below(40) as u64;
        let count = dice.below(60);
        let numbers: Vec<u64> =
            (0..count).map(|_| 1 + dice.below(usize::try_from(sent).unwrap()) as u64).collect();
        let (mut reordered, mut duplicates) = (0, 0);
        for (index, number) in numbers.iter().enumerate() {
            let before = &numbers[..index];
            if before.contains(number) {
                duplicates += 1;
            } else if before.iter().any(|other| other > number) {
                reordered += 1;
            }
        }
        let lost = (1..=sent).filter(|number| !numbers.contains(number)).count() as u64;
        assert_eq!(judged(&numbers, sent), [lost, reordered, duplicates], "{numbers:?} of {sent}");
    }
}

#[test]
fn the_same_loss_in_two_counts_is_one() {
    let (mut speaker, mut room) = (Order::new(1), Order::new(7));
    for (number, seq) in [(1, 7), (3, 9)] {
        speaker.hear(number);
        room.hear(seq);
    }
    let faults = Faults::of([(&speaker, 3)].into_iter(), &room);
    assert_eq!(faults, Faults { lost: 1, ..Faults::default() });
    assert_eq!(faults.sentence().unwrap(), "1 lost");
    assert_eq!(Faults::default().sentence(), None);
    let all = Faults { lost: 4, reordered: 3, duplicates: 2, diverged: 1 };
    let sentence =
        "4 lost, 3 out of order, 2 delivered twice, 1 of the members received another order";
    assert_eq!((all.sentence().unwrap().as_str(), all.disorder()), (sentence, 6));
}

/// A report with something in each column.
fn report(members: usize) -> Report {
    let latency = [310, 420, 1_230, 4_560, 78_900];
    let faults = Faults { lost: 2, reordered: 1, ..Faults::default() };
    let (deliveries, seconds) = (1_000_000, 2.0);
    let (cpu, memory) = (Some(0.514), Some(2_560));
    Report {
        members,
        speakers: 10,
        messages: 10_000,
        deliveries,
        seconds,
        latency,
        faults,
        cpu,
        memory,
    }
}

#[test]
fn the_report_has_a_value_under_each_head() {
    let line = report(100).line();
    let words: Vec<&str> = line.split_whitespace().collect();
    let expected = "100 10 10000 500000 0.31 0.42 1.23 4.56 78.90 2 1 51 2.5";
    assert_eq!(words.join(" "), expected);
    assert_eq!(heading().split_whitespace().count(), words.len());
    assert_eq!(heading().len(), line.len());
    let untold = Report { cpu: None, memory: None, ..report(100) };
    assert!(untold.line().trim_end().ends_with("-       -"), "{}", untold.line());
    assert_eq!(
        report(1).csv(),
        "1,10,10000,1000000,2.000,500000,310,420,1230,4560,78900,2,1,51.4,2560"
    );
    let columns = |line: &str| line.split(',').count();
    assert_eq!(columns(&csv_heading()), columns(&untold.csv()));
}

#[test]
fn a_run_without_a_delivery_has_a_report_and_a_chart() {
    let empty = Report { members: 3, ..Report::default() };
    assert_eq!(empty.line().split_whitespace().nth(3), Some("0"));
    for reports in
        [vec![], vec![empty.clone()], vec![empty, report(9)], (1..=20).map(report).collect()]
    {
        let chart = chart::draw(&reports);
        assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
    }
}
