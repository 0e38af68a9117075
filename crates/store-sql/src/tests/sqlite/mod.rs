//! Tests of the store on SQLite.

mod backup;
mod crash;
mod failing;
mod open;
mod plans;

use std::path::Path;

use super::{a_log_of, whole_logs};
use crate::sqlite::SqliteBackend;
use crate::{OpenError, SqlSettings, SqlStore};

conformance::store!(sqlite, SqlStore::open_temporary);

async fn open_at(path: &Path) -> Result<SqlStore, OpenError> {
    SqlStore::open(&path.display().to_string(), SqlSettings::default()).await
}

fn backend(store: &SqlStore) -> &SqliteBackend {
    super::backend(store)
}
