//! Limits how often a key may do something: a [`Gcra`] for each key, in bounded memory. Never reads a clock.

use std::hash::Hash;
use std::time::Duration;

use domain::Gcra;
use parking_lot::Mutex;

use crate::generations::Generations;

/// A limit for each key: `count` at once, then one more each `period / count`.
pub struct Throttle<K> {
    /// The limiter of a key that is not cached. `None` means no limit.
    fresh: Option<Gcra>,
    keys: Mutex<Generations<K, Gcra>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// Creates a throttle of `count` per `period`, for at most twice `capacity` keys; a count of 0 is no limit.
    pub fn new(count: u32, period: Duration, capacity: usize) -> Self {
        let fresh = (count > 0).then(|| Gcra::new(count, period));
        Throttle { fresh, keys: Mutex::new(Generations::new(capacity)) }
    }

    /// Takes one place, or returns how long until there is one. `now` is elapsed time.
    pub fn take(&self, key: K, now: Duration) -> Result<(), Duration> {
        self.take_many(key, now, 1)
    }

    /// Takes this many places, or none and returns how long until there are enough.
    pub fn take_many(&self, key: K, now: Duration, count: u32) -> Result<(), Duration> {
        let Some(fresh) = self.fresh else { return Ok(()) };
        let mut keys = self.keys.lock();
        let mut limiter = keys.get(&key).copied().unwrap_or(fresh);
        limiter.take(now, count)?;

        keys.insert(key, limiter);
        Ok(())
    }

    /// Takes over that the key has used more than this throttle counted: all its places are free only at `even`.
    pub fn raise(&self, key: K, even: Duration) {
        let Some(fresh) = self.fresh else { return };
        let mut keys = self.keys.lock();
        let mut limiter = keys.get(&key).copied().unwrap_or(fresh);
        limiter.raise(even);
        keys.insert(key, limiter);
    }

    /// Gives a place back that was taken.
    pub fn give_back(&self, key: &K) {
        if let Some(limiter) = self.keys.lock().get(key) {
            limiter.give_back(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_burst_passes_then_one_each_interval() {
        let throttle = Throttle::new(6, MINUTE, 10);
        let start = Duration::from_secs(7);
        assert!((0..6).all(|_| throttle.take("a", start).is_ok()));
        assert_eq!(throttle.take("a", start), Err(Duration::from_secs(10)));
        assert_eq!(throttle.take("b", start), Ok(()), "another key");
        assert_eq!(throttle.take("a", start + Duration::from_secs(10)), Ok(()));
        assert!(throttle.take("a", start + Duration::from_secs(10)).is_err());
    }

    #[test]
    fn several_places_are_taken_together_or_not_at_all() {
        let throttle = Throttle::new(6, MINUTE, 10);
        let start = Duration::from_secs(7);
        assert_eq!(throttle.take_many("a", start, 4), Ok(()));
        assert_eq!(throttle.take_many("a", start, 4), Err(Duration::from_secs(20)));
        assert_eq!(throttle.take_many("a", start, 2), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_busy_keys_stay() {
        let throttle = Throttle::new(2, MINUTE, 100);
        let now = Duration::from_secs(7);
        assert!(throttle.take(0, now).is_ok() && throttle.take(0, now).is_ok());
        assert!((1..=100).all(|key| throttle.take(key, now).is_ok()));
        assert!(throttle.take(0, now).is_err(), "still in the older map");
        assert!((0..10_000).filter(|key| throttle.take(*key, now).is_ok()).count() > 9_000);
        assert!(throttle.keys.lock().len() <= 200);
    }

    #[test]
    fn a_place_given_back_is_free_again() {
        let throttle = Throttle::new(2, MINUTE, 10);
        let start = Duration::from_secs(7);
        assert!((0..2).all(|_| throttle.take("a", start).is_ok()));
        throttle.give_back(&"a");
        throttle.give_back(&"b");
        assert_eq!((0..3).filter(|_| throttle.take("a", start).is_ok()).count(), 1);
    }

    #[test]
    fn zero_is_no_limit() {
        let throttle = Throttle::new(0, MINUTE, 1);
        assert!((0..1_000).all(|_| throttle.take((), Duration::ZERO).is_ok()));
    }
}
