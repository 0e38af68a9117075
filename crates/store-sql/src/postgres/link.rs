//! What it means that no connection is to be had. A pool tries again until its time is over and then tells only that; so
//! the server is asked once, without the pool, and what it says is told: to who asked, and now and then in the log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use service::log_throttle::LogThrottle;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Mutex;

use super::open;

/// How long the server has to answer: those who wait for it have waited for the pool before.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long its answer holds for all who ask.
const HOLDS: Duration = Duration::from_secs(2);

/// The way to a server.
pub struct Link {
    options: PgConnectOptions,
    name: String,
    is_down: AtomicBool,
    /// What the server said last, and when. Held while it is asked, so that it is asked once.
    said: Mutex<Option<(String, Instant)>>,
    line: LogThrottle,
}

impl Link {
    pub fn new(options: PgConnectOptions) -> Link {
        let name = super::name_of(&options);
        Link { options, name, is_down: AtomicBool::new(false), said: Mutex::default(), line: LogThrottle::new() }
    }

    /// Work went well: the server is there.
    pub fn works(&self) {
        if self.is_down.load(Ordering::Relaxed) && self.is_down.swap(false, Ordering::Relaxed) {
            tracing::info!(database = self.name, "the database answers again");
        }
    }

    /// What an error means, in words that help. No password is in them.
    pub async fn why(&self, error: sqlx::Error) -> String {
        let why = match error {
            sqlx::Error::PoolTimedOut => self.ask().await,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) => self.broke(&error),
            error if super::ends(&error) => self.broke(&error),
            error if super::turns_away(&error) => open::refused(&self.options, &self.name, error).to_string(),
            error => return error.to_string(),
        };
        if let Some(repeated) = self.line.admit(&why, Instant::now()) {
            self.is_down.store(true, Ordering::Relaxed);
            tracing::error!(why, repeated, "the database cannot be used");
        }
        why
    }

    fn broke(&self, error: &sqlx::Error) -> String {
        format!("the connection to {} broke: {error}", self.name)
    }

    /// Connects once beside the pool.
    async fn ask(&self) -> String {
        let mut said = self.said.lock().await;
        if let Some((why, at)) = &*said
            && at.elapsed() < HOLDS
        {
            return why.clone();
        }
        let why = match open::connect(&self.options, &self.name, PATIENCE).await {
            Err(why) => why.to_string(),
            Ok(connection) => {
                // It is asked for this only: whether the good-bye arrives does not matter.
                let _ = sqlx::Connection::close(connection).await;
                format!("all of this node's connections to {} are busy", self.name)
            }
        };
        *said = Some((why.clone(), Instant::now()));
        why
    }
}
