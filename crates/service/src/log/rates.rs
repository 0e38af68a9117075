//! Limits how often a user may change things, over all logs of this node, and of all nodes that share a counter. Keeps state but reads no clock: the time is
//! an argument.

use std::sync::OnceLock;
use std::time::Duration;

use domain::limits::Limits;
use domain::{Actor, Change, Code, Gcra, Intent, Refusal, Timestamp, UserId};
use parking_lot::Mutex;

use crate::generations::Generations;
use crate::limits::{RATED_USERS, SCAN_DEBT, SCAN_UNITS};
use crate::ports::{Rate, SharedLimits};
use crate::shared_counts::Unreported;

/// The kind of action that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Send,
    Join,
    Scan,
}

/// A limiter for each user and kind.
pub struct Rates {
    limits: Limits,
    limiters: Mutex<Generations<(UserId, Kind), Gcra>>,
    /// Sends and joins that other nodes have not been told of; `None` until they share a counter.
    unreported: OnceLock<[Unreported<UserId>; 2]>,
}

impl Rates {
    /// Creates the limiters with an operator's limits.
    pub fn new(limits: Limits) -> Self {
        Rates { limits, limiters: Mutex::new(Generations::new(RATED_USERS)), unreported: OnceLock::new() }
    }

    /// Counts together with other nodes from now on: [`Rates::report`] is called often.
    pub fn share(&self) {
        self.unreported.get_or_init(Default::default);
    }

    /// Reports sends and joins, and takes over what the other nodes admitted. `elapsed` tells the time as in other calls.
    pub async fn report(&self, to: &dyn SharedLimits, now: Timestamp, elapsed: impl Fn() -> Duration) {
        let Some([sends, joins]) = self.unreported.get() else { return };
        let report = async |of: &Unreported<UserId>, kind, limit| {
            let (count, period) = self.rate(kind);
            let owe = |user, debt| self.raise(user, kind, elapsed() + debt);
            of.report(to, limit, Rate { count, period }, now, owe).await;
        };
        tokio::join!(report(sends, Kind::Send, "sends"), report(joins, Kind::Join, "joins"));
    }

    fn raise(&self, user: UserId, kind: Kind, even: Duration) {
        let mut limiters = self.limiters.lock();
        let mut limiter = limiters.get(&(user, kind)).copied().unwrap_or_else(|| self.limiter(kind));
        limiter.raise(even);
        limiters.insert((user, kind), limiter);
    }

    /// Counts a change, after the look-up found it to be new.
    pub fn change(&self, change: &Change, now: Duration) -> Result<(), Refusal> {
        let kind = match change.intent {
            Intent::Own(_) => return Ok(()),
            Intent::Join | Intent::Create { .. } => Kind::Join,
            _ => Kind::Send,
        };
        self.count(&change.by, kind, now)
    }

    /// Counts a look-up that has to read the log.
    pub fn scan(&self, actor: &Actor, now: Duration) -> Result<(), Refusal> {
        self.count(actor, Kind::Scan, now)
    }

    /// Charges a scan for what it read, in addition to the one that [`Rates::scan`] counted: one more for each
    /// [`SCAN_UNITS`].
    pub fn scanned(&self, actor: UserId, units: u64, now: Duration) {
        let more = u32::try_from(units / SCAN_UNITS).unwrap_or(u32::MAX);
        if actor == UserId::SYSTEM || more == 0 {
            return;
        }
        let mut limiters = self.limiters.lock();
        let mut limiter = limiters.get(&(actor, Kind::Scan)).copied().unwrap_or_else(|| self.limiter(Kind::Scan));
        limiter.owe(now, more, SCAN_DEBT);
        limiters.insert((actor, Kind::Scan), limiter);
    }

    /// Returns the limiter of a user who has done nothing yet.
    fn limiter(&self, kind: Kind) -> Gcra {
        let (count, period) = self.rate(kind);
        Gcra::new(count, period)
    }

    fn rate(&self, kind: Kind) -> (u32, Duration) {
        match kind {
            Kind::Send => (self.limits.sends_per_10s, Duration::from_secs(10)),
            Kind::Join => (self.limits.joins_per_minute, Duration::from_secs(60)),
            Kind::Scan => (self.limits.scans_per_10s, Duration::from_secs(10)),
        }
    }

