//! A streaming replica of a PostgreSQL, which a test can pause.

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Postgres, as_user, own, query, server, unprivileged, url};
use crate::process::{Process, or_panic, run};
use crate::{folder, port, tools};

/// A running read replica.
#[derive(Debug)]
pub struct Replica {
    _process: Process,
    port: u16,
    password: String,
    _folder: TempDir,
}

impl Replica {
    pub(super) fn try_start(of: &Postgres) -> Result<Self> {
        let folder = folder::new("replica")?;
        let user = unprivileged(folder.path())?;
        let mut copy = as_user(&tools::program("pg_basebackup")?, user)?;
        copy.arg("--pgdata").arg(folder.path().join("data")).args(["--write-recovery-conf", "--checkpoint", "fast"]);
        copy.args(["--no-sync", "--dbname"]).arg(of.url()).current_dir(folder.path());
        run(&mut copy).context("cannot copy the server")?;
        own(folder.path(), user)?;

        let port = port::free();
        let password = of.password.clone();
        let process = server(folder.path(), port, user, &["hot_standby=on"], |port| {
            query(port, &password, "postgres", "SELECT 1").is_ok()
        })?;
        Ok(Self { _process: process, port, password, _folder: folder })
    }

    /// Returns the URL of a database, which has the same name as on the server that it follows.
    pub fn url_of(&self, database: &str) -> String {
        url(self.port, &self.password, database)
    }

    /// Pauses replication: it shows nothing new from now on.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn pause(&self) {
        self.sql("postgres", "SELECT pg_wal_replay_pause()");
    }

    /// Resumes replication after [`Replica::pause`].
    ///
    /// # Panics
    /// If it does not answer.
    pub fn resume(&self) {
        self.sql("postgres", "SELECT pg_wal_replay_resume()");
    }

    /// Runs a statement in a database and returns the rows, columns separated by `|`.
    ///
    /// # Panics
    /// If the statement fails.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        or_panic(query(self.port, &self.password, database, statement))
    }
}
