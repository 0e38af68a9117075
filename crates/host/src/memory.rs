//! Finds how much memory the process may use: its container's limit, or else the machine's memory.

use std::fs;

/// Files with the container's limit: cgroup v2, then v1.
const CGROUP_LIMITS: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
/// The file with the machine's memory.
const MACHINE: &str = "/proc/meminfo";
/// The memory assumed if neither can be read.
const ASSUMED: u64 = 2 << 30;

/// Returns the memory available to socket queues: the setting, or half of the process's memory if the setting is zero.
pub fn memory_budget(setting: u64) -> u64 {
    match setting {
        0 => available() / 2,
        bytes => bytes,
    }
}

fn available() -> u64 {
    let machine = fs::read_to_string(MACHINE).ok().and_then(|text| total(&text)).unwrap_or(ASSUMED);
    let container = CGROUP_LIMITS.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok()).next();
    // A container without its own limit reports `max`, or more than the machine has.
    machine.min(container.unwrap_or(u64::MAX))
}

/// Returns the total of `/proc/meminfo`, in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_wins_and_zero_means_half_of_the_memory() {
        assert_eq!(memory_budget(5 << 20), 5 << 20);
        let automatic = memory_budget(0);
        assert!((1 << 20..=available()).contains(&automatic), "{automatic}");
        assert_eq!(total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
    }
}
