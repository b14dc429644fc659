//! A bad network on purpose: datagrams lost, doubled and reordered by a seed, so that what was seen once
//! can be seen again.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use crate::random::Dice;

/// How much is spoiled, and by which dice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Percent of the datagrams that are lost.
    pub loss: u8,
    /// Percent that are sent twice.
    pub double: u8,
    /// Percent that are sent after the next one.
    pub reorder: u8,
    /// Where the dice begin.
    pub seed: u64,
}

/// Reads `LOSS[,DUP[,REORDER[,SEED]]]`. Without a seed a random one is taken.
impl FromStr for Rates {
    type Err = String;

    fn from_str(text: &str) -> Result<Rates, String> {
        let percent = |part: Option<&&str>| match part.map_or(Ok(0), |part| part.parse()) {
            Ok(percent @ 0..=100) => Ok(percent),
            _ => Err(format!("'{text}' is not LOSS[,DUP[,REORDER[,SEED]]] with percents")),
        };
        let parts: Vec<&str> = text.split(',').collect();
        let [loss, double, reorder] = [0, 1, 2].map(|index| percent(parts.get(index)));
        let seed = match parts.get(3) {
            None => RandomState::new().hash_one(()) % 1_000_000,
            Some(seed) => seed.parse().map_err(|_| format!("'{seed}' is not a seed"))?,
        };
        match parts.get(4) {
            Some(extra) => Err(format!("'{extra}' is too much for --lossy")),
            None => Ok(Rates { loss: loss?, double: double?, reorder: reorder?, seed }),
        }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Rates { loss, double, reorder, seed } = self;
        write!(
            f,
            "{loss} % of the datagrams are lost, {double} % duplicated, {reorder} % reordered"
        )?;
        write!(f, " on purpose (seed {seed})")
    }
}

/// A bad network for datagrams.
#[derive(Debug)]
pub struct Lossy<T> {
    rates: Rates,
    dice: Dice,
    /// What is to be sent after the next one.
    held: Vec<T>,
}

impl<T: Clone> Lossy<T> {
    /// One that is this bad.
    pub fn new(rates: Rates) -> Lossy<T> {
        Lossy { rates, dice: Dice::new(rates.seed), held: Vec::new() }
    }

    /// What becomes of a datagram: what is really sent now. What it holds back and nothing follows is
    /// lost.
    pub fn pass(&mut self, datagram: T) -> Vec<T> {
        let Rates { loss, double, reorder, .. } = self.rates;
        // Three throws each time: whether one is lost changes nothing for the next.
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
