//! A bounded map that evicts what was not used lately. Never scans: each call costs the same, however full it is.

use std::collections::HashMap;
use std::hash::Hash;

/// A map of two generations. When the newer one is full it becomes the older one, and what the older one held is evicted.
/// A value that is used moves to the newer generation, so it stays for as long as it is in use.
#[derive(Debug)]
pub struct Generations<K, V> {
    newer: HashMap<K, V>,
    older: HashMap<K, V>,
    capacity: usize,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    /// Creates an empty map that holds at most twice `capacity` values.
    pub fn new(capacity: usize) -> Self {
        Generations { newer: HashMap::new(), older: HashMap::new(), capacity: capacity.max(1) }
    }

    /// Returns the value of a key, and marks it as used.
    pub fn get(&mut self, key: &K) -> Option<&mut V> {
        if !self.newer.contains_key(key) {
            let (key, value) = self.older.remove_entry(key)?;
            self.insert(key, value);
        }
        self.newer.get_mut(key)
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        self.older.remove(&key);
        if self.newer.len() >= self.capacity && !self.newer.contains_key(&key) {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, value);
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &K) {
        self.newer.remove(key);
        self.older.remove(key);
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.newer.clear();
        self.older.clear();
    }

    /// Returns how many values it holds.
    pub fn len(&self) -> usize {
        self.newer.len() + self.older.len()
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_values_stay_and_memory_is_bounded() {
        let mut map = Generations::new(100);
        map.insert(0, "kept");
        for key in 1..10_000 {
            map.insert(key, "passing");
            assert!(map.len() <= 200);
            if key % 50 == 0 {
                assert_eq!(map.get(&0), Some(&mut "kept"));
            }
        }
        assert_eq!(map.get(&1), None, "not used for long");
        map.remove(&0);
        assert_eq!(map.get(&0), None);
    }

    #[test]
    fn a_key_has_one_value() {
        let mut map = Generations::new(1);
        map.insert("a", 1);
        map.insert("b", 2);
        map.insert("a", 3);
        assert_eq!((map.get(&"a").copied(), map.get(&"b").copied(), map.len()), (Some(3), Some(2), 2));
    }
}
