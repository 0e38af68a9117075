//! Parses durations and sizes as people write them.

use std::time::Duration;

/// Parses `250ms`, `30s`, `15m`, `2h` or `7d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("must be a duration such as 250ms, 30s, 15m, 2h or 7d".into()),
    };
    let number: u64 = number.parse().map_err(|_| "must be a duration such as 250ms, 30s, 15m, 2h or 7d".to_owned())?;
    number.checked_mul(ms).map(Duration::from_millis).ok_or_else(|| "is too long".into())
}

/// Parses `4096`, `64KiB`, `25MiB` or `2GiB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err("must be a size such as 4096, 64KiB, 25MiB or 2GiB".into()),
    };
    let number: u64 = number.parse().map_err(|_| "must be a size such as 4096, 64KiB, 25MiB or 2GiB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "is too large".into())
}

fn split(text: &str) -> (&str, &str) {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..at], text[at..].trim())
}
