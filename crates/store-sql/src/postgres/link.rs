//! Finds out why no connection is available. A pool retries until its time is up and then reports only that. So the
//! server is asked once, without the pool, and its answer is returned to the caller and logged from time to time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use service::Circuit;
use service::circuit::Open;
use service::log_throttle::LogThrottle;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Mutex;

use super::open;

/// How long the server has to answer: the callers that wait for it have waited for the pool before.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long its answer is reused for all callers.
const HOLDS: Duration = Duration::from_secs(2);

/// The link to a server.
pub struct Link {
    options: PgConnectOptions,
    name: String,
    is_down: AtomicBool,
    /// What the server said last, and when. Locked while the server is asked, so that it is asked once.
    said: Mutex<Option<((String, bool), Instant)>>,
    line: LogThrottle,
    /// Open while the server cannot be reached: otherwise each call would wait as long as the pool retries.
    circuit: Circuit,
}

impl Link {
    pub fn new(options: PgConnectOptions) -> Link {
        let name = super::name_of(&options);
        let (is_down, said, line) = (AtomicBool::new(false), Mutex::default(), LogThrottle::new());
        Link { options, name, is_down, said, line, circuit: Circuit::new("store") }
    }

    /// Asks whether it makes sense to call the server now.
    pub fn admit(&self) -> Result<(), Open> {
        self.circuit.admit()
    }

    /// Records that work succeeded, so the server is reachable.
    pub fn works(&self) {
        self.circuit.answered();
        if self.is_down.load(Ordering::Relaxed) && self.is_down.swap(false, Ordering::Relaxed) {
            tracing::info!(database = self.name, "the database answers again");
        }
    }

    /// Returns a helpful text for an error. It contains no password.
    pub async fn why(&self, error: sqlx::Error) -> String {
        let (why, is_there) = match error {
            sqlx::Error::PoolTimedOut => self.ask().await,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) => (self.broke(&error), false),
            error if super::ends(&error) => (self.broke(&error), false),
            error if super::turns_away(&error) => (open::refused(&self.options, &self.name, error).to_string(), false),
            // The server answered. A slow or refused statement says nothing about later ones.
            error => {
                self.circuit.answered();
                return error.to_string();
            }
        };
        if is_there {
            self.circuit.answered();
        } else {
            self.circuit.failed(&why);
        }
        if let Some(repeated) = self.line.admit(&why, Instant::now()) {
            self.is_down.store(true, Ordering::Relaxed);
            tracing::error!(why, repeated, "database cannot be used");
        }
        why
    }

    /// Records that a transaction was not answered, although the server ends its statements before that time.
    pub fn is_silent(&self) {
        self.circuit.failed(&format!("{} does not answer", self.name));
    }

    fn broke(&self, error: &sqlx::Error) -> String {
        format!("the connection to {} broke: {error}", self.name)
    }

    /// Connects once beside the pool. Returns what is wrong, and whether the server is reachable all the same.
    async fn ask(&self) -> (String, bool) {
        let mut said = self.said.lock().await;
        if let Some((why, at)) = &*said
            && at.elapsed() < HOLDS
        {
            return why.clone();
        }
        let why = match open::connect(&self.options, &self.name, PATIENCE).await {
            Err(why) => (why.to_string(), false),
            Ok(connection) => {
                // The connection served only this check, so it does not matter whether the close message arrives.
                let _ = sqlx::Connection::close(connection).await;
                (format!("all of this node's connections to {} are busy", self.name), true)
            }
        };
        *said = Some((why.clone(), Instant::now()));
        why
    }
}
