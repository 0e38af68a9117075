//! The tables, and the migration of an older database.
//!
//! Steps only add: the previous release can still be started on what the next release has written, as long as the
//! version says so. A released step is never changed; another one follows it.

use domain::Epoch;
use domain::name::UserName;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::database::{Connection, Statement, run};
use crate::error::OpenError;
use crate::settings::{IfMissing, SqlSettings};

/// The version that this release writes.
pub const VERSION: i64 = STEPS.len() as i64;

/// The key in `meta` that marks a database into which a copy was not finished.
pub const INCOMPLETE: &str = "incomplete";
/// Users whose missing key is filled in one step.
const FILLED_AT_ONCE: i64 = 1_000;

/// The statements that lead to version 1, 2, …
const STEPS: &[&[&str]] = &[
    FIRST,
    &[
        "CREATE TABLE socket (id TEXT PRIMARY KEY, state TEXT NOT NULL, expires INTEGER NOT NULL) {W}",
        "CREATE INDEX socket_expires ON socket (expires)",
    ],
    &["CREATE INDEX conn_expires ON conn (expires)"],
    // The bytes of a user's files, and of all files under the empty name.
    &["CREATE TABLE file_usage (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) {W}"],
    // When the previous refresh token expires. NULL in rows of older releases.
    &["ALTER TABLE session ADD COLUMN prev_expires INTEGER"],
    // The second key of a name. NULL where another user had it before it was unique.
    &["ALTER TABLE usr ADD COLUMN written TEXT", "CREATE UNIQUE INDEX usr_written ON usr (written)"],
    // Requests of other users, and who blocks whom.
    &[
        "ALTER TABLE user_room ADD COLUMN request_at INTEGER",
        "ALTER TABLE user_room ADD COLUMN ignored INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX user_room_request ON user_room (user_id, request_at) WHERE request_at IS NOT NULL",
        "CREATE TABLE block (user_id TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (user_id, other)) {W}",
    ],
    // The admins, the handles of deleted accounts, and the deletions that are not finished.
    &[
        "CREATE INDEX usr_admin ON usr (user_id) WHERE role = 'admin'",
        "CREATE TABLE held_name (k TEXT PRIMARY KEY) {W}",
        "CREATE TABLE deletion (user_id TEXT PRIMARY KEY, messages INTEGER NOT NULL,
            at INTEGER NOT NULL) {W}",
    ],
    // Until when a user wants no notifications of a room.
    &["ALTER TABLE user_room ADD COLUMN quiet_until INTEGER", "ALTER TABLE member ADD COLUMN quiet_until INTEGER"],
];

