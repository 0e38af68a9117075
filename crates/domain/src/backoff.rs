//! Computes the delays between retries: each is twice the one before, up to a maximum.
//! Never waits and never draws a random number: the jitter is an argument, and the caller sleeps.

use std::time::Duration;

/// An endless sequence of delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Returns delays that start at `first` and grow up to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Backoff {
        Backoff { first, longest, next: first }
    }

    /// Returns the next delay, times `jitter`, and doubles the one after it.
    ///
    /// The caller draws `jitter`: from `0.0..1.0` ("full jitter") if many clients retry against one server, from
    /// `0.5..1.0` if a few do, and `1.0` if no other retry is synchronised with it.
    pub fn next_delay(&mut self, jitter: f64) -> Duration {
        let delay = self.next.min(self.longest);
        self.next = delay.saturating_mul(2);
        delay.mul_f64(jitter.clamp(0.0, 1.0))
    }

    /// Starts at the first delay again, after a success.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn delays_double_up_to_the_longest_and_restart_after_a_success() {
        let mut backoff = Backoff::new(ms(100), ms(700));
        assert_eq!([(); 5].map(|()| backoff.next_delay(1.0)), [ms(100), ms(200), ms(400), ms(700), ms(700)]);
        backoff.reset();
        assert_eq!(backoff.next_delay(1.0), ms(100));
        assert!((0..10_000).all(|_| backoff.next_delay(1.0) <= ms(700)), "and never overflow");
    }

    #[test]
    fn jitter_shortens_a_delay_and_leaves_the_next_one_alone() {
        let mut backoff = Backoff::new(ms(100), ms(1_000));
        assert_eq!(backoff.next_delay(0.0), Duration::ZERO);
        assert_eq!(backoff.next_delay(0.5), ms(100));
        assert_eq!(backoff.next_delay(7.0), ms(400), "it never lengthens one");
    }

    #[test]
    fn a_first_delay_above_the_longest_is_the_longest() {
        assert_eq!(Backoff::new(ms(9), ms(5)).next_delay(1.0), ms(5));
    }
}
