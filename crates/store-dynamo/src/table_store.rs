//! What all ports share: requests, their retries, and their cost.

use std::sync::Weak;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
    Select, TransactWriteItem,
};
use domain::Backoff;
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::Circuit;
use service::ports::StoreResult;
use tokio::time::Instant;
use uuid::Uuid;

use crate::client::Clients;
use crate::epoch::CurrentEpoch;
pub use crate::error::WriteError;
use crate::error::{AWAY_MS, BROKEN_MS, Details, Fault, THROTTLED_MS, fault, read_error, unavailable};
use crate::item::Item;
use crate::keys::Key;
use crate::meter::Meter;
use crate::op::{Op, Placeholders, Rendered, When, key_map};
pub use crate::range::Range;
use crate::settings::DynamoSettings;

/// Keys in one `BatchGetItem`.
const BATCH_KEYS: usize = 100;
/// Batches that are read concurrently.
const BATCHES_AT_ONCE: usize = 4;
/// Operations in one transaction.
pub const TRANSACTION_OPS: usize = 100;
/// The pauses before a contended or throttled request is retried.
pub const BACKOFF: Backoff = Backoff::new(Duration::from_millis(4), Duration::from_millis(250));
/// Tries to read the keys that a batch left out.
const BATCH_ATTEMPTS: u32 = 6;

/// The shared state of a store. Every port is implemented on it.
pub struct TableStore {
    /// The SDK's clients.
    pub clients: Clients,
    /// The settings it was opened with.
    pub settings: DynamoSettings,
    /// The epoch of the table, and what is cached about it.
    pub current_epoch: CurrentEpoch,
    /// Open while DynamoDB does not answer.
    pub circuit: Circuit,
    /// The meter of its cost.
    pub meter: Meter,
    /// A reference to itself, for tasks that outlive a call.
    pub me: Weak<TableStore>,
}

/// Where a page of a range begins. `None` is the beginning of the range.
pub type PageStart = Option<std::collections::HashMap<String, AttributeValue>>;

/// One page of a range.
pub struct QueryPage {
    /// The items, in order.
    pub items: Vec<Item>,
    /// Where the next page begins, if there is more.
    pub next: PageStart,
    /// The read units it cost.
    pub units: f64,
}

impl TableStore {
    /// Returns one item, read strongly.
    pub async fn get(&self, key: Key) -> StoreResult<Option<Item>> {
        self.admit()?;
        self.get_or(key, read_error).await
    }

    /// Like [`TableStore::get`], with the caller's own error type.
    pub async fn get_or<E>(
        &self,
        key: Key,
        failed: impl FnOnce(SdkError<GetItemError>) -> E,
    ) -> Result<Option<Item>, E> {
        let request = self.clients.read.get_item().table_name(&self.settings.table);
        let request = request.set_key(Some(key_map(&key))).consistent_read(true);
        let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = self.noted(answer).map_err(failed)?;
        self.meter.read(answer.consumed_capacity());
        Ok(answer.item.map(Item))
    }

    /// Returns several items, read strongly, in no particular order; missing ones are left out.
    pub async fn get_all(&self, keys: Vec<Key>) -> StoreResult<Vec<Item>> {
        self.batch(keys, true).await
    }

    /// Like [`TableStore::get_all`], but the items may be a moment old, at half the cost.
    pub async fn get_all_weak(&self, keys: Vec<Key>) -> StoreResult<Vec<Item>> {
        self.batch(keys, false).await
    }

