//! How much memory the process may use: what its container allows, else what the machine has.

use std::fs;

/// Where the limit of the container is: cgroup v2, then v1.
const CGROUP_LIMITS: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
/// The memory of the machine.
const MACHINE: &str = "/proc/meminfo";
/// What is assumed where neither can be read.
const ASSUMED: u64 = 2 << 30;

/// Returns the memory that queues of sockets may take: the setting, or half of what the process may use where it is zero.
pub fn memory_budget(setting: u64) -> u64 {
    match setting {
        0 => available() / 2,
        bytes => bytes,
    }
}

fn available() -> u64 {
    let machine = fs::read_to_string(MACHINE).ok().and_then(|text| total(&text)).unwrap_or(ASSUMED);
    let container = CGROUP_LIMITS.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok()).next();
    // A container without a limit of its own says `max`, or more than the machine has.
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
    fn a_setting_counts_and_none_means_half_of_the_memory() {
        assert_eq!(memory_budget(5 << 20), 5 << 20);
        let automatic = memory_budget(0);
        assert!((1 << 20..=available()).contains(&automatic), "{automatic}");
        assert_eq!(total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
    }
}
