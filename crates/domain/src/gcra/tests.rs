use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn admits_a_burst_then_one_per_interval() {
    let mut limiter = Gcra::new(6, MINUTE);
    let start = Duration::from_secs(1_000);
    assert!((0..6).all(|_| limiter.take(start, 1).is_ok()));
    assert_eq!(limiter.take(start, 1), Err(Duration::from_secs(10)));
    assert_eq!(limiter.take(start, 2), Err(Duration::from_secs(20)));
    assert_eq!(limiter.take(start + Duration::from_secs(10), 1), Ok(()));
    assert!(limiter.take(start + Duration::from_secs(10), 1).is_err());
    assert_eq!(limiter.take(start + MINUTE * 60, 6), Ok(()), "never more than a period's count");
    assert!(limiter.take(start + MINUTE * 60, 1).is_err());
}

#[test]
fn refuses_a_cost_above_the_count() {
    assert_eq!(Gcra::new(0, MINUTE).take(MINUTE, 1), Err(MINUTE));
    let mut limiter = Gcra::new(3, MINUTE);
    assert_eq!(limiter.take(MINUTE, 4), Err(MINUTE));
    assert_eq!(limiter.take(MINUTE, 3), Ok(()), "the refusal took nothing");
}

#[test]
fn a_clock_that_steps_back_admits_nothing() {
    let mut limiter = Gcra::new(1, MINUTE);
    assert!(limiter.take(MINUTE * 100, 1).is_ok());
    assert!(limiter.take(Duration::ZERO, 1).is_err());
    assert!(limiter.take(MINUTE * 100, 1).is_err());
}

/// Runs `each` with random takes at random times, and with their limiters.
fn runs(each: impl Fn(&mut StdRng, u64, u32, Duration)) {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(1..500);
        let period = Duration::from_nanos(random.random_range(1_000..600_000_000_000));
        each(&mut random, seed, count, period);
    }
}

#[test]
fn in_any_window_no_more_pass_than_the_burst_and_what_the_window_refills() {
    runs(|random, seed, count, period| {
        let (mut limiter, mut now, mut admitted) = (Gcra::new(count, period), Duration::ZERO, Vec::new());
        for _ in 0..400 {
            now += period.mul_f64(random.random_range(0.0..2.0) / f64::from(count));
            let cost = random.random_range(1..=count.min(5));
            if limiter.take(now, cost).is_ok() {
                admitted.push((now, cost));
            }
        }
        for (n, (from, _)) in admitted.iter().enumerate() {
            let mut sum = 0;
            for (at, cost) in &admitted[n..] {
                sum += cost;
                let refilled = (*at - *from).as_secs_f64() / period.as_secs_f64() * f64::from(count);
                // One more for what rounding down added.
                assert!(f64::from(sum) <= f64::from(count) + refilled + 1.0, "seed {seed}: {sum} from {from:?}");
            }
        }
    });
}

#[test]
fn the_returned_wait_is_exact_to_the_nanosecond() {
    runs(|random, seed, count, period| {
        let (mut limiter, mut now) = (Gcra::new(count, period), Duration::ZERO);
        for _ in 0..100 {
            let cost = random.random_range(1..=count);
            let before = limiter;
            match limiter.take(now, cost) {
                Ok(()) => now += period.mul_f64(random.random_range(0.0..0.5)),
                Err(wait) => {
                    assert_eq!(limiter, before, "seed {seed}: a refusal changes nothing");
                    let mut early = before;
                    assert!(early.take(now + wait - Duration::from_nanos(1), cost).is_err(), "seed {seed}");
                    now += wait;
                    assert_eq!(limiter.take(now, cost), Ok(()), "seed {seed}");
                }
            }
        }
    });
}

#[test]
fn a_saved_limiter_continues_unchanged() {
    runs(|random, seed, count, period| {
        let (mut kept, mut saved) = (Gcra::new(count, period), Gcra::new(count, period));
        let mut now = Duration::from_secs(1_800_000_000);
        for _ in 0..50 {
            now += period.mul_f64(random.random_range(0.0..0.3));
            let cost = random.random_range(1..=count);
            assert_eq!(kept.take(now, cost), saved.take(now, cost), "seed {seed}");
            let text = serde_json::to_string(&saved).expect("plain numbers");
            saved = serde_json::from_str(&text).expect("what was just written");
        }
    });
}

#[test]
fn an_even_limiter_equals_a_new_one() {
    runs(|random, seed, count, period| {
        let mut used = Gcra::new(count, period);
        used.take(Duration::ZERO, random.random_range(1..=count)).expect("nothing was taken before");
        let later = used.even();
        assert!(used.is_even(later) && !used.is_even(later - Duration::from_nanos(1)), "seed {seed}");
        assert_eq!(used.take(later, count), Gcra::new(count, period).take(later, count), "seed {seed}");
    });
}
