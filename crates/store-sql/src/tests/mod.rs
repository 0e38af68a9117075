//! Tests of the store on SQLite: the suite of all stores, and what only this one promises.

use crate::SqlStore;

conformance::store!(sqlite, SqlStore::open_temporary);
