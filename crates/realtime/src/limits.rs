//! Limits of one socket and of the logs that it follows.

use std::time::Duration;

/// Maximum number of rooms in one `rooms` frame.
pub const ROOMS_PER_FRAME: usize = 100;
/// Maximum number of logs whose heads one ping names.
pub const HEADS_PER_PING: usize = 200;
/// Maximum size of a client's frame before it has signed in, in bytes.
pub const FRAME_BEFORE_AUTH: usize = 4 * 1024;
/// Maximum number of fragments of a client's message.
pub const FRAGMENTS: u32 = 16;
/// Bytes waiting for one socket from which ephemeral frames are dropped.
pub const BACKLOG_SOFT_BYTES: usize = 256 * 1024;
/// Bytes waiting for one socket from which it is closed as `lagged`.
pub const BACKLOG_HARD_BYTES: usize = 1024 * 1024;
/// Maximum number of a socket's frames in flight; the next is read when one is answered.
pub const FRAMES_IN_FLIGHT: usize = 64;
/// Maximum requests of one socket in sixty seconds besides [`domain::limits::Limits::frames_per_60s`]: `pong`, `fill`,
/// and each log of a `resume`. Far more than a client with many rooms needs; less than a flood.
pub const PACED_PER_60S: u32 = 20_000;
/// As how many of these a log counts that a client names by its slug, because the store has to find it.
pub const LOG_BY_SLUG: usize = 50;
/// Maximum number of replay pages read at once for one socket; further ones wait their turn.
pub const REPLAYS_IN_FLIGHT: usize = 4;
/// Maximum number of logs that one step of a resume looks up together; further ones wait their turn.
pub const LOGS_PER_RESUME: usize = 100;
/// Maximum number of logs in one `resume` frame.
pub const CURSORS_PER_RESUME: usize = 2_000;
/// Maximum number of logs that one socket may follow.
pub const LOGS_PER_SOCKET: usize = 2_000;
/// How long before its access token expires a client is warned.
pub const EXPIRING_BEFORE: Duration = Duration::from_secs(60);
/// How long a log stays subscribed after the last socket stopped following it.
pub const LOG_LINGER: Duration = Duration::from_secs(30);
/// How long after a connection's first frame its `hello` must arrive.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long checking a credential may take before the socket is closed.
pub const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum number of log reads that the hub requests at once; further ones wait.
pub const LOG_READS_AT_ONCE: usize = 64;

#[cfg(test)]
mod tests {
    use domain::limits::{Limits, REPLAY_ENTRIES, SYNC_ENTRIES, TEXT_CHARS, WATCHED_USERS};
    use wire::limits::JSON_DEPTH;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/protocol/README.md");

    /// Returns a number as it stands on the page: `20,000`.
    fn shown(number: u64) -> String {
        let digits = number.to_string();
        let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
        groups.join(",")
    }

    #[test]
    fn the_page_about_the_protocol_states_the_limits_that_apply() {
        let limits = Limits::default();
        let kib = |bytes: usize| format!("{} KiB", bytes / 1024);
        let count = |number: usize| shown(number as u64);
        let rows = [
            ("a frame of a client; before", format!("{}; {}", kib(limits.client_frame), kib(FRAME_BEFORE_AUTH))),
            ("a frame of the server", kib(limits.server_frame)),
            ("frames of a socket in 60 seconds", shown(limits.frames_per_60s.into())),
            ("`pong`, `fill`, and logs", shown(PACED_PER_60S.into())),
            ("logs in one `resume`", format!("{}; {}", count(CURSORS_PER_RESUME), count(LOGS_PER_SOCKET))),
            ("messages, edits, deletions and reactions", shown(limits.sends_per_10s.into())),
            ("users in one `watch`", count(WATCHED_USERS)),
            ("sockets of a user on a node", count(limits.sockets_per_user)),
            ("depth of a frame's JSON", count(JSON_DEPTH)),
        ];
        for (what, limit) in rows {
            let row = PAGE.lines().find(|line| line.starts_with(&format!("| {what}")));
            let row = row.unwrap_or_else(|| panic!("the page has no limit for {what}"));
            assert!(row.ends_with(&format!("| {limit} |")), "{row}: {limit}");
        }

        let seconds = |time: Duration| format!("{} seconds", time.as_secs());
        let prose = [
            format!("within {} and have at most {}", seconds(HELLO_TIMEOUT), kib(FRAME_BEFORE_AUTH)),
            format!("{} before that the server sends `expiring`", seconds(EXPIRING_BEFORE)),
            format!("`welcome` ({})", seconds(Duration::from_millis(limits.heartbeat_ms))),
            format!("A page has at most {} entries", count(SYNC_ENTRIES)),
            format!("{} characters of a message", count(TEXT_CHARS)),
            format!("more than {} entries behind `head`", shown(REPLAY_ENTRIES)),
            format!("a log that is named by its slug counts as {}", count(LOG_BY_SLUG)),
        ];
        for sentence in prose {
            assert!(PAGE.contains(&sentence), "{sentence}");
        }
    }
}
