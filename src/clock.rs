//! UTC stamps, and the local time of day that people are shown. Only this module formats time.
//!
//! The wire and the log have UTC, because the clients may live in several time zones. Each client converts to its
//! own.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The seconds of a day.
const DAY: u64 = 86_400;

/// Formats a time as it stands on the wire and in the log: UTC, `2026-11-20 12:35:01`.
pub fn stamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Returns the `HH:MM` of a [`stamp`], shifted by the local offset in minutes. Returns `--:--` for a malformed
/// stamp: it comes from a server, which may be another program.
pub fn hour_minute(stamp: &str, offset: i32) -> String {
    let parsed = stamp.get(11..16).and_then(|clock| {
        let (hour, minute) = clock.split_once(':')?;
        Some(hour.parse::<i32>().ok()? * 60 + minute.parse::<i32>().ok()?)
    });
    match parsed {
        Some(minutes) => {
            let local = (minutes + offset).rem_euclid(24 * 60);
            format!("{:02}:{:02}", local / 60, local % 60)
        }
        None => "--:--".to_owned(),
    }
}

/// Formats the local time of day to the millisecond, `12:35:01.123`, for an offset in minutes.
pub fn precise(time: SystemTime, offset: i32) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = (since.as_secs() % DAY).cast_signed() + i64::from(offset) * 60;
    let seconds = seconds.rem_euclid(DAY.cast_signed());
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{:03}", since.subsec_millis())
}

/// Returns how many minutes local time is ahead of UTC. The standard library knows no time zones, so this runs
/// `date +%z`. Without that program times are shown in UTC.
pub fn local_offset() -> i32 {
    let output =
        Command::new("date").arg("+%z").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let told = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    told.and_then(|zone| parse_zone(zone.trim())).unwrap_or(0)
}

/// Parses the offset that `date` prints: `+0130` is 90 minutes ahead.
fn parse_zone(zone: &str) -> Option<i32> {
    let (sign, digits) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let number: i32 = digits.parse().ok()?;
    Some(sign * (number / 100 * 60 + number % 100))
}

/// Returns year, month and day for a number of days since 1970-01-01 (Howard Hinnant's `civil_from_days`, for days
/// that are not before it).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468; // days since 0000-03-01, so that a leap day ends its year
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}
