//! What is specific to PostgreSQL: how the store connects, reads and writes, and its error codes.

mod append;
mod backend;
mod changes;
mod connection;
mod link;
mod open;
mod reads;
mod replica;
mod writer;

#[cfg(test)]
pub use backend::PostgresBackend;
pub use open::renew;

use std::str::FromStr as _;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::error::{Kind, OpenError};
use crate::settings::SqlSettings;

/// Multi-row statements come in up to 64 lengths each; all of them stay prepared.
const STATEMENTS: usize = 384;
/// How long a connection may be idle before it is tested.
const IDLE: Duration = Duration::from_secs(1);

/// The parameters that may follow the `?` of a URL, as sqlx reads it.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Checks a URL, as far as that is possible without a server.
pub fn check_url(url: &str) -> Result<(), OpenError> {
    options(url).map(drop)
}

/// Parses a URL. No error reveals its password.
pub fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    check_parts(url)?;
    let options = PgConnectOptions::from_str(url).map_err(|source| OpenError::Url { source })?;
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("palaver"),
    };
    Ok(options.statement_cache_capacity(STATEMENTS).disable_statement_logging())
}

/// Checks for parts that the parser would misread or silently ignore.
fn check_parts(url: &str) -> Result<(), OpenError> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    if place.matches('@').count() > 1 || place.contains('#') {
        return Err(OpenError::Unescaped);
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        if !PARAMETERS.contains(&name) && !name.starts_with("options") {
            return Err(OpenError::Parameter(name.to_owned()));
        }
    }
    Ok(())
}

/// Returns how a database is named in errors and logs.
pub fn name_of(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    format!("postgres://{}:{}/{database}", options.get_host(), options.get_port())
}

/// Returns the settings of a pool of so many connections. A statement, a wait for a lock and a wait in the middle of a
/// transaction time out by themselves, even after this node has crashed.
pub fn pool(connections: u32, settings: &SqlSettings) -> PgPoolOptions {
    let ms = |time: Duration| time.as_millis();
    let set = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {};
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        ms(settings.statement_timeout),
        ms(settings.lock_timeout),
        ms(settings.statement_timeout) * 2,
    );
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(settings.read_timeout)
        // Testing each time would cost each read one more round trip.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                if idle.idle_for > IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let set = sqlx::AssertSqlSafe(set.clone());
            Box::pin(async move { connection.execute(sqlx::raw_sql(set)).await.map(|_| ()) })
        })
}

/// Classifies an error by its code, see <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub fn kind(error: &sqlx::Error) -> Kind {
    Kind::of(error, |code| match code {
        // The last one: a row was inserted after the check that it does not exist.
        "40001" | "40P01" | "23505" => Kind::Race,
        "55P03" | "57014" | "53300" => Kind::Busy,
        "53100" => Kind::Full,
        _ if code.starts_with("22") || code.starts_with("23") => Kind::Row,
        _ => Kind::Failed,
    })
}

/// Returns whether a commit with this error was certainly rolled back.
pub fn is_rolled_back(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("40") || code.starts_with("23"))
}

/// Returns whether a server turns away every client: it is not ready, it is full, or it does not accept this user.
pub fn turns_away(error: &sqlx::Error) -> bool {
    is_one_of(error, &["28000", "28P01", "3D000", "53300", "57P03"])
}

/// Returns whether a server announces that this connection, or the server itself, ends.
pub fn ends(error: &sqlx::Error) -> bool {
    is_one_of(error, &["57P01", "57P02", "57P05"])
}

fn is_one_of(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| codes.contains(&&*code))
}

/// Until when something is left alone after a failure.
#[derive(Default)]
pub struct Rest(parking_lot::Mutex<Option<Instant>>);

impl Rest {
    pub fn is_over(&self) -> bool {
        self.0.lock().is_none_or(|until| Instant::now() >= until)
    }

    pub fn begin(&self, time: Duration) {
        *self.0.lock() = Some(Instant::now() + time);
    }
}