const FIRST: &[&str] = &[
    "CREATE TABLE log (log TEXT PRIMARY KEY, head INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,
        floor INTEGER NOT NULL, chg INTEGER NOT NULL) {T}",
    "CREATE INDEX log_chg ON log (chg)",
    "CREATE TABLE entry (log TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, by_id TEXT NOT NULL,
        id TEXT NOT NULL, at INTEGER NOT NULL, n INTEGER NOT NULL, rev INTEGER NOT NULL,
        deleted INTEGER NOT NULL, v INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (log, seq)) {W}",
    // Makes a page of messages cost the same in a room full of reactions.
    "CREATE INDEX entry_message ON entry (log, seq) WHERE kind = 'message'",
    "CREATE TABLE react (log TEXT NOT NULL, seq INTEGER NOT NULL, emoji TEXT NOT NULL, user_id TEXT NOT NULL,
        rev INTEGER NOT NULL, PRIMARY KEY (log, seq, emoji, user_id)) {W}",
    "CREATE TABLE room (room TEXT PRIMARY KEY, kind TEXT NOT NULL, slug TEXT UNIQUE, name TEXT,
        listed INTEGER NOT NULL, rev INTEGER NOT NULL, members INTEGER NOT NULL, body TEXT NOT NULL) {T}",
    "CREATE INDEX room_listed ON room (listed, slug)",
    "CREATE TABLE member (room TEXT NOT NULL, user_id TEXT NOT NULL, state TEXT NOT NULL, role TEXT NOT NULL,
        muted_until INTEGER, level TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER,
        rev INTEGER NOT NULL, PRIMARY KEY (room, user_id)) {W}",
    "CREATE TABLE user_room (user_id TEXT NOT NULL, room TEXT NOT NULL, state TEXT NOT NULL, role TEXT NOT NULL,
        read_seq INTEGER NOT NULL, read_n INTEGER NOT NULL, mentions TEXT NOT NULL, level TEXT NOT NULL,
        hidden INTEGER NOT NULL, rev INTEGER NOT NULL, why TEXT, PRIMARY KEY (user_id, room)) {W}",
    "CREATE TABLE pin (room TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (room, seq)) {W}",
    "CREATE TABLE thread (room TEXT NOT NULL, root INTEGER NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (room, root, seq)) {W}",
    "CREATE TABLE conn (user_id TEXT NOT NULL, id TEXT NOT NULL, node TEXT NOT NULL, room TEXT,
        expires INTEGER NOT NULL, PRIMARY KEY (user_id, id)) {W}",
    "CREATE INDEX conn_room ON conn (room) WHERE room IS NOT NULL",
    "CREATE TABLE usr (user_id TEXT PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE,
        email TEXT UNIQUE, guest INTEGER NOT NULL, role TEXT NOT NULL, body TEXT NOT NULL) {T}",
    "CREATE INDEX usr_person ON usr (guest) WHERE guest = 0",
    "CREATE TABLE notif (user_id TEXT NOT NULL, at INTEGER NOT NULL, room TEXT NOT NULL, seq INTEGER NOT NULL,
        state TEXT NOT NULL, seen INTEGER, body TEXT NOT NULL, expires INTEGER,
        PRIMARY KEY (user_id, at, room, seq)) {W}",
    "CREATE INDEX notif_unread ON notif (user_id, at, room, seq) WHERE state = 'there' AND seen IS NULL",
    "CREATE INDEX notif_expires ON notif (expires) WHERE expires IS NOT NULL",
    "CREATE TABLE session (session TEXT PRIMARY KEY, user_id TEXT NOT NULL, cur_hash BLOB NOT NULL, prev_hash BLOB,
        rotated INTEGER NOT NULL, revoked INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
        device TEXT NOT NULL) {T}",
    "CREATE INDEX \"session_user\" ON session (user_id)",
    "CREATE INDEX session_expires ON session (expires)",
    "CREATE TABLE ticket (hash BLOB PRIMARY KEY, session TEXT NOT NULL, user_id TEXT NOT NULL,
        expires INTEGER NOT NULL) {W}",
    "CREATE INDEX ticket_expires ON ticket (expires)",
    "CREATE TABLE push (user_id TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (user_id, id)) {W}",
    "CREATE TABLE file (file TEXT PRIMARY KEY, room TEXT NOT NULL, user_id TEXT NOT NULL, seq INTEGER,
        state TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL) {T}",
    "CREATE INDEX file_room ON file (room, at, file)",
    "CREATE INDEX file_state ON file (state, at)",
    "CREATE INDEX file_user ON file (user_id, state, at, file)",
    "CREATE TABLE feed (room TEXT NOT NULL, consumer TEXT NOT NULL, seq INTEGER NOT NULL, fence INTEGER NOT NULL,
        PRIMARY KEY (room, consumer)) {W}",
    "CREATE TABLE lease (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL,
        fence INTEGER NOT NULL) {W}",
    "CREATE TABLE node (node TEXT PRIMARY KEY, endpoint TEXT NOT NULL, at INTEGER NOT NULL) {W}",
    "CREATE TABLE audit (month TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (month, at, id)) {W}",
];

/// The contents of `meta` in an open database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    pub epoch: Epoch,
    pub version: i64,
    /// Whether a copy into it was not finished.
    pub is_incomplete: bool,
}

impl Meta {
    /// Returns an error for a database into which a copy was not finished, unless the caller goes on with it.
    pub fn check(self, name: &str, settings: &SqlSettings) -> Result<Meta, OpenError> {
        match self.is_incomplete && !settings.may_be_incomplete {
            true => Err(OpenError::Incomplete(name.to_owned())),
            false => Ok(self),
        }
    }
}

/// Migrates a database to [`VERSION`], in one transaction, so that if two processes start at once one does it and the
/// other finds it done. An empty database gets its first tables and its epoch, or is refused, as `if_missing` says.
pub async fn migrate(connection: &mut dyn Connection, name: &str, if_missing: IfMissing) -> Result<Meta, OpenError> {
    let database = |source| OpenError::Database { name: name.to_owned(), source };
    let begin = connection.dialect().begin_migration;
    run(connection, begin).await.map_err(database)?;
    let migrated = migrate_inside(connection, name, if_missing).await;
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    run(connection, end).await.map_err(database)?;
    migrated
}

