//! One server of each kind for the whole test binary, started by the first test that uses it. Each test uses its own
//! part: a database, a table, a bucket. They end with the process.

use std::sync::OnceLock;

use crate::{DynamoDbLocal, Ministack, Postgres, Redis, VersityGw};

/// Returns PostgreSQL; use a `new_database()`.
pub fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

/// Returns Redis. Channels are not separated: a test that others' messages would disturb starts its own, in 20 ms.
pub fn redis() -> &'static Redis {
    static SERVER: OnceLock<Redis> = OnceLock::new();
    SERVER.get_or_init(Redis::start)
}

/// Returns DynamoDB Local; use your own table name.
pub fn dynamodb_local() -> &'static DynamoDbLocal {
    static SERVER: OnceLock<DynamoDbLocal> = OnceLock::new();
    SERVER.get_or_init(DynamoDbLocal::start)
}

/// Returns ministack; use your own table or bucket.
pub fn ministack() -> &'static Ministack {
    static SERVER: OnceLock<Ministack> = OnceLock::new();
    SERVER.get_or_init(Ministack::start)
}

/// Returns versitygw; use your own bucket.
pub fn versitygw() -> &'static VersityGw {
    static SERVER: OnceLock<VersityGw> = OnceLock::new();
    SERVER.get_or_init(VersityGw::start)
}
