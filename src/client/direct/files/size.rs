//! Sizes of files for people.
//!
//! ```
//! use p2p_chat::client::direct::files::size::{percent, shown};
//!
//! assert_eq!([shown(1), shown(999), shown(1_000)], ["1 byte", "999 bytes", "1.0 kB"]);
//! assert_eq!([shown(999_999), shown(1_234_567)], ["999.9 kB", "1.2 MB"]);
//! assert_eq!([percent(0, 0), percent(1, 3), percent(3, 3)], [100, 33, 100]);
//! ```

/// A number of bytes: in bytes, kB (1,000 bytes) or MB (1,000,000 bytes). It is never rounded up.
pub fn shown(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

/// How much is done, in whole percent. Nothing of nothing is all.
pub fn percent(done: u64, size: u64) -> u64 {
    done.saturating_mul(100).checked_div(size).unwrap_or(100)
}
