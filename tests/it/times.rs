//! Times: the day when it changes, what daylight saving does, and times of direct texts.

use std::time::{Duration, SystemTime};

use p2p_chat::clock::{LocalTime, Zone, day_line, stamp};

use crate::support::{Client, Folder, Server};

/// The seconds of a day.
const DAY: u64 = 86_400;

#[test]
fn a_line_with_the_day_stands_where_the_day_changes() {
    let today = LocalTime::at(SystemTime::now(), 0).day.unwrap();
    let noon = |days: u64| {
        stamp(SystemTime::UNIX_EPOCH + Duration::from_secs((today - days) * DAY + DAY / 2))
    };
    let said = [(3, "one"), (3, "two"), (1, "three"), (0, "four")];
    let log: String =
        said.iter().map(|(days, text)| format!("[{}] [al]: {text}\n", noon(*days))).collect();
    let folder = Folder::fresh();
    std::fs::write(folder.file("server.log"), log).unwrap();
    let server = Server::start_in(folder, 0, &[]);
    let bob = Client::start("bob", server.address());
    let day = |days: u64| day_line(today - days, today);
    bob.sees_line(&day(3));
    bob.sees("12:00 al: one");
    assert_eq!(bob.sees_next(), "12:00 al: two");
    assert_eq!(bob.sees_next(), day(1));
    assert_eq!(bob.sees_next(), "12:00 al: three");
    assert_eq!(bob.sees_next(), day(0));
    assert_eq!(bob.sees_next(), "12:00 al: four");
    bob.asks("and today", ": and today");
    assert_eq!(bob.output().matches(&day(0)).count(), 1, "{}", bob.output());
}

#[test]
fn a_day_has_its_name() {
    let line = |stamp: &str| day_line(LocalTime::of(stamp, 0).day.unwrap(), 20_784);
    assert_eq!(line("2026-11-27 23:59:59"), "Friday, 27 November");
    assert_eq!(line("2026-01-01 00:00:00"), "Thursday, 1 January");
    assert_eq!(line("2024-02-29 12:00:00"), "Thursday, 29 February 2024");
    assert_eq!(line("1970-01-01 00:00:00"), "Thursday, 1 January 1970");
    for (stamp, offset, day, time) in [
        ("2026-11-27 23:30:00", 60, Some(20_785), "00:30"),
        ("2026-11-27 00:30:00", -60, Some(20_783), "23:30"),
        ("2026-11-31 12:00:00", 0, None, "12:00"),
        ("2026-13-01 12:00:00", 0, None, "12:00"),
        ("1969-12-31 12:00:00", 0, None, "12:00"),
        ("99999999999999999999", 0, None, "--:--"),
        ("nonsense", 0, None, "--:--"),
        ("2026-11-27 é1:00:00", 0, Some(20_784), "--:--"),
    ] {
        let time = time.to_owned();
        let day = day.filter(|_| time != "--:--");
        assert_eq!(LocalTime::of(stamp, offset), LocalTime { day, time }, "{stamp}");
    }
}

#[test]
fn the_offset_follows_the_system_when_daylight_saving_ends() {
    let (zone, start) = (Zone::default(), SystemTime::UNIX_EPOCH + Duration::from_secs(900_000));
    let clone = zone.clone();
    let ask = |after: u64, answer: Option<i32>| {
        let mut asked = false;
        zone.refresh(start + Duration::from_secs(after), || {
            asked = true;
            answer
        });
        (asked, clone.offset())
    };
    assert_eq!(ask(0, Some(120)), (true, 120));
    assert_eq!(ask(899, Some(60)), (false, 120));
    assert_eq!(ask(900, Some(60)), (true, 60));
    assert_eq!(ask(1_800, None), (true, 60)); // no answer changes nothing
    assert_eq!(ask(0, Some(90)), (true, 90)); // a clock that was put back, too
}

#[cfg(target_os = "linux")]
#[test]
fn direct_texts_have_their_time_at_a_prompt() {
    use crate::support::{Terminal, begins_like};

    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    bob.asks("/chat alice", "is open");
    bob.types("/msg hi");
    let line = alice.sees("bob (direct): hi");
    let before = line.strip_suffix(" bob (direct): hi").unwrap();
    assert!(begins_like(&before[before.len() - 5..], "00:00"), "{line:?}");
    // Programs read plain lines, and so do the labs.
    alice.presses("/msg ho\r");
    bob.sees_line("alice (direct): ho");
}
