//! A store: opened, and handed out as ports.

use std::sync::{Arc, Weak};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use domain::{Epoch, LogId, Seq};
use service::ports::{Store, StoreResult};
use uuid::Uuid;

use crate::client::Clients;
use crate::epoch::{self, CurrentEpoch};
use crate::error::{OpenError, read_error};
use crate::item::{Item, bytes, number};
use crate::keys;
use crate::meter::{Meter, Units};
use crate::op::{Op, When};
use crate::settings::DynamoSettings;
#[cfg(feature = "poller")]
use crate::stream::Poller;
use crate::table_store::{TableStore, WriteError};

/// The form of the items that this release writes.
const SCHEMA: u64 = 1;

/// A store on one table. Any number of processes may have the same table open.
#[derive(Clone)]
pub struct DynamoStore {
    shared: Arc<TableStore>,
}

impl DynamoStore {
    /// Opens a table that [`crate::create_table`] made. The first to open it gives it its epoch.
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
        Ok(DynamoStore { shared: Arc::new_cyclic(|me| bare(me, epoch)) })
    }

    /// Gives a table that was restored from a backup its new epoch, so that what clients and nodes remember of the other
    /// life is not believed. No node may run.
    pub async fn renew(settings: DynamoSettings) -> Result<Epoch, OpenError> {
        let other_life = DynamoStore::open(settings).await?;
        draw_epoch(&other_life.shared, When::Always).await?;
        epoch(&other_life.shared).await
    }

    /// Every port of it.
    pub fn store(&self) -> Store {
        Store::of(&self.shared)
    }

    /// Tells all nodes which logs changed, as [`crate::dispatch`] found: what a Lambda on the table's stream
    /// does with each batch. `by` tells its rows from those of others: the shard's id.
    pub async fn write_dirty(&self, by: &str, heads: &[(LogId, Seq)]) -> StoreResult<()> {
        self.shared.write_dirty(by, heads).await
    }

    /// What reads the table's stream where there is no Lambda.
    #[cfg(feature = "poller")]
    pub async fn poller(&self) -> Result<Poller, OpenError> {
        Poller::open(self.shared.clone()).await
    }

    /// Writes what was to be written later: hints for lists. Nothing that counts waits for it.
    pub async fn write_hints(&self) {
        self.shared.write_hints().await;
    }

    /// The epoch of the table, as it was last met.
    pub fn epoch(&self) -> Epoch {
        self.shared.epoch_state().epoch
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<TableStore> {
        &self.shared
    }

    /// What it has cost since it was opened.
    pub fn units(&self) -> Units {
        self.shared.meter.units()
    }
}

/// The table's epoch, which the first that asks draws.
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
    epoch::epoch(&row).map_err(failed)
}

/// What the first read of a table tells about it: its description would say the same, for one more request at each start.
fn not_opened(table: &str, error: SdkError<GetItemError>) -> OpenError {
    let table = table.to_owned();
    match error.as_service_error() {
        Some(error) if error.is_resource_not_found_exception() => OpenError::NoTable(table),
        // A key of ours is none of this table.
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
