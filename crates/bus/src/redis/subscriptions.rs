//! The logs that this node follows, and which of them Redis has confirmed.
//!
//! Never forgets a wanted log: on each new connection, all are subscribed again before the bus counts as up.

use std::collections::{HashMap, HashSet};

use crate::limits::BUS_BATCH;
use domain::LogId;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use redis::RedisResult;
use tokio::sync::{Notify, oneshot};

use super::dial::Conn;
use super::message::channel;

/// The number of a Cluster's channels that are subscribed concurrently.
const AT_ONCE: usize = 64;

/// The wanted logs, and their confirmations.
#[derive(Default)]
pub struct Subscriptions {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    up: bool,
    wanted: HashSet<LogId>,
    confirmed: HashSet<LogId>,
    /// Logs that may be wanted but not confirmed, or confirmed but not wanted.
    open: HashSet<LogId>,
    waiting: HashMap<LogId, Vec<oneshot::Sender<()>>>,
}

/// The next commands to send.
struct Step {
    subscribe: Vec<LogId>,
    unsubscribe: Vec<LogId>,
}

impl Subscriptions {
    /// Wants a log. Returns when it is confirmed, or at once while the bus is down, because it is subscribed before the
    /// bus is up.
    pub async fn want(&self, log: LogId) {
        let confirmed = {
            let mut state = self.state.lock();
            state.wanted.insert(log);
            if state.confirmed.contains(&log) && !state.open.contains(&log) {
                return;
            }
            state.open.insert(log);
            if !state.up {
                return;
            }
            let (tell, confirmed) = oneshot::channel();
            state.waiting.entry(log).or_default().push(tell);
            confirmed
        };
        self.changed.notify_one();
        // The sender is dropped when the connection is lost, which also ends the wait.
        let _ = confirmed.await;
    }

