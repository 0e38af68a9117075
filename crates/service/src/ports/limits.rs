//! Counts how often something happened in all processes of an installation.

use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;

/// How often something may happen: `count` at once, then one more each `period / count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many are admitted at once; at least 1.
    pub count: u32,
    /// The time in which as many are admitted again.
    pub period: Duration,
}

/// A rate limit for each key ([`domain::Gcra`]), which all processes count together. A key has at most 128 ASCII
/// characters: a digest of what is counted, which can be guessed from it. It is forgotten once the full count is
/// available again.
///
/// `now` is the caller's wall clock; a counter with a clock of its own uses that one. Each call costs one round trip (a
/// table: a read and a write). `None` means that the counter does not answer now: the caller goes on with what its own
/// process counted.
#[async_trait]
pub trait SharedLimits: Send + Sync {
    /// Takes one place, or returns how long until there is one. Concurrent calls never take more than there are.
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Option<Result<(), Duration>>;

    /// Gives back a place that was taken.
    async fn give_back(&self, key: &str, rate: Rate, now: Timestamp);

    /// Returns whether a call is cheap enough to be made for every action, and not only for sign-ins.
    fn is_cheap(&self) -> bool {
        true
    }

    /// Counts what was admitted already, whether there are places or not. Returns how long until the full count is
    /// available again: at most the period.
    async fn add(&self, key: &str, rate: Rate, count: u32, now: Timestamp) -> Option<Duration>;
}
