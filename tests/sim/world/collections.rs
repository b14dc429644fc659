//! Collections: those of the system, but for the hash tables.

use std::ops::{Deref, DerefMut};

pub use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque, btree_map, hash_map};

use crate::hash::{Hash, RandomState};

type Table<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A hash table whose order the seed decides.
#[derive(Debug, Clone)]
pub struct HashMap<K, V>(Table<K, V>);

impl<K, V> HashMap<K, V> {
    /// An empty table.
    pub fn new() -> HashMap<K, V> {
        HashMap(Table::default())
    }

    /// All keys.
    pub fn into_keys(self) -> impl Iterator<Item = K> {
        self.0.into_keys()
    }

    /// All values.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_values()
    }
}

impl<K, V> Default for HashMap<K, V> {
    fn default() -> HashMap<K, V> {
        HashMap::new()
    }
}

impl<K, V> Deref for HashMap<K, V> {
    type Target = Table<K, V>;
    fn deref(&self) -> &Table<K, V> {
        &self.0
    }
}

impl<K, V> DerefMut for HashMap<K, V> {
    fn deref_mut(&mut self) -> &mut Table<K, V> {
        &mut self.0
    }
}

impl<K: Eq + Hash, V> FromIterator<(K, V)> for HashMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> HashMap<K, V> {
        HashMap(pairs.into_iter().collect())
    }
}

impl<K: Eq + Hash, V> Extend<(K, V)> for HashMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        self.0.extend(pairs);
    }
}

impl<K, V> IntoIterator for HashMap<K, V> {
    type Item = (K, V);
    type IntoIter = hash_map::IntoIter<K, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a HashMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = hash_map::Iter<'a, K, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut HashMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = hash_map::IterMut<'a, K, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

type Set<T> = std::collections::HashSet<T, RandomState>;

/// A set whose order the seed decides.
#[derive(Debug, Clone)]
pub struct HashSet<T>(Set<T>);

impl<T> Default for HashSet<T> {
    fn default() -> HashSet<T> {
        HashSet(Set::default())
    }
}

impl<T> Deref for HashSet<T> {
    type Target = Set<T>;
    fn deref(&self) -> &Set<T> {
        &self.0
    }
}

impl<T> DerefMut for HashSet<T> {
    fn deref_mut(&mut self) -> &mut Set<T> {
        &mut self.0
    }
}
