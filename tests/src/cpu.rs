//! The processor time of a process, over all threads.

use std::time::Duration;

use anyhow::{Context, Result};

/// Returns the time that all live threads of this process have used.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn used() -> Result<Duration> {
    used_by(std::process::id())
}

/// Returns the time that all live threads of a process have used (`/proc/<pid>/task/*/schedstat`, the first number, in ns).
///
/// # Errors
/// If `/proc` cannot be read.
pub fn used_by(pid: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).context("only on Linux")? {
        let path = task?.path().join("schedstat");
        // A thread that ended meanwhile has no file.
        let Ok(line) = std::fs::read_to_string(&path) else { continue };
        let first = line.split_whitespace().next().context("schedstat is empty")?;
        nanoseconds += first.parse::<u64>().context("schedstat is no number")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Returns the median.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