    /// Stops wanting a log.
    pub fn release(&self, log: LogId) {
        let mut state = self.state.lock();
        if state.wanted.remove(&log) {
            state.open.insert(log);
            state.waiting.remove(&log);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Returns how many logs are wanted.
    pub fn len(&self) -> usize {
        self.state.lock().wanted.len()
    }

    /// Returns whether this log is wanted and confirmed, with no command pending.
    pub fn is_settled(&self, log: LogId) -> bool {
        let state = self.state.lock();
        state.wanted.contains(&log) && state.confirmed.contains(&log) && !state.open.contains(&log)
    }

    /// Starts a new connection, which has no subscriptions.
    pub fn begin(&self) {
        let mut state = self.state.lock();
        state.confirmed.clear();
        state.open = state.wanted.clone();
    }

    /// Notes that the connection was lost, and ends all waits.
    pub fn lost(&self) {
        let mut state = self.state.lock();
        state.up = false;
        state.waiting.clear();
    }

    /// Waits until a wanted log changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Subscribes until all wanted logs are confirmed. In the same moment the bus is up: a log wanted before that was
    /// subscribed here, and one wanted after it waits for its confirmation.
    pub async fn settle(&self, prefix: &str, conn: &mut Conn) -> RedisResult<()> {
        while let Some(step) = self.next() {
            ask(prefix, conn, "UNSUBSCRIBE", &step.unsubscribe).await?;
            ask(prefix, conn, "SUBSCRIBE", &step.subscribe).await?;
            self.confirm(&step);
        }
        Ok(())
    }

    fn next(&self) -> Option<Step> {
        let mut state = self.state.lock();
        let mut step = Step { subscribe: Vec::new(), unsubscribe: Vec::new() };
        let logs: Vec<LogId> = state.open.iter().copied().collect();
        for log in logs {
            match (state.wanted.contains(&log), state.confirmed.contains(&log)) {
                (true, false) if step.subscribe.len() < BUS_BATCH => step.subscribe.push(log),
                (false, true) if step.unsubscribe.len() < BUS_BATCH => {
                    // From now on: a caller that wants it again meanwhile needs a new confirmation.
                    state.confirmed.remove(&log);
                    step.unsubscribe.push(log);
                }
                (true, false) | (false, true) => continue,
                _ => {
                    for tell in state.waiting.remove(&log).into_iter().flatten() {
                        let _ = tell.send(());
                    }
                }
            }
            state.open.remove(&log);
        }
        let idle = step.subscribe.is_empty() && step.unsubscribe.is_empty();
        if idle {
            state.up = true;
        }
        (!idle).then_some(step)
    }

    fn confirm(&self, step: &Step) {
        let mut state = self.state.lock();
        for log in &step.subscribe {
            state.confirmed.insert(*log);
            for tell in state.waiting.remove(log).into_iter().flatten() {
                let _ = tell.send(());
            }
        }
    }
}

async fn ask(prefix: &str, conn: &mut Conn, command: &str, logs: &[LogId]) -> RedisResult<()> {
    if logs.is_empty() {
        return Ok(());
    }
    let channels: Vec<String> = logs.iter().map(|log| channel(prefix, *log)).collect();
    match conn {
        Conn::One(conn) if command == "SUBSCRIBE" => conn.subscribe(&channels).await,
        Conn::One(conn) => conn.unsubscribe(&channels).await,
        // Channels of different slots cannot be named in one command.
        Conn::Cluster(conn) => {
            let asked = channels.into_iter().map(|channel| {
                let mut conn = conn.clone();
                async move {
                    if command == "SUBSCRIBE" {
                        conn.ssubscribe(channel).await
                    } else {
                        conn.sunsubscribe(channel).await
                    }
                }
            });
            let mut asked = stream::iter(asked).buffer_unordered(AT_ONCE);
            while let Some(answer) = asked.next().await {
                answer?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::RoomId;
    use uuid::Uuid;

    use super::*;

    fn log(n: u128) -> LogId {
        LogId::Room(RoomId(Uuid::from_u128(n)))
    }

    #[tokio::test]
    async fn a_log_wanted_while_down_does_not_wait_and_is_subscribed_later() {
        let subscriptions = Subscriptions::default();
        subscriptions.want(log(1)).await;
        subscriptions.begin();
        let step = subscriptions.next().expect("a command to send");
        assert_eq!((step.subscribe.len(), step.unsubscribe.len()), (1, 0));
        subscriptions.want(log(2)).await;
        subscriptions.confirm(&step);
        let second = subscriptions.next().expect("the log wanted meanwhile");
        assert_eq!(second.subscribe, [log(2)]);
        subscriptions.confirm(&second);
        assert!(subscriptions.next().is_none());
        assert!(subscriptions.is_settled(log(1)) && subscriptions.is_settled(log(2)));
        subscriptions.begin();
        assert_eq!(subscriptions.next().expect("all again").subscribe.len(), 2);
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_log_is_confirmed_or_the_link_is_lost() {
        let subscriptions = Subscriptions::default();
        assert!(subscriptions.next().is_none());
        let both = async {
            let (first, again) = (subscriptions.want(log(1)), subscriptions.want(log(1)));
            tokio::join!(first, again, async {
                subscriptions.changed().await;
                let step = subscriptions.next().expect("a wanted log");
                assert_eq!(step.subscribe, [log(1)]);
                subscriptions.confirm(&step);
            })
        };
        both.await;
        let lost = async {
            tokio::join!(subscriptions.want(log(2)), async {
                subscriptions.changed().await;
                subscriptions.lost();
            })
        };
        lost.await;
    }

    #[tokio::test]
    async fn a_log_wanted_again_during_unsubscribe_is_subscribed_again() {
        let subscriptions = Subscriptions::default();
        subscriptions.want(log(1)).await;
        let first = subscriptions.next().expect("a wanted log");
        subscriptions.confirm(&first);
        assert!(subscriptions.next().is_none());
        subscriptions.release(log(1));
        let lets_go = subscriptions.next().expect("a released log");
        assert_eq!(lets_go.unsubscribe, [log(1)]);
        // Redis has not answered yet.
        tokio::join!(subscriptions.want(log(1)), async {
            subscriptions.changed().await;
            subscriptions.confirm(&lets_go);
            let again = subscriptions.next().expect("it is wanted and no longer confirmed");
            assert_eq!(again.subscribe, [log(1)]);
            subscriptions.confirm(&again);
        });
        assert!(subscriptions.is_settled(log(1)));
    }

    #[tokio::test]
    async fn a_released_log_is_not_subscribed() {
        let subscriptions = Subscriptions::default();
        subscriptions.want(log(1)).await;
        subscriptions.release(log(1));
        assert!(subscriptions.next().is_none());
        assert_eq!(subscriptions.len(), 0);
    }
}
