//! What a measurement says: percentiles, what was lost or came out of order, and the report's lines.
//!
//! Nothing here waits or reads a clock. The load generator receives, this file judges.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Returns a percentile of sorted values, by nearest rank: the smallest value that at least so many of them do not
/// exceed. It is a value that was measured, never a mean of two. Returns `None` if nothing was measured.
///
/// The percentile is given in thousandths: 500 is the median, 1,000 the maximum. A binary fraction would not do, for
/// 99.9 % of 1,000 must be 999, and rounded up it would be 1,000.
// LAB 9: find a percentile by nearest rank
pub fn percentile(sorted: &[u32], thousandths: usize) -> Option<u32> {
    // The same as (length × thousandths) / 1000 rounded up, in parts that do not overflow.
    let (whole, rest) = (sorted.len() / 1000, sorted.len() % 1000);
    let rank = whole * thousandths + (rest * thousandths).div_ceil(1000);
    sorted.get(rank.max(1) - 1).copied()
}

/// What one listener has received of one speaker, which numbers its messages 1, 2, 3 ….
///
/// It is a map of what is missing. After 1, 2, 5, 6 the next number should be 7, and the one gap is 3 to 5, without
/// 5.
///
/// A number that is skipped counts as lost until it arrives after all; then it counts as reordered. The memory
/// grows with the gaps, not with the messages.
#[derive(Debug, Clone)]
pub struct Order {
    /// The number that should arrive next: one more than the highest so far.
    next: u64,
    /// The numbers that were skipped, as ranges: from a first number up to an end, without the end.
    gaps: BTreeMap<u64, u64>,
    /// How many numbers arrived after a higher one.
    reordered: u64,
    /// How many numbers arrived again.
    duplicates: u64,
}

impl Order {
    /// Creates the order of a speaker that was not heard yet; `first` is the number that should arrive first.
    pub fn new(first: u64) -> Order {
        Order { next: first, gaps: BTreeMap::new(), reordered: 0, duplicates: 0 }
    }

    /// Notes the number that arrives next. It comes from a server, which may be any program: no sum may overflow.
    // LAB 9: note a number, and what it skips
    pub fn hear(&mut self, number: u64) {
        if number >= self.next {
            if number > self.next {
                self.gaps.insert(self.next, number);
            }
            self.next = number.saturating_add(1);
        } else if self.fill(number) {
            self.reordered += 1;
        } else {
            self.duplicates += 1;
        }
    }

    /// Takes a number out of the gap that it is in. That may split the gap in two. Returns whether there was one.
    // LAB 9: fill a gap, or a part of one => false
    fn fill(&mut self, number: u64) -> bool {
        let Some((&start, &end)) = self.gaps.range(..=number).next_back() else { return false };
        if number >= end {
            return false;
        }
        self.gaps.remove(&start);
        if start < number {
            self.gaps.insert(start, number);
        }
        if number + 1 < end {
            self.gaps.insert(number + 1, end);
        }
        true
    }

    /// Counts the numbers that did not arrive: those in the gaps, and those missing at the end, if the last one
    /// that was sent is `last`.
    // LAB 9: count what did not come
    pub fn lost(&self, last: u64) -> u64 {
        let inside: u64 = self.gaps.iter().map(|(start, end)| end - start).sum();
        inside + last.saturating_add(1).saturating_sub(self.next)
    }

    /// How many numbers arrived after a higher one.
    pub fn reordered(&self) -> u64 {
        self.reordered
    }

    /// How many numbers arrived again.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// The highest number so far; one less than the first if there is none.
    pub fn highest(&self) -> u64 {
        self.next.saturating_sub(1)
    }
}

/// What went wrong on the way to one listener, or to all of them together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Messages that did not arrive.
    pub lost: u64,
    /// Messages that arrived after a later one.
    pub reordered: u64,
    /// Messages that arrived again.
    pub duplicates: u64,
    /// Listeners that missed nothing, and yet received another order than the others.
    pub diverged: u64,
}

