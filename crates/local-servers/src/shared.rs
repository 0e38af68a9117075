//! One server of each kind for the whole test binary, started by the first test that asks. Each test takes a part of its
//! own: a database, a table, a bucket. They end with the process.

use std::sync::OnceLock;

use crate::{DynamoDbLocal, Ministack, Postgres, Redis, VersityGw};

/// PostgreSQL; take a `new_database()`.
pub fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

/// Redis. It has no parts that channels would keep to: a test that cannot bear others' messages starts its own, in 20 ms.
pub fn redis() -> &'static Redis {
    static SERVER: OnceLock<Redis> = OnceLock::new();
    SERVER.get_or_init(Redis::start)
}

/// DynamoDB Local; take a table name of your own.
pub fn dynamodb_local() -> &'static DynamoDbLocal {
    static SERVER: OnceLock<DynamoDbLocal> = OnceLock::new();
    SERVER.get_or_init(DynamoDbLocal::start)
}

/// ministack; take a table or a bucket of your own.
pub fn ministack() -> &'static Ministack {
    static SERVER: OnceLock<Ministack> = OnceLock::new();
    SERVER.get_or_init(Ministack::start)
}

/// versitygw; take a bucket of your own.
pub fn versitygw() -> &'static VersityGw {
    static SERVER: OnceLock<VersityGw> = OnceLock::new();
    SERVER.get_or_init(VersityGw::start)
}
