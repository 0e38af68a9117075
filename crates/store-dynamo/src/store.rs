//! A store: opens a table and provides its ports.

use std::sync::{Arc, Weak};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use domain::{Epoch, LogId, Seq};
use service::ports::{SharedLimits, Store, StoreResult, Transfer};
use uuid::Uuid;

use crate::client::Clients;
use crate::epoch::{self, CurrentEpoch};
use crate::error::{OpenError, read_error};
use crate::item::{Item, bytes, number};
use crate::keys;
use crate::meter::{Meter, Units};
use crate::op::{Op, When};
use crate::settings::{DynamoSettings, Hints};
#[cfg(feature = "poller")]
use crate::stream::Poller;
use crate::table_store::{TableStore, WriteError};
use crate::transfer::INCOMPLETE;

/// The schema version of the items that this release writes.
pub const SCHEMA: u64 = 1;

/// A store on one table. Any number of processes may have the same table open.
#[derive(Clone)]
pub struct DynamoStore {
    shared: Arc<TableStore>,
}

impl DynamoStore {
    /// Opens a table that [`crate::create_table`] created. The first process to open it gives it its epoch.
    pub async fn open(settings: DynamoSettings) -> Result<DynamoStore, OpenError> {
        let clients = Clients::connect(&settings).await;
        let bare = |me: &Weak<TableStore>, epoch: Epoch| TableStore {
            clients: clients.clone(),
            settings: settings.clone(),
            current_epoch: CurrentEpoch::of(epoch),
            circuit: service::Circuit::new("store"),
            meter: Meter::default(),
            me: me.clone(),
        };
        let epoch = epoch(&bare(&Weak::new(), Epoch(0))).await?;
        let shared = Arc::new_cyclic(|me| bare(me, epoch));
        // Not by a function that a caller waits for: `palaver migrate` does it, and every process that stays.
        if settings.hints != Hints::WhenAsked {
            let failed = |source| OpenError::Store { table: settings.table.clone(), source };
            shared.fill_written().await.map_err(failed)?;
            shared.fill_admins().await.map_err(failed)?;
        }
        Ok(DynamoStore { shared })
    }

    /// Gives a table that was restored from a backup its new epoch, so that what clients and nodes remember of the old
    /// one becomes invalid. No node may run.
    pub async fn renew(settings: DynamoSettings) -> Result<Epoch, OpenError> {
        let other_life = DynamoStore::open(settings).await?;
        draw_epoch(&other_life.shared, When::Always).await?;
        epoch(&other_life.shared).await
    }

    /// Returns all its ports.
    pub fn store(&self) -> Store {
        Store::of(&self.shared)
    }

    /// Returns the port that copies it to another store, or another one to it.
    pub fn transfer(&self) -> Arc<dyn Transfer> {
        self.shared.clone()
    }

    /// Returns rate limits that are counted in the table, for an installation without a Redis.
    pub fn limits(&self) -> Arc<dyn SharedLimits> {
        self.shared.clone()
    }

    /// Publishes which logs changed, as [`crate::dispatch`] found: what a Lambda on the table's stream does with each
    /// batch. `by` distinguishes its rows from those of others: the shard's id.
    pub async fn write_dirty(&self, by: &str, heads: &[(LogId, Seq)]) -> StoreResult<()> {
        self.shared.write_dirty(by, heads).await
    }

    /// Returns the reader of the table's stream, for installations without a Lambda.
    #[cfg(feature = "poller")]
    pub async fn poller(&self) -> Result<Poller, OpenError> {
        Poller::open(self.shared.clone()).await
    }

    /// Writes what was deferred: hints for lists. Nothing that matters waits for it.
    pub async fn write_hints(&self) {
        self.shared.write_hints().await;
    }

    /// Returns the epoch of the table, as last read.
    pub fn epoch(&self) -> Epoch {
        self.shared.epoch_state().epoch
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<TableStore> {
        &self.shared
    }

    /// Returns the units used since it was opened.
    pub fn units(&self) -> Units {
        self.shared.meter.units()
    }
}

/// Returns the table's epoch, which the first process generates.
async fn epoch(shared: &TableStore) -> Result<Epoch, OpenError> {
    let table = &shared.settings.table;
    let failed = |source| OpenError::Store { table: table.clone(), source };
    let read = || shared.get_or(keys::epoch(), |error| not_opened(table, error));
    let row = match read().await? {
        Some(row) => row,
        None => {
            draw_epoch(shared, When::Absent).await?;
            read().await?.unwrap_or_default()
        }
    };
    let found = row.number("sv").map_err(failed)?;
    if found > SCHEMA {
        return Err(OpenError::Newer { table: table.clone(), found, known: SCHEMA });
    }
    if row.flag(INCOMPLETE) && !shared.settings.may_be_incomplete {
        return Err(OpenError::Incomplete(table.clone()));
    }
    epoch::epoch(&row).map_err(failed)
}

/// Returns what a failed first read says about the table: describing it would say the same, for one more request at
/// each start.
fn not_opened(table: &str, error: SdkError<GetItemError>) -> OpenError {
    let table = table.to_owned();
    match error.as_service_error() {
        Some(error) if error.is_resource_not_found_exception() => OpenError::NoTable(table),
        // One of our keys does not fit this table.
        Some(error) if error.code() == Some("ValidationException") => OpenError::Foreign(table),
        _ => OpenError::Store { table, source: read_error(error) },
    }
}

/// Writes an epoch that no table has had.
async fn draw_epoch(shared: &TableStore, when: When) -> Result<(), OpenError> {
    let drawn = Uuid::new_v4().as_u64_pair().0;
    let new = Item::at(keys::epoch()).with("ep", bytes(drawn.to_be_bytes())).with("sv", number(SCHEMA));
    match shared.write(vec![Op::Put(new, when)]).await {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(source)) => Err(OpenError::Store { table: shared.settings.table.clone(), source }),
    }
}
