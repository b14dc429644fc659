//! Hashing: tables have the host's own order, and secrets come from the seed.

use std::hash::DefaultHasher;

pub use std::hash::{BuildHasher, Hash, Hasher};

use crate::hosts;
use crate::turns;

/// What a hash begins with. Like the system's, it is another one in each process and for each table.
#[derive(Debug, Clone)]
pub struct RandomState(u64);

impl RandomState {
    /// A fresh one.
    pub fn new() -> RandomState {
        RandomState::default()
    }
}

impl Default for RandomState {
    fn default() -> RandomState {
        if !turns::is_inside() {
            return RandomState(0);
        }
        RandomState(hosts::chance(hosts::here()) ^ turns::turns().dice.any())
    }
}

impl BuildHasher for RandomState {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0);
        hasher
    }
}