async fn migrate_inside(connection: &mut dyn Connection, name: &str, if_missing: IfMissing) -> Result<Meta, OpenError> {
    let database = |source| OpenError::Database { name: name.to_owned(), source };
    let dialect = connection.dialect();
    if is_empty(connection).await.map_err(database)? {
        if if_missing == IfMissing::Refuse {
            return Err(OpenError::Absent(name.to_owned()));
        }
        if let Some(mark) = dialect.mark {
            run(connection, mark).await.map_err(database)?;
        }
        let meta = "CREATE TABLE meta (k TEXT PRIMARY KEY, v TEXT NOT NULL) {W}";
        run(connection, AssertSqlSafe(dialect.ddl(meta))).await.map_err(database)?;
        set(connection, "epoch", &new_epoch().to_string()).await.map_err(database)?;
        set(connection, "schema", "0").await.map_err(database)?;
    }
    let found = read(connection, name).await?;
    for (step, statements) in STEPS.iter().enumerate().skip(usize::try_from(found.version).unwrap_or_default()) {
        for statement in *statements {
            run(connection, AssertSqlSafe(dialect.ddl(statement))).await.map_err(database)?;
        }
        set(connection, "schema", &(step + 1).to_string()).await.map_err(database)?;
    }
    fill_written(connection).await.map_err(database)?;
    Ok(Meta { version: VERSION, ..found })
}

/// Gives the second key of their names to users who have none and whose key is free: those of an older release, the
/// oldest first. A user who looks like another keeps the name, without the key.
async fn fill_written(connection: &mut dyn Connection) -> Result<(), sqlx::Error> {
    let mut last = String::new();
    loop {
        let select = "SELECT user_id, name FROM usr WHERE written IS NULL AND user_id > $1 ORDER BY user_id LIMIT $2";
        let query = Statement::new(select).bind(last.clone()).bind(FILLED_AT_ONCE);
        let rows = query.fetch_all(connection).await?;
        for row in &rows {
            let name = UserName::from_stored(row.try_get("name")?);
            last = row.try_get("user_id")?;
            let update = "UPDATE usr SET written = $1 WHERE user_id = $2
                          AND NOT EXISTS (SELECT 1 FROM usr WHERE written = $1)";
            Statement::new(update).bind(name.written()).bind(last.clone()).execute(connection).await?;
        }
        if rows.len() < FILLED_AT_ONCE as usize {
            return Ok(());
        }
    }
}

/// Reads `meta`, and refuses a database that is not Palaver's or newer than this release.
pub async fn read(connection: &mut dyn Connection, name: &str) -> Result<Meta, OpenError> {
    let foreign = || OpenError::Foreign(name.to_owned());
    let rows = Statement::new("SELECT k, v FROM meta").fetch_all(connection).await.map_err(|_| foreign())?;
    let value = |key: &str| {
        let mut pairs = rows.iter().filter_map(|row| Some((row.try_get("k").ok()?, row.try_get("v").ok()?)));
        pairs.find(|(k, _): &(String, String)| k == key).map(|(_, v)| v)
    };
    let version: i64 = value("schema").and_then(|v| v.parse().ok()).ok_or_else(foreign)?;
    let epoch = value("epoch").and_then(|v| v.parse().ok()).ok_or_else(foreign)?;
    if version > VERSION {
        return Err(OpenError::Newer { found: version, known: VERSION });
    }
    Ok(Meta { epoch, version, is_incomplete: value(INCOMPLETE).is_some() })
}

/// Writes a row of `meta`.
pub async fn set(connection: &mut dyn Connection, key: &str, value: &str) -> Result<(), sqlx::Error> {
    let upsert = "INSERT INTO meta (k, v) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v";
    Statement::new(upsert).bind(key.to_owned()).bind(value.to_owned()).execute(connection).await?;
    Ok(())
}

/// Removes the mark of an unfinished copy.
pub async fn complete(connection: &mut dyn Connection) -> Result<(), sqlx::Error> {
    Statement::new("DELETE FROM meta WHERE k = $1").bind(INCOMPLETE.to_owned()).execute(connection).await?;
    Ok(())
}

/// Begins a new epoch of a database that was restored: what clients, nodes and cursors remember of the old one becomes
/// invalid.
pub async fn renew(connection: &mut dyn Connection) -> Result<Epoch, sqlx::Error> {
    let epoch = new_epoch();
    set(connection, "epoch", &epoch.to_string()).await?;
    // Sockets, nodes and tickets belong to processes of the old epoch. Leases stay: their fences must keep rising.
    for table in ["conn", "node", "ticket"] {
        run(connection, AssertSqlSafe(format!("DELETE FROM {table}"))).await?;
    }
    Ok(epoch)
}

/// Returns an epoch that no store has had.
fn new_epoch() -> Epoch {
    Epoch(Uuid::new_v4().as_u64_pair().0)
}

/// Returns whether the database is empty, without even a table of another program.
pub async fn is_empty(connection: &mut dyn Connection) -> Result<bool, sqlx::Error> {
    let row = Statement::new(connection.dialect().count_tables).fetch_one(connection).await?;
    Ok(row.try_get::<i64>("tables")? == 0)
}
