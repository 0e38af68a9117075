//! One server of each kind for the whole test binary, started by the first test that uses it. Each test uses its own
//! part: a database, a table, a bucket. They end with the process.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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

/// Number of servers that use one DynamoDB Local.
const SERVERS_PER_DYNAMODB: u32 = 12;

/// Returns a DynamoDB Local for the table of a server. It takes longer to read a stream the more was written to all of its
/// tables, so that a new one is started after some servers. An earlier one ends when nobody holds it any more.
pub fn dynamodb_local_for_a_server() -> Arc<DynamoDbLocal> {
    static LATEST: Mutex<Option<(Arc<DynamoDbLocal>, u32)>> = Mutex::new(None);
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, users) = match latest.take() {
        Some((server, users)) if users < SERVERS_PER_DYNAMODB => (server, users),
        _ => (Arc::new(DynamoDbLocal::start()), 0),
    };
    *latest = Some((Arc::clone(&server), users + 1));
    server
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
