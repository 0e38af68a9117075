//! Opens a database, creates its tables, and says clearly what is wrong with it.

use std::sync::Arc;
use std::time::Duration;

use domain::Epoch;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::backend::PostgresBackend;
use super::link::Link;
use super::reads::Reads;
use super::replica::Replica;
use super::writer::Writer;
use crate::SqlStore;
use crate::database::{Connection as _, run};
use crate::error::OpenError;
use crate::schema;
use crate::settings::{IfMissing, SqlSettings};

/// The first release with transaction ids that never wrap (`pg_current_xact_id`).
const VERSION: i64 = 130_000;

impl SqlStore {
    /// Opens the PostgreSQL database of a `postgres://` URL and brings its schema up to date; if several nodes start at
    /// once, one does it. An empty database gets its schema, unless the settings refuse that. `sslmode`, `sslrootcert`
    /// and the like are parameters of the URL. Pages of history may be read from `replica`, a streaming replica of the
    /// same database, as far as it has caught up; it may be unavailable.
    pub async fn connect(url: &str, replica: Option<&str>, settings: SqlSettings) -> Result<SqlStore, OpenError> {
        let options = super::options(url)?;
        let name = super::name_of(&options);
        check(&options, &name, &settings).await?;
        let database = |source| OpenError::Database { name: name.clone(), source };
        let writes = super::pool(settings.writers, &settings).connect_lazy_with(options.clone());
        let mut connection = writes.acquire().await.map_err(database)?;
        let meta = schema::migrate(&mut *connection, &name, settings.if_missing).await?.check(&name, &settings)?;
        drop(connection);
        let reads = Reads::new(options.clone(), &settings);
        let link = Arc::new(Link::new(options));
        let writer = Writer::new(writes, link.clone(), &settings);
        let replica = match replica {
            Some(url) => Some(Replica::new(super::options(url)?, meta.epoch, &settings)),
            None => None,
        };
        Ok(SqlStore::new(PostgresBackend { reads, writer, link, replica }))
    }
}

/// Gives a database that was restored from a backup its new epoch and this release's schema. No node may run.
pub async fn renew(url: &str) -> Result<Epoch, OpenError> {
    let (options, settings) = (super::options(url)?, SqlSettings::default());
    let name = super::name_of(&options);
    check(&options, &name, &settings).await?;
    let database = |source| OpenError::Database { name: name.clone(), source };
    let pool = super::pool(1, &settings).connect_lazy_with(options);
    let mut connection = pool.acquire().await.map_err(database)?;
    // A restored database is not empty: an empty one is not the intended one.
    schema::migrate(&mut *connection, &name, IfMissing::Refuse).await?;
    let begin = connection.dialect().begin_migration;
    run(&mut *connection, begin).await.map_err(database)?;
    let renewed = async {
        let epoch = schema::renew(&mut *connection).await?;
        // Another server numbers its transactions differently: higher numbers would look like new changes again and
        // again.
        run(&mut *connection, "UPDATE log SET chg = 0").await?;
        Ok(epoch)
    };
    let renewed = renewed.await.map_err(database);
    let end = if renewed.is_ok() { "COMMIT" } else { "ROLLBACK" };
    run(&mut *connection, end).await.map_err(database)?;
    renewed
}

/// Connects once, without a pool, which would retry and not report why.
async fn check(options: &PgConnectOptions, name: &str, settings: &SqlSettings) -> Result<(), OpenError> {
    let mut connection = connect(options, name, settings.connect_timeout).await?;
    let checked = check_server(&mut connection, name).await;
    let database = |source| OpenError::Database { name: name.to_owned(), source };
    connection.close().await.map_err(database)?;
    checked
}

/// Connects once, or returns what is wrong.
pub async fn connect(options: &PgConnectOptions, name: &str, patience: Duration) -> Result<PgConnection, OpenError> {
    let connecting = tokio::time::timeout(patience, options.connect());
    let connected = connecting.await.map_err(|_| OpenError::Silent(name.to_owned()))?;
    connected.map_err(|source| refused(options, name, source))
}

/// Explains why a server did not accept a connection.
pub fn refused(options: &PgConnectOptions, name: &str, source: sqlx::Error) -> OpenError {
    let code = source.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
    let (name, user) = (name.to_owned(), options.get_username().to_owned());
    match code.as_str() {
        "28P01" | "28000" => OpenError::Password { name, user, source },
        "3D000" => OpenError::Missing { name, user },
        _ if matches!(source, sqlx::Error::Io(_)) => OpenError::Away { name, source },
        _ => OpenError::Database { name, source },
    }
}

async fn check_server(connection: &mut PgConnection, name: &str) -> Result<(), OpenError> {
    let database = |source| OpenError::Database { name: name.to_owned(), source };
    let query = "SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'),
                 pg_is_in_recovery()";
    let row = sqlx::query(query).fetch_one(connection).await.map_err(database)?;
    let (version, encoding, standby): (i64, String, bool) = (row.get(0), row.get(1), row.get(2));
    let unfit = |why: &str| Err(OpenError::Unfit { name: name.to_owned(), why: why.to_owned() });
    if version < VERSION {
        return unfit("it is older than PostgreSQL 13: upgrade the server");
    }
    if encoding != "UTF8" {
        return unfit("its encoding is not UTF8: create one with ENCODING 'UTF8' TEMPLATE template0");
    }
    if standby {
        return unfit("it is a read replica: name the primary, and the replica in DATABASE_REPLICA_URL");
    }
    Ok(())
}
