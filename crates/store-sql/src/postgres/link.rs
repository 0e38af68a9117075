//! What it means that no connection is to be had. A pool tries again until its time is over and then tells only that; so
//! the server is asked once, without the pool, and what it says is told: to who asked, and now and then in the log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use service::Circuit;
use service::circuit::Open;
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
    said: Mutex<Option<((String, bool), Instant)>>,
    line: LogThrottle,
    /// Open while the server cannot be reached: each call would wait for the pool as long as that tries.
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

    /// Work went well: the server is there.
    pub fn works(&self) {
        self.circuit.answered();
        if self.is_down.load(Ordering::Relaxed) && self.is_down.swap(false, Ordering::Relaxed) {
            tracing::info!(database = self.name, "the database answers again");
        }
    }

    /// What an error means, in words that help. No password is in them.
    pub async fn why(&self, error: sqlx::Error) -> String {
        let (why, is_there) = match error {
            sqlx::Error::PoolTimedOut => self.ask().await,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) => (self.broke(&error), false),
            error if super::ends(&error) => (self.broke(&error), false),
            error if super::turns_away(&error) => (open::refused(&self.options, &self.name, error).to_string(), false),
            // The server answered. A statement that was slow, or refused, says nothing of those to come.
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
            tracing::error!(why, repeated, "the database cannot be used");
        }
        why
    }

    /// Notes that a transaction was not answered, though the server ends its statements before that time.
    pub fn is_silent(&self) {
        self.circuit.failed(&format!("{} does not answer", self.name));
    }

    fn broke(&self, error: &sqlx::Error) -> String {
        format!("the connection to {} broke: {error}", self.name)
    }

    /// Connects once beside the pool. Returns what is wrong, and whether the server is there all the same.
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
                // It is asked for this only: whether the good-bye arrives does not matter.
                let _ = sqlx::Connection::close(connection).await;
                (format!("all of this node's connections to {} are busy", self.name), true)
            }
        };
        *said = Some((why.clone(), Instant::now()));
        why
    }
}
