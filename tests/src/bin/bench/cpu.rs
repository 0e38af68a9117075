//! The processor time of this process, all threads together.

use std::time::Duration;

use anyhow::{Context, Result};

/// What all threads that live have used so far (`/proc/self/task/*/schedstat`, the first number, in ns).
pub fn used() -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task").context("only on Linux")? {
        let path = task?.path().join("schedstat");
        // A thread that ended in between has nothing to tell.
        let Ok(line) = std::fs::read_to_string(&path) else { continue };
        let first = line.split_whitespace().next().context("schedstat is empty")?;
        nanoseconds += first.parse::<u64>().context("schedstat is no number")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
