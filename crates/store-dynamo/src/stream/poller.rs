//! Reads the table's stream if no Lambda does. One poller at a time, by lease; its position in each shard is stored in
//! the table, so that the next one continues where it ended.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record, ShardIteratorType};
use domain::{LogId, Seq, Timestamp};
use service::ports::{FeedStore, StoreError, StoreResult};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{HEAD_ATTRIBUTE, StreamRecord, dispatch};
use crate::error::{OpenError, read_error};
use crate::item::{Item, PK, text};
use crate::keys::{DIRTY, Key};
use crate::op::{Op, When};
use crate::table;
use crate::table_store::{TableStore, WriteError};

/// Records in one request.
const RECORDS: i32 = 1_000;
/// The prefix of the partitions of positions.
const PLACES: &str = "STREAM#";
/// The pause between two rounds that found nothing.
const PAUSE: Duration = Duration::from_millis(250);
/// The shortest interval between two writes of the changed logs for all nodes.
const DIRTY_EVERY: Duration = Duration::from_secs(1);
/// How often the stream is asked for new shards.
const SHARDS_EVERY: Duration = Duration::from_secs(10);
/// The lease of the one poller.
const LEASE: &str = "stream";
/// How long the lease lasts without being renewed.
const LEASE_LIFE: Duration = Duration::from_secs(10);
/// How often it is renewed, or requested.
const LEASE_RENEW: Duration = Duration::from_secs(3);

/// What one round found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Polled {
    /// The number of records read, without those that a dispatcher itself wrote.
    pub records: usize,
    /// The logs that changed, with their heads.
    pub heads: Vec<(LogId, Seq)>,
    /// Why a shard could not be read, if one could not. The next round retries it.
    pub failed: Option<StoreError>,
}

/// A position in one shard.
#[derive(Debug, Default)]
struct Shard {
    iterator: Option<String>,
    /// The last record that was read.
    after: Option<String>,
    /// Whether the shard has ended, and all of it was read.
    over: bool,
    /// Whether more was read than the last stored position says. What a dispatcher itself wrote does not count, or the
    /// poller would never come to rest.
    moved: bool,
}

/// Reads the stream of one table.
pub struct Poller {
    shared: Arc<TableStore>,
    streams: Client,
    stream: String,
    shards: HashMap<String, Shard>,
    asked: Option<Instant>,
    /// The changed logs that were found and not yet written for all nodes.
    dirty: HashMap<LogId, Seq>,
    written: Option<Instant>,
}

impl Poller {
    pub(crate) async fn open(shared: Arc<TableStore>) -> Result<Poller, OpenError> {
        let description = table::describe(&shared.clients.read, &shared.settings.table).await?;
        let no_stream = || OpenError::NoStream(shared.settings.table.clone());
        let stream = description.latest_stream_arn().ok_or_else(no_stream)?.to_owned();
        let streams = Client::new(&shared.clients.shared);
        Ok(Poller {
            shared,
            streams,
            stream,
            shards: HashMap::new(),
            asked: None,
            dirty: HashMap::new(),
            written: None,
        })
    }

