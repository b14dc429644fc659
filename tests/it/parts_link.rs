//! `parts sender` and `parts link`: what they answer, the table and the picture.

use std::fs;
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, ends_with, starts_with};

use crate::support::Folder;

/// Runs `parts` to its end, with these lines on its input.
fn parts(line: &str, input: &str) -> assert_cmd::assert::Assert {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parts"));
    command.args(line.split_whitespace()).write_stdin(input);
    command.timeout(Duration::from_secs(60)).assert()
}

#[test]
fn a_sender_answers_each_question_on_a_line() {
    let all = [
        ("at 0 say 70", "sends 1-64; due 200; window 64; timer 200"),
        ("at 100 ack 1 upto 1 ack 3 upto 1", "sends 65; due 200; window 64; timer 300"),
        ("at 99", "what? at T, with any of: say N, ack SEQ upto UPTO; new"),
        ("at 100 ack 1", "what? at T, with any of: say N, ack SEQ upto UPTO; new"),
        (
            "at 300 ack 2 upto 70 say 9 ack",
            "what? at T, with any of: say N, ack SEQ upto UPTO; new",
        ),
        ("at 100 say 1001", "what? at T, with any of: say N, ack SEQ upto UPTO; new"),
        ("at 200", "again 2 4-64; due 400; window 31; timer 300"),
        ("new", "new"),
        ("at 7 say 1", "sends 1; due 207; window 64; timer 200"),
        ("at 30007", "lost 1; window 64; timer 200"),
    ];
    let asked: String = all.iter().map(|(asked, _)| format!("{asked}\n")).collect();
    let answered: String = all.iter().map(|(_, answered)| format!("{answered}\n")).collect();
    parts("sender", &asked).success().stdout(answered);
}

#[test]
fn a_link_that_has_room_for_all_loses_nothing() {
    let line = "link --rate 500 --queue 80 --delay 10 --flows 1 --seconds 10";
    let table = parts(line, "").success().stdout(starts_with("500 messages/s, 80 places, 10 ms"));
    table
        .stdout(contains("\nflow 1      2500        100 %        0        0\n"))
        .stdout(ends_with("Jain's index of fairness: 1.000\n"));
}

/// The lines about flows: the share of the link is in the fourth column.
fn share_of_all(table: &str) -> u64 {
    let all = table.lines().find(|line| line.starts_with("all ")).unwrap();
    all.split_whitespace().nth(2).unwrap().parse().unwrap()
}

#[test]
fn each_time_has_its_half_and_no_share_is_more_than_all() {
    for (line, half) in [
        ("link --seconds 1", "0.5 s"),
        ("link --seconds 5 --rate 7 --loss 30", "2.5 s"),
        ("link --seconds 3 --rate 1", "1.5 s"),
        ("link --seconds 1 --rate 33 --loss 10", "0.5 s"), // more is shown than the link carries in it
        ("link --seconds 8 --delay 2000 --slower 0 --flows 1", "4 s"),
        ("link --seconds 60 --loss 60", "30 s"),
    ] {
        let output = parts(line, "").success().get_output().stdout.clone();
        let table = String::from_utf8(output).unwrap();
        assert!(table.contains(&format!("; the second half, {half}:\n")), "{line}\n{table}");
        assert!(share_of_all(&table) <= 100, "{line}\n{table}");
    }
}

#[test]
fn a_wrong_link_is_told_in_a_sentence() {
    for (line, sentence) in [
        ("link 5", "link takes no arguments"),
        ("link --flows 5", "--flows must be a number from 1 to 4, not '5'"),
        ("link --rate 0", "--rate must be a number from 1 to 10000, not '0'"),
        ("link --seconds 0", "--seconds must be a number from 1 to 600, not '0'"),
        ("link --seconds 99999999999999999999", "--seconds must be a number from 1 to 600, not "),
        ("link --loss 100", "--loss must be a number from 0 to 99, not '100'"),
        ("link --svg=", "--svg needs a file"),
        ("sender --rate 5", "--rate goes with link"),
    ] {
        parts(line, "").code(2).stderr(contains(sentence).and(contains("usage: parts")));
    }
}

#[test]
fn the_picture_has_a_line_for_each_flow_and_can_be_read_by_all() {
    let folder = Folder::fresh();
    let file = folder.path().join("link.svg");
    let line = format!("link --flows 4 --seconds 20 --svg {}", file.display());
    parts(&line, "").success();
    let svg = fs::read_to_string(&file).unwrap();
    for part in [
        "aria-label=\"Windows, queue, round trip and timers against time\"",
        "@media (prefers-color-scheme: dark)",
        ">Window, in messages<",
        ">Queue, in messages<",
        ">Times, in ms<",
        ">time, in s<",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    for flow in 0..4 {
        assert_eq!(svg.matches(&format!("<polyline class=\"line f{flow}\"")).count(), 2, "{flow}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "a place that is none");
    parts("link --seconds 1 --svg /nowhere/at/all.svg", "")
        .code(1)
        .stdout(contains("Jain's index of fairness"))
        .stderr(contains("cannot write"));
}

#[test]
fn the_first_loss_is_drawn_too() {
    let folder = Folder::fresh();
    let file = folder.path().join("link.svg");
    // The queue is full in the first of the times that are looked at.
    let line = format!("link --flows 1 --queue 1 --seconds 600 --rate 1 --svg {}", file.display());
    parts(&line, "").success();
    let svg = fs::read_to_string(&file).unwrap();
    let drops = svg.split("<path class=\"line drop f0\" d=\"").nth(1).unwrap();
    assert!(drops.starts_with("M84."), "{}", drops.split('"').next().unwrap());
}
