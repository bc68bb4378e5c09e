//! A map that keeps what was used of late, within a bound.

use std::collections::HashMap;
use std::hash::Hash;

use aws_lc_rs::digest::{SHA256, digest};

/// The SHA-256 of a secret, by which what is known of it is kept without it.
pub fn fingerprint(secret: &str) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    fingerprint
}

/// At most so many entries. What has been used since the map was last half filled is never dropped, and
/// no clock and no list is kept for it: entries are in two generations, and when the younger one holds
/// half of the bound it becomes the elder, and the elder goes.
#[derive(Debug)]
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash + Clone, V> Recent<K, V> {
    /// A map of at most `bound` entries.
    pub fn new(bound: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half: (bound / 2).max(1),
        }
    }

    /// The value of a key, which counts as used.
    pub fn get(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key)?;
            self.insert(key.clone(), value);
        }
        self.young.get_mut(key)
    }

    /// Adds an entry, in place of the one that the key had.
    pub fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Drops an entry.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_its_bound_and_what_is_used_stays() {
        let mut recent = Recent::new(10);
        recent.insert(0, "kept");
        for key in 1..1000 {
            recent.insert(key, "passing");
            assert!(recent.get(&0).is_some(), "used all the time, gone at {key}");
            assert!(recent.young.len() + recent.old.len() <= 10);
        }
        assert!(recent.get(&1).is_none());
        recent.remove(&0);
        assert!(recent.get(&0).is_none());
    }
}
