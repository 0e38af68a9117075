//! When a session's next ping is due, and when it has waited too long for the answer.

use std::time::Duration;

use tokio::time::Instant;

/// The heartbeat of a session. The server pings; the next ping is due some time after the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    due: Instant,
    is_pinged: bool,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// Send a ping.
    Ping,
    /// Close the session: the client has not answered.
    Close,
}

impl Heartbeat {
    pub fn new(interval: Duration, timeout: Duration, now: Instant) -> Heartbeat {
        Heartbeat { interval, timeout, due: now + interval, is_pinged: false }
    }

    /// Returns when something is due next.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Returns what is due now. A ping is due once.
    pub fn on_time(&mut self, now: Instant) -> Due {
        if now < self.due {
            return Due::Nothing;
        }
        if self.is_pinged {
            return Due::Close;
        }
        self.is_pinged = true;
        // Counted from when the ping was due, so that a busy server waits no longer for an answer.
        self.due += self.timeout;
        Due::Ping
    }

    /// Handles the client's answer.
    pub fn on_pong(&mut self, now: Instant) {
        if self.is_pinged {
            self.is_pinged = false;
            self.due = now + self.interval;
        }
    }

    /// Returns whether the client has missed its time to answer, even if no timer has noticed it.
    pub fn is_over(&self, now: Instant) -> bool {
        match self.is_pinged {
            true => now >= self.due,
            false => now >= self.due + self.timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(300);
    const TIMEOUT: Duration = Duration::from_millis(200);

    #[test]
    fn a_ping_follows_each_answer_and_silence_ends_the_session() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, start);
        assert_eq!(heartbeat.on_time(start), Due::Nothing);
        assert_eq!(heartbeat.on_time(start + INTERVAL), Due::Ping);
        assert_eq!(heartbeat.on_time(start + INTERVAL), Due::Nothing);
        heartbeat.on_pong(start + INTERVAL + TIMEOUT / 2);
        assert_eq!(heartbeat.due(), start + INTERVAL * 2 + TIMEOUT / 2);
        assert_eq!(heartbeat.on_time(heartbeat.due()), Due::Ping);
        assert!(!heartbeat.is_over(heartbeat.due() - Duration::from_millis(1)));
        assert!(heartbeat.is_over(heartbeat.due()));
        assert_eq!(heartbeat.on_time(heartbeat.due()), Due::Close);
    }

    #[test]
    fn an_answer_that_nobody_asked_for_delays_nothing() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, start);
        heartbeat.on_pong(start + INTERVAL / 2);
        assert_eq!(heartbeat.due(), start + INTERVAL);
        assert!(heartbeat.is_over(start + INTERVAL + TIMEOUT), "even if no timer has run");
    }
}
