//! UTC stamps, and the local day and time that people are shown. Only this module formats time.
//!
//! The wire and the log have UTC, because the clients may live in several time zones. Each client converts to its
//! own. How far that is from UTC may change while the client runs, when daylight saving begins or ends: a thread
//! asks the system again at each quarter of an hour, for no clock changes at another time.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The seconds of a day.
const DAY: u64 = 86_400;
/// The seconds of a quarter of an hour.
const QUARTER: u64 = 900;
/// How often the thread looks whether a quarter of an hour has begun. (A machine that sleeps stops longer waits.)
const LOOK: Duration = Duration::from_secs(15);
/// The days of the week, from that of 1970-01-01 on.
const WEEK: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
/// The months.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// How many minutes local time is ahead of UTC. All clones know the same.
#[derive(Debug, Clone, Default)]
pub struct Zone(Arc<SharedZone>);

/// What clones share.
#[derive(Debug, Default)]
struct SharedZone {
    offset: AtomicI32,
    /// The quarter of an hour, counted from 1970 on, in which the system was asked.
    asked: AtomicU64,
}

impl Zone {
    /// The zone of the system, which a thread follows as long as it is needed. Without a thread, it stays as it is.
    pub fn of_system() -> Zone {
        let zone = Zone::default();
        zone.refresh(SystemTime::now(), system_offset);
        let shared = Arc::downgrade(&zone.0);
        let following = move || {
            while let Some(shared) = Weak::upgrade(&shared) {
                Zone(shared).refresh(SystemTime::now(), system_offset);
                thread::sleep(LOOK);
            }
        };
        let _ = thread::Builder::new().name("zone".to_owned()).spawn(following);
        zone
    }

    /// Asks for the offset, unless that was done in the same quarter of an hour. No answer changes nothing.
    pub fn refresh(&self, now: SystemTime, ask: impl FnOnce() -> Option<i32>) {
        let quarter = seconds(now) / QUARTER;
        if self.0.asked.swap(quarter, Ordering::Relaxed) != quarter
            && let Some(offset) = ask()
        {
            self.0.offset.store(offset, Ordering::Relaxed);
        }
    }

    /// The minutes that local time is ahead of UTC.
    pub fn offset(&self) -> i32 {
        self.0.offset.load(Ordering::Relaxed)
    }
}

/// A moment as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    /// The day, counted from 1970-01-01 on; `None` if it is not known.
    pub day: Option<u64>,
    /// The time of day, `12:35`.
    pub time: String,
}

impl LocalTime {
    /// A moment, for an offset in minutes.
    pub fn at(moment: SystemTime, offset: i32) -> LocalTime {
        LocalTime::of(&stamp(moment), offset)
    }

    /// The moment of a [`stamp`], for an offset in minutes. What is malformed in it is not known: it comes from a
    /// server, which may be another program.
    pub fn of(stamp: &str, offset: i32) -> LocalTime {
        let minutes = minute_of_day(stamp).map(|minutes| minutes + offset);
        let days = minutes.map(|minutes| i64::from(minutes.div_euclid(24 * 60)));
        let date = date(stamp).zip(days);
        let day = date.and_then(|(date, days)| date.checked_add_signed(days));
        LocalTime { day, time: hour_minute(stamp, offset) }
    }
}

/// The line for a day: `Friday, 27 November`, with the year if it is not that of `today`.
///
/// ```
/// use p2p_chat::clock::day_line;
///
/// assert_eq!([day_line(20_784, 20_784), day_line(20_784, 21_000)], [
///     "Friday, 27 November",
///     "Friday, 27 November 2026",
/// ]);
/// ```
pub fn day_line(day: u64, today: u64) -> String {
    let ((year, month, of_month), (this_year, _, _)) = (civil(day), civil(today));
    let year = if year == this_year { String::new() } else { format!(" {year}") };
    let index = |number: u64| usize::try_from(number).unwrap_or(0); // it is small
    let (week, month) = (WEEK[index(day % 7)], MONTHS[index(month - 1)]);
    format!("{week}, {of_month} {month}{year}")
}

/// The seconds since 1970.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Formats a time as it stands on the wire and in the log: UTC, `2026-11-20 12:35:01`.
pub fn stamp(time: SystemTime) -> String {
    let seconds = seconds(time);
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Returns the `HH:MM` of a [`stamp`], shifted by the local offset in minutes. Returns `--:--` for a malformed
/// stamp.
fn hour_minute(stamp: &str, offset: i32) -> String {
    match minute_of_day(stamp) {
        Some(minutes) => {
            let local = (minutes + offset).rem_euclid(24 * 60);
            format!("{:02}:{:02}", local / 60, local % 60)
        }
        None => "--:--".to_owned(),
    }
}

/// The minute of its day that a [`stamp`] says.
fn minute_of_day(stamp: &str) -> Option<i32> {
    let (hour, minute) = stamp.get(11..16)?.split_once(':')?;
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    Some(i32::from(hour) * 60 + i32::from(minute))
}

/// The day that a [`stamp`] says, counted from 1970-01-01 on.
fn date(stamp: &str) -> Option<u64> {
    let mut numbers = stamp.get(..10)?.split('-').map(|number| number.parse::<u64>().ok());
    let date = (numbers.next()??, numbers.next()??, numbers.next()??);
    let days = days(date)?;
    (civil(days) == date).then_some(days) // there is no 31 November
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
fn system_offset() -> Option<i32> {
    let output =
        Command::new("date").arg("+%z").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let told = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    told.and_then(|zone| parse_zone(zone.trim()))
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

/// The inverse of [`civil`] (`days_from_civil`); `None` for what is before 1970 or no month.
fn days((year, month, day): (u64, u64, u64)) -> Option<u64> {
    if !(1..=12).contains(&month) || year > 9999 || day > 31 {
        return None;
    }
    let year = year.checked_sub(u64::from(month <= 2))?;
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}
