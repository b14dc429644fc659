//! Who gives way when a list is full: a fair share for each name.
//!
//! A member of the room can have itself announced as often as it likes, and under as many names as the server lets it
//! have. Without shares it could fill a list, and nobody else would find a place.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Instant;

use crate::wire::Name;

/// The place in a list that a newcomer takes over; `None` if it needs none. `held` has the name and the time of each
/// entry that may go. A name that has its whole `share` already loses its own oldest entry. If the list is full, the
/// name with the most entries loses its oldest one.
pub fn evicted<'a>(
    held: impl IntoIterator<Item = (&'a Name, Instant)>,
    newcomer: &Name,
    share: usize,
    is_full: bool,
) -> Option<usize> {
    let held: Vec<_> = held.into_iter().collect();
    let mut shares: HashMap<&Name, usize> = HashMap::new();
    for (name, _) in &held {
        *shares.entry(name).or_default() += 1;
    }
    let places = held.iter().enumerate();
    let found = if shares.get(newcomer).is_some_and(|own| *own >= share) {
        places.filter(|(_, (name, _))| *name == newcomer).min_by_key(|(_, (_, since))| *since)
    } else if is_full {
        places.max_by_key(|(_, (name, since))| (shares[name], Reverse(*since)))
    } else {
        None
    };
    found.map(|(place, _)| place)
}
