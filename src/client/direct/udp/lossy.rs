//! `--lossy`: a bad network on purpose. It loses, duplicates and reorders datagrams by a random generator,
//! and with the same seed always the same ones: a problem that was seen once can be seen again.
//!
//! ```
//! use p2p_chat::client::direct::udp::lossy::{Lossy, Rates};
//!
//! let pass = |rates: Rates| -> Vec<u8> {
//!     let mut network = Lossy::new(rates);
//!     (1..=9).flat_map(|datagram| network.pass(datagram)).collect()
//! };
//! assert_eq!(pass("0".parse().unwrap()), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
//! assert_eq!(pass("0,100".parse().unwrap())[..4], [1, 1, 2, 2]);
//! assert_eq!(pass("20,20,20,7".parse().unwrap()), pass("20,20,20,7".parse().unwrap()));
//! ```

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use crate::cli::number;
use crate::random::Dice;

/// How bad the network is, and the seed of its random generator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// The percentage of datagrams that are lost.
    pub loss: u8,
    /// The percentage of datagrams that are sent twice.
    pub double: u8,
    /// The percentage of datagrams that are sent after the next one.
    pub reorder: u8,
    /// The seed of the random generator.
    pub seed: u64,
}

/// Parses `LOSS[,DUP[,REORDER[,SEED]]]`. Without a seed it takes a random one.
impl FromStr for Rates {
    type Err = String;

    fn from_str(text: &str) -> Result<Rates, String> {
        let percent = |part: Option<&&str>| {
            part.map_or(Ok(0), |part| number("a percentage of --lossy", part, 0..=100))
        };
        let parts: Vec<&str> = text.split(',').collect();
        if let Some(extra) = parts.get(4) {
            return Err(format!("'{extra}' is too much for --lossy"));
        }
        let [loss, double, reorder] = [0, 1, 2].map(|index| percent(parts.get(index)));
        let seed = match parts.get(3) {
            None => RandomState::new().hash_one(()) % 1_000_000,
            Some(seed) => number("the seed of --lossy", seed, 0..=u64::MAX)?,
        };
        Ok(Rates { loss: loss?, double: double?, reorder: reorder?, seed })
    }
}

/// The line that the client shows at its start.
impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Rates { loss, double, reorder, seed } = self;
        write!(f, "{loss} % of the datagrams are lost, {double} % duplicated, ")?;
        write!(f, "{reorder} % reordered on purpose (seed {seed})")
    }
}

/// A bad network for datagrams.
#[derive(Debug)]
pub struct Lossy<T> {
    rates: Rates,
    dice: Dice,
    /// The datagram that is sent after the next one, in one or two copies.
    held: Vec<T>,
}

impl<T: Clone> Lossy<T> {
    /// A network that is this bad.
    pub fn new(rates: Rates) -> Lossy<T> {
        Lossy { rates, dice: Dice::new(rates.seed), held: Vec::new() }
    }

    /// Decides what happens to a datagram. Returns what to send now. A datagram that is held back and not followed by
    /// another one is lost.
    pub fn pass(&mut self, datagram: T) -> Vec<T> {
        let Rates { loss, double, reorder, .. } = self.rates;
        // Three random numbers for each datagram, also for a lost one: so each depends only on the seed and its
        // place.
        let [lost, doubled, reordered] =
            [loss, double, reorder].map(|rate| self.dice.below(100) < u64::from(rate));
        if lost {
            return Vec::new();
        }
        let copies = vec![datagram; if doubled { 2 } else { 1 }];
        if reordered && self.held.is_empty() {
            self.held = copies;
            return Vec::new();
        }
        [copies, std::mem::take(&mut self.held)].concat()
    }
}