impl Faults {
    /// Sums up one listener's orders: that of each speaker, with the last number that it sent, and that of the
    /// room, whose last number is the highest that arrived. A lost message is missing in both, so they are not
    /// added: for each fault the larger count is taken. (`diverged` needs several listeners, and stays 0.)
    // LAB 9: sum up what went wrong for one listener
    pub fn of<'a>(speakers: impl Iterator<Item = (&'a Order, u64)>, room: &Order) -> Faults {
        let mut faults = Faults::default();
        for (order, last) in speakers {
            faults.lost = faults.lost.saturating_add(order.lost(last));
            faults.reordered += order.reordered();
            faults.duplicates += order.duplicates();
        }
        faults.lost = faults.lost.max(room.lost(0));
        faults.reordered = faults.reordered.max(room.reordered());
        faults.duplicates = faults.duplicates.max(room.duplicates());
        faults
    }

    /// Adds another listener's faults. The numbers come from a server, which may be any program.
    pub fn add(&mut self, other: Faults) {
        self.lost = self.lost.saturating_add(other.lost);
        self.reordered = self.reordered.saturating_add(other.reordered);
        self.duplicates = self.duplicates.saturating_add(other.duplicates);
        self.diverged = self.diverged.saturating_add(other.diverged);
    }

    /// Counts everything that breaks the promise of order: reordered, duplicate, or in another order than elsewhere.
    pub fn disorder(&self) -> u64 {
        self.reordered.saturating_add(self.duplicates).saturating_add(self.diverged)
    }

    /// Returns a sentence about what went wrong; `None` if nothing did. The program prints it and exits with code 1.
    pub fn sentence(&self) -> Option<String> {
        let told = [
            (self.lost, "lost"),
            (self.reordered, "out of order"),
            (self.duplicates, "delivered twice"),
            (self.diverged, "of the members received another order"),
        ];
        let told: Vec<String> = told
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// The percentiles of a report, in thousandths, with their names.
pub const PERCENTILES: [(usize, &str); 5] =
    [(500, "p50"), (900, "p90"), (990, "p99"), (999, "p99.9"), (1000, "max")];

/// The result of one run. A delivery is one message at one member.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The size of the room.
    pub members: usize,
    /// How many of the members sent.
    pub speakers: usize,
    /// How many messages they sent.
    pub messages: u64,
    /// How many messages arrived, at all members together. Without faults that is messages times members.
    pub deliveries: u64,
    /// The time from the first message sent to the last one received.
    pub seconds: f64,
    /// Microseconds from sending to receiving, one value for each of [`PERCENTILES`].
    pub latency: [u32; PERCENTILES.len()],
    /// What went wrong, at all members together.
    pub faults: Faults,
    /// The server's processor time, as a part of one core; `None` if it is not known.
    pub cpu: Option<f64>,
    /// The server's largest memory, in KiB; `None` if it is not known.
    pub memory: Option<u64>,
}

impl Report {
    /// Deliveries per second; 0 if there was none.
    pub fn throughput(&self) -> f64 {
        if self.seconds > 0.0 { whole(self.deliveries) / self.seconds } else { 0.0 }
    }

    /// Formats the report's line of the table, under [`heading`]. A dash stands for an unknown value.
    pub fn line(&self) -> String {
        let mut line = format!(
            "{:>7} {:>8} {:>8} {:>12.0}",
            self.members,
            self.speakers,
            self.messages,
            self.throughput()
        );
        for micros in self.latency {
            let _ = write!(line, " {:>8.2}", f64::from(micros) / 1000.0); // a String takes all
        }
        let cpu = self.cpu.map_or("-".to_owned(), |cpu| format!("{:.0}", cpu * 100.0));
        let memory =
            self.memory.map_or("-".to_owned(), |kib| format!("{:.1}", whole(kib) / 1024.0));
        let (lost, disorder) = (self.faults.lost, self.faults.disorder());
        let _ = write!(line, " {lost:>6} {disorder:>8} {cpu:>5} {memory:>7}");
        line
    }

    /// Formats the report's line of comma-separated values, under [`csv_heading`]. An unknown value is empty.
    pub fn csv(&self) -> String {
        let latency = self.latency.map(|micros| micros.to_string()).join(",");
        format!(
            "{},{},{},{},{:.3},{:.0},{latency},{},{},{},{}",
            self.members,
            self.speakers,
            self.messages,
            self.deliveries,
            self.seconds,
            self.throughput(),
            self.faults.lost,
            self.faults.disorder(),
            self.cpu.map_or(String::new(), |cpu| format!("{:.1}", cpu * 100.0)),
            self.memory.map_or(String::new(), |kib| kib.to_string()),
        )
    }
}

/// Converts a count to a number that can be divided. Counts here are far below the 2⁵³ that fit exactly.
#[allow(clippy::cast_precision_loss, reason = "as its comment says")]
pub fn whole(count: u64) -> f64 {
    count as f64
}

/// Formats the head of the table:
///
/// ```text
/// members speakers messages deliveries/s      p50      p90      p99    p99.9      max   lost disorder   CPU  memory
/// ```
pub fn heading() -> String {
    let mut line =
        format!("{:>7} {:>8} {:>8} {:>12}", "members", "speakers", "messages", "deliveries/s");
    for (_, name) in PERCENTILES {
        let _ = write!(line, " {name:>8}"); // a String takes all
    }
    let _ = write!(line, " {:>6} {:>8} {:>5} {:>7}", "lost", "disorder", "CPU", "memory");
    line
}

/// The line under the table: its units.
pub const UNITS: &str =
    "latency p50 … max in ms; the server's CPU in % of one core, its memory in MiB";

/// Formats the head of the comma-separated values. Latencies are in microseconds, and are not rounded to fit a
/// column: the file is for programs, the table for people.
pub fn csv_heading() -> String {
    let latency = PERCENTILES.map(|(_, name)| format!("{name}_us")).join(",");
    format!(
        "members,speakers,messages,deliveries,seconds,deliveries_per_second,{latency},lost,disorder,\
         cpu_percent,memory_kib"
    )
}
