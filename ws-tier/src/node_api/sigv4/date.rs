//! Timestamps as signatures write them: `20150830T123600Z`.

use std::time::Duration;

use domain::Timestamp;
use time::{Date, Month, OffsetDateTime, Time};

/// Formats a timestamp.
pub(super) fn write(at: Timestamp) -> String {
    let at = OffsetDateTime::UNIX_EPOCH + Duration::from_millis(at.0.max(0) as u64);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    format!("{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z", u8::from(month))
}

/// Parses a timestamp, in exactly this form.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let digits_at =
        |range: std::ops::Range<usize>| text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let number = |from: usize| digits_at(from..from + 2)?.parse::<u8>().ok();
    let year = digits_at(0..4)?.parse().ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(number(4)?).ok()?, number(6)?).ok()?;
    let time = Time::from_hms(number(9)?, number(11)?, number(13)?).ok()?;
    Some(Timestamp(date.with_time(time).assume_utc().unix_timestamp() * 1_000))
}