    fn count(&self, actor: &Actor, kind: Kind, now: Duration) -> Result<(), Refusal> {
        if actor.user == UserId::SYSTEM {
            return Ok(());
        }
        let mut limiters = self.limiters.lock();
        let mut limiter = limiters.get(&(actor.user, kind)).copied().unwrap_or_else(|| self.limiter(kind));
        let Err(wait) = limiter.take(now, 1) else {
            limiters.insert((actor.user, kind), limiter);
            drop(limiters);
            match (kind, self.unreported.get()) {
                (Kind::Send, Some([sends, _])) => sends.add(actor.user),
                (Kind::Join, Some([_, joins])) => joins.add(actor.user),
                (Kind::Scan, _) | (_, None) => {}
            }
            return Ok(());
        };
        let wait = wait.as_nanos().div_ceil(1_000_000) as u64;
        let what = match kind {
            Kind::Send => "You are sending too fast",
            Kind::Join => "You are joining too many rooms",
            Kind::Scan => "Too many retries of old changes",
        };
        Err(Refusal::new(Code::RateLimited, format!("{what}. Try again in {} s.", wait.div_ceil(1_000))).retry_in(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(number: u128) -> Actor {
        Actor { user: UserId(uuid::Uuid::from_u128(number)), ..Actor::SYSTEM }
    }

    #[test]
    fn a_limit_refills_evenly() {
        let rates = Rates::new(Limits { sends_per_10s: 2, ..Limits::default() });
        let count = |ms| rates.count(&actor(7), Kind::Send, Duration::from_millis(ms));
        assert!(count(0).is_ok() && count(0).is_ok());
        assert_eq!(count(0).expect_err("none left").retry_ms, Some(5_000));
        assert!(count(4_000).is_err());
        assert!(count(5_000).is_ok());
        assert!(count(5_000).is_err());
        assert!(rates.count(&Actor::SYSTEM, Kind::Send, Duration::ZERO).is_ok());
    }

    #[test]
    fn users_beyond_the_capacity_cost_no_scan_and_no_memory() {
        let rates = Rates::new(Limits::default());
        for number in 0..4 * RATED_USERS as u128 {
            assert!(rates.count(&actor(number), Kind::Send, Duration::ZERO).is_ok());
        }
        assert!(rates.limiters.lock().len() <= 2 * RATED_USERS);
    }

    #[test]
    fn an_expensive_scan_counts_as_several_and_a_cheap_one_as_one() {
        let rates = Rates::new(Limits { scans_per_10s: 20, ..Limits::default() });
        let scans = |by: &Actor| (0..30).take_while(|_| rates.scan(by, Duration::ZERO).is_ok()).count();
        let (cheap, expensive) = (actor(1), actor(2));
        rates.scanned(cheap.user, SCAN_UNITS - 1, Duration::ZERO);
        assert_eq!(scans(&cheap), 20);
        rates.scanned(expensive.user, 12 * SCAN_UNITS, Duration::ZERO);
        assert_eq!(scans(&expensive), 8);
        rates.scanned(expensive.user, u64::MAX, Duration::ZERO);
        assert!(rates.scan(&expensive, SCAN_DEBT).is_ok(), "a debt is limited");
    }

    /// A counter of one key that all nodes share, whose time stands still.
    struct Counter(Mutex<Gcra>);

    #[async_trait::async_trait]
    impl SharedLimits for Counter {
        async fn take(&self, _: &str, _: Rate, _: Timestamp) -> Option<Result<(), Duration>> {
            unreachable!("it is only reported to")
        }

        async fn give_back(&self, _: &str, _: Rate, _: Timestamp) {}

        async fn add(&self, _: &str, rate: Rate, count: u32, _: Timestamp) -> Option<Duration> {
            let mut counter = self.0.lock();
            counter.owe(Duration::ZERO, count, rate.period);
            Some(counter.even())
        }
    }

    #[tokio::test]
    async fn nodes_that_share_a_counter_admit_together_what_one_does() {
        let limits = Limits { sends_per_10s: 10, ..Limits::default() };
        let counter = Counter(Mutex::new(Gcra::new(10, Duration::from_secs(10))));
        let nodes = [0, 1].map(|_| Rates::new(limits.clone()));
        nodes.iter().for_each(Rates::share);
        let mut sent = 0;
        for turn in 0..20 {
            sent += u32::from(nodes[turn % 2].count(&actor(7), Kind::Send, Duration::ZERO).is_ok());
            nodes[turn % 2].report(&counter, Timestamp(0), || Duration::ZERO).await;
        }
        // One more: a node learns what others admitted when it reports itself.
        assert!((10..=11).contains(&sent), "{sent}");
        assert!(nodes[1].count(&actor(7), Kind::Join, Duration::ZERO).is_ok(), "joins are counted apart");
        assert!(nodes[1].count(&actor(7), Kind::Send, Duration::from_secs(2)).is_ok(), "later there is room again");
    }
}