    async fn batch(&self, mut keys: Vec<Key>, strong: bool) -> StoreResult<Vec<Item>> {
        // DynamoDB refuses duplicate keys.
        let mut known = std::collections::HashSet::new();
        keys.retain(|key| known.insert(key.clone()));
        let batches = keys.chunks(BATCH_KEYS).map(|some| some.iter().map(key_map).collect());
        let batches: Vec<Vec<_>> = batches.collect();
        let read = futures_util::stream::iter(batches.into_iter().map(|batch| self.one_batch(batch, strong)));
        let found: Vec<Vec<Item>> = read.buffer_unordered(BATCHES_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn one_batch(
        &self,
        mut keys: Vec<std::collections::HashMap<String, AttributeValue>>,
        strong: bool,
    ) -> StoreResult<Vec<Item>> {
        self.admit()?;
        let table = &self.settings.table;
        let mut found = Vec::with_capacity(keys.len());
        let mut backoff = BACKOFF;
        for _ in 0..BATCH_ATTEMPTS {
            let asked = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(strong).build();
            let asked = asked.map_err(|why| unavailable(why.to_string(), BROKEN_MS))?;
            let request = self.clients.read.batch_get_item().request_items(table, asked);
            let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
            let mut answer = self.noted(answer).map_err(read_error)?;
            self.meter.read(answer.consumed_capacity().first());
            let items = answer.responses.as_mut().and_then(|tables| tables.remove(table)).unwrap_or_default();
            found.extend(items.into_iter().map(Item));
            keys = match answer.unprocessed_keys.and_then(|mut tables| tables.remove(table)) {
                Some(left) if !left.keys.is_empty() => left.keys,
                _ => return Ok(found),
            };
            tokio::time::sleep(backoff.next_delay(jitter())).await;
        }
        Err(unavailable("DynamoDB left some keys of a batch unread", THROTTLED_MS))
    }

    /// Returns the items of a range; all of them, or up to its limit.
    pub async fn query(&self, range: Range) -> StoreResult<Vec<Item>> {
        if range.from > range.to || range.limit == Some(0) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let page = self.query_page(&range, range.limit.map(|limit| limit - found.len()), start).await?;
            found.extend(page.items);
            start = page.next;
            if start.is_none() || range.limit.is_some_and(|limit| found.len() >= limit) {
                return Ok(found);
            }
        }
    }

    /// Reads one page of a range: at most `limit` items and about one megabyte.
    pub async fn query_page(&self, range: &Range, limit: Option<usize>, start: PageStart) -> StoreResult<QueryPage> {
        let mut placeholders = Placeholders::default();
        let keys = range.condition(&mut placeholders);
        let request = self.clients.read.query().table_name(&self.settings.table);
        let request = request
            .key_condition_expression(keys)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .scan_index_forward(!range.descending)
            .consistent_read(range.strong)
            .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.admit()?;
        let answer = self.noted(request.send().await).map_err(read_error)?;

        self.meter.read(answer.consumed_capacity());
        let units = answer.consumed_capacity().and_then(|consumed| consumed.capacity_units()).unwrap_or_default();
        let items = answer.items.unwrap_or_default().into_iter().map(Item).collect();
        Ok(QueryPage { items, next: answer.last_evaluated_key.filter(|key| !key.is_empty()), units })
    }

    /// Returns how many items of a range match `only`, counted by DynamoDB: costs as much as reading them.
    pub async fn count(&self, range: Range, only: &When) -> StoreResult<u64> {
        self.admit()?;
        let mut count = 0;
        let mut start = None;
        loop {
            let mut placeholders = Placeholders::default();
            let filter = only.render(&mut placeholders);
            let keys = range.condition(&mut placeholders);
            let request = self.clients.read.query().table_name(&self.settings.table).select(Select::Count);
            let request = request
                .key_condition_expression(keys)
                .set_filter_expression(filter)
                .set_expression_attribute_names(placeholders.names())
                .set_expression_attribute_values(placeholders.values())
                .consistent_read(range.strong)
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = self.noted(request.send().await).map_err(read_error)?;
            self.meter.read(answer.consumed_capacity());
            count += u64::try_from(answer.count()).unwrap_or_default();
            start = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// Puts one item, whatever exists there.
    pub async fn put(&self, item: Item) -> StoreResult<()> {
        let put = self.write(vec![Op::Put(item, When::Always)]).await;
        put.map_err(|error| error.or(unavailable("a write without a condition was refused", BROKEN_MS)))
    }

    /// Deletes one item and returns it.
    pub async fn delete(&self, key: Key) -> StoreResult<Option<Item>> {
        let removed = self.repeated(&[Op::Delete(key, When::Always)], true).await;
        removed.map_err(|error| error.or(unavailable("a write without a condition was refused", BROKEN_MS)))
    }

    /// Writes one item, or several in a transaction, all or nothing. Retries what was throttled, met another
    /// transaction or got no answer, so a single write should be idempotent.
    pub async fn write(&self, ops: Vec<Op>) -> Result<(), WriteError> {
        self.repeated(&ops, false).await.map(|_| ())
    }

    /// Like [`TableStore::write`], for one update; returns the item after it.
    pub async fn update(&self, op: Op) -> Result<Item, WriteError> {
        Ok(self.repeated(&[op], true).await?.unwrap_or_default())
    }

    async fn repeated(&self, ops: &[Op], returning: bool) -> Result<Option<Item>, WriteError> {
        if ops.is_empty() {
            return Ok(None);
        }
        self.admit()?;
        let until = Instant::now() + self.settings.patience;
        let token = Uuid::new_v4().to_string();
        let mut backoff = BACKOFF;
        loop {
            let fault = match self.attempt(ops, &token, returning).await {
                Ok(item) => return Ok(item),
                Err(fault) => fault,
            };
            let pause = self.retry_pause(&fault, &mut backoff, until);
            let error = match fault {
                Fault::Refused(which) => return Err(WriteError::Refused(which)),
                Fault::Rejected(why) => unavailable(why, BROKEN_MS),
                Fault::Contended => unavailable("another transaction holds the item", THROTTLED_MS),
                Fault::Throttled(why) => unavailable(why, THROTTLED_MS),
                Fault::Unclear(why) => unavailable(why, AWAY_MS),
            };
            let Some(pause) = pause else { return Err(error.into()) };
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends one request. `token` makes a repeated transaction idempotent for ten minutes.
    pub async fn attempt(&self, ops: &[Op], token: &str, returning: bool) -> Result<Option<Item>, Fault> {
        let done = match ops {
            [] => Ok(None),
            [op] => self.single(op, returning).await,
            ops => self.transaction(ops, token).await.map(|()| None),
        };
        if !matches!(done, Err(Fault::Unclear(_))) {
            self.circuit.answered();
        }
        // A refused write costs as much as a successful one.
        match (&done, ops) {
            (Err(Fault::Refused(_)), [op]) => self.meter.write(None, op.size()),
            (Err(Fault::Refused(_)), ops) => self.meter.transaction(ops.iter().map(Op::size)),
            _ => {}
        }
        done
    }

    async fn single(&self, op: &Op, returning: bool) -> Result<Option<Item>, Fault> {
        let Rendered { update, condition, placeholders } = op.render();
        let table = &self.settings.table;
        // The three requests are separate types with the same methods.
        macro_rules! send {
            ($request:expr, $error:ident) => {{
                let request = $request
                    .table_name(table)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                let answer = request.send().await.map_err(|error| {
                    fault(&error, |error| match error {
                        $error::ConditionalCheckFailedException(failed) => Details::Old(failed.item.clone().map(Item)),
                        _ => Details::None,
                    })
                })?;
                self.meter.write(answer.consumed_capacity(), op.size());
                answer.attributes.map(Item)
            }};
        }
        let write = &self.clients.write;
        Ok(match op {
            Op::Put(item, _) => send!(write.put_item().set_item(Some(item.0.clone())), PutItemError),
            Op::Update(change, _) => {
                let request = write.update_item().set_key(Some(key_map(&change.key))).set_update_expression(update);
                let values = if returning { ReturnValue::AllNew } else { ReturnValue::None };
                send!(request.return_values(values), UpdateItemError)
            }
            Op::Delete(key, _) => {
                let values = if returning { ReturnValue::AllOld } else { ReturnValue::None };
                let request = write.delete_item().set_key(Some(key_map(key))).return_values(values);
                send!(request, DeleteItemError)
            }
        })
    }

    async fn transaction(&self, ops: &[Op], token: &str) -> Result<(), Fault> {
        if ops.len() > TRANSACTION_OPS {
            return Err(Fault::Rejected(format!("{} rows do not fit into one transaction", ops.len())));
        }
        let items: Vec<TransactWriteItem> =
            ops.iter().map(|op| op.clone().into_transaction(&self.settings.table)).collect();
        let request = self.clients.write.transact_write_items().set_transact_items(Some(items));
        request.client_request_token(token).send().await.map_err(|error| {
            fault(&error, |error| match error {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    Details::Reasons(cancelled.cancellation_reasons().to_vec())
                }
                _ => Details::None,
            })
        })?;
        self.meter.transaction(ops.iter().map(Op::size));
        Ok(())
    }
}

/// Returns the jitter of a pause before the next try, so that two colliding requests separate.
pub fn jitter() -> f64 {
    rand::random_range(0.5..1.0)
}
