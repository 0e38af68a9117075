//! Publishes this node's messages: a bounded queue, and one task that writes it to Redis in batches.
//!
//! A publisher never waits for Redis: what does not fit is dropped and counted, and recovered from the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::limits::{BUS_BATCH, BUS_PUBLISH_BYTES, BUS_PUBLISH_QUEUE, BUS_TIMEOUT};
use futures_util::future::join_all;
use redis::{RedisResult, cmd};
use tokio::sync::{mpsc, watch};

use super::dial::Conn;
use super::link::Link;

/// A message for a channel.
struct Letter {
    channel: String,
    payload: Vec<u8>,
}

/// The sending side of the queue.
pub struct Publisher {
    link: Arc<Link>,
    queue: mpsc::Sender<Letter>,
    accepted: AtomicU64,
    progress: Arc<PublishProgress>,
}

struct PublishProgress {
    waiting_bytes: AtomicUsize,
    /// How many of the accepted messages have been published or lost.
    done: watch::Sender<u64>,
}

impl Publisher {
    /// Returns the publisher and the task to run until the end.
    pub fn new(link: Arc<Link>) -> (Publisher, impl Future<Output = ()> + Send + 'static) {
        let (queue, letters) = mpsc::channel(BUS_PUBLISH_QUEUE);
        let progress = Arc::new(PublishProgress { waiting_bytes: AtomicUsize::new(0), done: watch::channel(0).0 });
        let task = run(link.clone(), letters, progress.clone());
        (Publisher { link, queue, accepted: AtomicU64::new(0), progress }, task)
    }

    /// Queues a message; drops it if the queue is full.
    pub fn publish(&self, channel: String, payload: Vec<u8>) {
        let bytes = payload.len();
        if self.progress.waiting_bytes.load(Ordering::Relaxed) + bytes > BUS_PUBLISH_BYTES {
            return self.link.figures.lost("full", 1);
        }
        let Ok(place) = self.queue.try_reserve() else { return self.link.figures.lost("full", 1) };
        self.progress.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.accepted.fetch_add(1, Ordering::AcqRel);
        place.send(Letter { channel, payload });
    }

    /// Waits until everything queued before is published or lost, or for twice [`BUS_TIMEOUT`].
    pub async fn flush(&self) {
        let target = self.accepted.load(Ordering::Acquire);
        let mut done = self.progress.done.subscribe();
        let flushed = done.wait_for(|done| *done >= target);
        let _ = tokio::time::timeout(BUS_TIMEOUT * 2, flushed).await;
    }
}

async fn run(link: Arc<Link>, mut letters: mpsc::Receiver<Letter>, progress: Arc<PublishProgress>) {
    let mut batch = Vec::with_capacity(BUS_BATCH);
    while letters.recv_many(&mut batch, BUS_BATCH).await > 0 {
        let bytes: usize = batch.iter().map(|letter| letter.payload.len()).sum();
        match link.commands() {
            None => link.figures.lost("down", batch.len()),
            Some(conn) => match tokio::time::timeout(BUS_TIMEOUT, send(conn, &batch)).await {
                Ok(Ok(())) => link.figures.published(batch.len()),
                Ok(Err(error)) => {
                    link.suspect(&error);
                    link.figures.lost("failed", batch.len());
                }
                Err(_) => {
                    link.suspect_silence();
                    link.figures.lost("failed", batch.len());
                }
            },
        }
        progress.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        progress.done.send_modify(|done| *done += batch.len() as u64);
        batch.clear();
    }
}

/// Sends all messages in one write; on a Cluster in one write each, concurrently.
async fn send(mut conn: Conn, batch: &[Letter]) -> RedisResult<()> {
    if matches!(conn, Conn::One(_)) {
        let mut pipe = redis::pipe();
        for Letter { channel, payload } in batch {
            pipe.cmd("PUBLISH").arg(channel).arg(payload).ignore();
        }
        return pipe.exec_async(&mut conn).await;
    }
    let sent = batch.iter().map(|Letter { channel, payload }| {
        let mut conn = conn.clone();
        async move { cmd("SPUBLISH").arg(channel).arg(payload).exec_async(&mut conn).await }
    });
    join_all(sent).await.into_iter().collect()
}