    /// Runs until it is stopped: while it holds the lease, it reads the stream, sends to `changed` and writes what all
    /// nodes read. Errors are logged, and retried.
    pub async fn run(
        mut self,
        leases: Arc<dyn FeedStore>,
        owner: &str,
        changed: impl Fn(&[(LogId, Seq)]) + Send,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut held: Option<Instant> = None;
        let mut asked: Option<Instant> = None;
        while !*stop.borrow() {
            if asked.is_none_or(|asked| asked.elapsed() >= LEASE_RENEW) {
                asked = Some(Instant::now());
                let now = Timestamp(crate::changes::now_ms() as i64);
                match leases.lease(LEASE, owner, now, LEASE_LIFE).await {
                    // A poller that was not the holder reads the positions again: another one may have advanced them.
                    Ok(Some(_)) if held.is_none() => (self.shards, held) = (HashMap::new(), Some(Instant::now())),
                    Ok(Some(_)) => held = Some(Instant::now()),
                    Ok(None) => held = None,
                    Err(error) => tracing::warn!(%error, "stream lease not renewed, will retry"),
                }
            }
            let is_holder = held.is_some_and(|at| at.elapsed() < LEASE_LIFE);
            let mut found = 0;
            if is_holder {
                let polled =
                    self.poll().await.unwrap_or_else(|error| Polled { failed: Some(error), ..Polled::default() });
                found = polled.records;
                if !polled.heads.is_empty() {
                    changed(&polled.heads);
                }
                if let Some(error) = polled.failed {
                    tracing::warn!(%error, "table stream not read, will retry");
                }
                if self.written.is_none_or(|written| written.elapsed() >= DIRTY_EVERY)
                    && let Err(error) = self.flush().await
                {
                    tracing::warn!(%error, "changed logs not published, will retry");
                }
            }
            if found == 0 {
                let pause = if is_holder { PAUSE } else { LEASE_RENEW };
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = stop.changed() => {}
                }
            }
        }
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "last changed logs not published");
        }
        if held.is_some() {
            let _ = leases.release(LEASE, owner).await;
        }
    }

    /// Performs one round: reads new records in each shard.
    pub async fn poll(&mut self) -> StoreResult<Polled> {
        if self.asked.is_none_or(|asked| asked.elapsed() >= SHARDS_EVERY) || self.shards.values().all(|one| one.over) {
            self.find_shards().await?;
        }
        let (mut records, mut found, mut failed) = (0, Vec::new(), None);
        let ids: Vec<String> = self.shards.iter().filter(|(_, one)| !one.over).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let read: Vec<StreamRecord> = match self.read(&id).await {
                Ok(read) => read.iter().filter_map(plain).collect(),
                // The records of other shards were read, and would not be read again.
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            let others = read.iter().filter(|record| !is_own(&record.pk)).count();
            if let Some(shard) = self.shards.get_mut(&id) {
                shard.moved |= others > 0;
            }
            records += others;
            found.extend(read);
        }
        let heads = dispatch(found);
        for (log, head) in &heads {
            let highest = self.dirty.entry(*log).or_default();
            *highest = (*highest).max(*head);
        }
        Ok(Polled { records, heads, failed })
    }

    /// Publishes what was found, then stores how far it was read: in this order nothing is missed.
    pub async fn flush(&mut self) -> StoreResult<()> {
        if !self.dirty.is_empty() {
            let heads: Vec<(LogId, Seq)> = self.dirty.iter().map(|(log, head)| (*log, *head)).collect();
            self.shared.write_dirty("poller", &heads).await?;
            self.dirty.clear();
            self.written = Some(Instant::now());
        }
        for (id, shard) in self.shards.iter_mut().filter(|(_, shard)| shard.moved) {
            let Some(after) = shard.after.clone() else { continue };
            let row = Item::at(place(&self.stream, id)).with("sq", text(after));
            // A record lives for a day, and so does a position.
            let until = crate::changes::now_ms() + 24 * 3_600_000;
            match self.shared.write(vec![Op::Put(row.expires(Timestamp(until as i64)), When::Always)]).await {
                Ok(()) | Err(WriteError::Refused(_)) => shard.moved = false,
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Finds new shards, and begins each where the last poller ended, or at its beginning.
    async fn find_shards(&mut self) -> StoreResult<()> {
        let mut from = None;
        loop {
            let request = self.streams.describe_stream().stream_arn(&self.stream);
            let answer = request.set_exclusive_start_shard_id(from).send().await.map_err(read_error)?;
            let Some(description) = answer.stream_description() else { break };
            for id in description.shards().iter().filter_map(|shard| shard.shard_id()) {
                if !self.shards.contains_key(id) {
                    let place = self.shared.get(place(&self.stream, id)).await?;
                    let after = place.as_ref().map(|place| place.text("sq").map(str::to_owned)).transpose()?;
                    let shard = Shard { after, ..Shard::default() };
                    self.shards.insert(id.to_owned(), shard);
                }
            }
            from = description.last_evaluated_shard_id().map(str::to_owned);
            if from.is_none() {
                break;
            }
        }
        self.asked = Some(Instant::now());
        Ok(())
    }

    /// Reads the next records of one shard.
    async fn read(&mut self, id: &str) -> StoreResult<Vec<Record>> {
        let Some(shard) = self.shards.get_mut(id) else { return Ok(Vec::new()) };
        if shard.iterator.is_none() {
            let request = self.streams.get_shard_iterator().stream_arn(&self.stream).shard_id(id);
            let request = match &shard.after {
                Some(after) => {
                    request.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).sequence_number(after)
                }
                None => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            };
            match request.send().await {
                Ok(answer) => shard.iterator = answer.shard_iterator,
                Err(error) if error.code() == Some("TrimmedDataAccessException") => {
                    // A day has passed: the records have expired, and every log is checked by other means.
                    shard.after = None;
                    return Ok(Vec::new());
                }
                Err(error) => return Err(read_error(error)),
            }
        }
        let Some(iterator) = shard.iterator.clone() else { return Ok(Vec::new()) };
        match self.streams.get_records().shard_iterator(iterator).limit(RECORDS).send().await {
            Ok(answer) => {
                shard.iterator = answer.next_shard_iterator;
                shard.over = shard.iterator.is_none();
                let records = answer.records.unwrap_or_default();
                let last = records.iter().rev().find_map(|record| record.dynamodb()?.sequence_number());
                if let Some(last) = last {
                    shard.after = Some(last.to_owned());
                }
                Ok(records)
            }
            Err(error) => {
                // An iterator lives only for minutes; the position outlives it.
                shard.iterator = None;
                match error.code() {
                    Some("ExpiredIteratorException" | "TrimmedDataAccessException") => Ok(Vec::new()),
                    _ => Err(read_error(error)),
                }
            }
        }
    }
}

/// Returns the key of the position in a shard.
fn place(stream: &str, shard: &str) -> Key {
    Key::new(format!("{PLACES}{stream}"), shard)
}

/// Returns whether a dispatcher wrote the item.
fn is_own(pk: &str) -> bool {
    pk.starts_with(PLACES) || pk.starts_with(DIRTY)
}

fn plain(record: &Record) -> Option<StreamRecord> {
    let change = record.dynamodb()?;
    let pk = change.keys()?.get(PK)?.as_s().ok()?.clone();
    let head = change.new_image().and_then(|image| image.get(HEAD_ATTRIBUTE));
    let head = head.and_then(|head| match head {
        AttributeValue::N(number) => number.parse().ok(),
        _ => None,
    });
    Some(StreamRecord { inserted: record.event_name() == Some(&OperationType::Insert), pk, head })
}
