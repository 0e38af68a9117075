//! Parses durations and sizes as people write them, and writes them back.

use std::time::Duration;

const DURATION: &str = "must be a duration such as 250ms, 30s, 15m, 2h or 7d; a number alone is in seconds";
const SIZE: &str = "must be a size such as 4096, 64KiB, 50MB or 2GiB; a number alone is in bytes";

/// Parses `250ms`, `30s`, `15m`, `2h` or `7d`; a number alone is in units of `alone_ms` milliseconds.
pub(super) fn duration(text: &str, alone_ms: u64) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let ms = match unit.to_ascii_lowercase().as_str() {
        "" => alone_ms,
        "ms" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return Err(DURATION.into()),
    };
    let number: u64 = number.parse().map_err(|_| DURATION.to_owned())?;
    number.checked_mul(ms).map(Duration::from_millis).ok_or_else(|| "is too long".into())
}

/// Parses `4096`, `64KiB`, `50MB` or `2GiB`. As everywhere, `MB` is a million bytes and `MiB` 1,048,576; `M` alone is
/// also `MiB`, as for most servers.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return Err(SIZE.into()),
    };
    let number: u64 = number.parse().map_err(|_| SIZE.to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "is too large".into())
}

/// Writes a duration in the largest unit that divides it.
pub(super) fn show_duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(size, _)| ms > 0 && ms.is_multiple_of(*size));
    unit.map_or_else(|| format!("{ms}ms"), |(size, name)| format!("{}{name}", ms / size))
}

/// Writes a size in the largest unit that divides it.
pub(super) fn show_bytes(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(size, _)| bytes > 0 && bytes.is_multiple_of(*size));
    unit.map_or_else(|| bytes.to_string(), |(size, name)| format!("{}{name}", bytes / size))
}

fn split(text: &str) -> (&str, &str) {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..at], text[at..].trim())
}
