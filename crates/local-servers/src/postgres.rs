//! One PostgreSQL, fast and without durability: nothing is synced to disk. Owns the cluster's folder, its process, and
//! the databases for tests. If it is started by root, it runs as an unprivileged user, because PostgreSQL refuses root.

mod replica;

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use tempfile::TempDir;

pub use replica::Replica;

use crate::process::{Process, User, or_panic, run};
use crate::{folder, port, tools};

const USER: &str = "palaver";
/// The maximum number of connections of a whole test binary, each of whose tests has a pool.
const CONNECTIONS: &str = "max_connections=400";
/// The users to run the server as if a test runs as root, in this order.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    port: u16,
    password: String,
    databases: AtomicU32,
    user: Option<User>,
    folder: TempDir,
}

impl Postgres {
    /// Creates a cluster and starts it on a free port.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start() -> Self {
        Self::start_on(port::free())
    }

    /// Creates a cluster and starts it on this port.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_on(port: u16) -> Self {
        or_panic(Self::try_start(port))
    }

    fn try_start(port: u16) -> Result<Self> {
        let folder = folder::new("postgres")?;
        let user = unprivileged(folder.path())?;
        // Only this process can know the password, so that no other user of the machine can connect.
        let password = folder.path().file_name().and_then(|name| name.to_str()).context("a folder has a name")?;
        let password = password.rsplit('-').next().unwrap_or(password).to_owned();
        let secret = folder.path().join("password");
        std::fs::write(&secret, &password)?;
        own(&secret, user)?;

        let mut initdb = as_user(&tools::program("initdb")?, user)?;
        initdb.arg("--pgdata").arg(folder.path().join("data")).args(["--username", USER, "--pwfile"]).arg(&secret);
        initdb.args(["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]);
        run(initdb.current_dir(folder.path())).context("cannot create the database cluster")?;

        let mut postgres = Self { process: None, port, password, databases: AtomicU32::new(0), user, folder };
        postgres.run()?;
        Ok(postgres)
    }

    fn run(&mut self) -> Result<()> {
        let process = server(self.folder.path(), self.port, self.user, &[], |port| {
            query(port, &self.password, "postgres", "SELECT 1").is_ok()
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL of the database `postgres`, which always exists.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Returns the URL of a database.
    pub fn url_of(&self, database: &str) -> String {
        url(self.port, &self.password, database)
    }

    /// Returns the URL of a new, empty database.
    ///
    /// # Panics
    /// If it cannot be created.
    pub fn new_database(&self) -> String {
        self.url_of(&self.new_database_like("template0"))
    }

    /// Returns the name of a new database that starts as a copy of another, which must have no connections.
    ///
    /// # Panics
    /// If it cannot be created.
    pub fn new_database_like(&self, template: &str) -> String {
        let name = format!("palaver_{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        name
    }

    /// Runs a statement in a database and returns the rows, columns separated by `|`.
    ///
    /// # Panics
    /// If it fails.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        or_panic(query(self.port, &self.password, database, statement))
    }

    /// Returns a database as SQL that recreates it in an empty one.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn dump(&self, database: &str) -> String {
        or_panic(self.try_dump(database))
    }

    fn try_dump(&self, database: &str) -> Result<String> {
        let mut dump = Command::new(tools::program("pg_dump")?);
        dump.args(["--inserts", "--no-owner", "--no-privileges", "--dbname"]).arg(address(self.port, database));
        run(dump.env("PGPASSWORD", &self.password))
    }

    /// Runs the statements of a file in a database, such as those of [`Postgres::dump`].
    ///
    /// # Panics
    /// If one of them fails.
    pub fn load(&self, database: &str, file: &Path) {
        or_panic(self.try_load(database, file));
    }

    fn try_load(&self, database: &str, file: &Path) -> Result<String> {
        run(psql(self.port, &self.password, database)?.arg("--file").arg(file))
    }

    /// Kills it. Committed data is available again after [`Postgres::restart`].
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Restarts it on the same port and the same data.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn restart(&mut self) {
        self.kill();
        or_panic(self.run());
    }

    /// Starts a streaming read replica, which has caught up with everything committed before this call.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn replica(&self) -> Replica {
        or_panic(Replica::try_start(self))
    }
}

/// Starts a server on a folder with a cluster in `data`.
fn server(
    folder: &Path,
    port: u16,
    user: Option<User>,
    options: &[&str],
    is_ready: impl Fn(u16) -> bool,
) -> Result<Process> {
    let mut command = Command::new(tools::program("postgres")?);
    command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]).current_dir(folder);
    let always =
        ["listen_addresses=127.0.0.1", "unix_socket_directories=", CONNECTIONS, "fsync=off", "full_page_writes=off"];
    for option in always.iter().chain(options) {
        command.args(["-c", option]);
    }
    let log = folder.join("log");
    let mut process = Process::start_as("PostgreSQL", &command, log, user)?;
    process.wait_until(|| is_ready(port))?;
    Ok(process)
}

fn url(port: u16, password: &str, database: &str) -> String {
    format!("postgres://{USER}:{password}@127.0.0.1:{port}/{database}")
}

fn query(port: u16, password: &str, database: &str, statement: &str) -> Result<String> {
    Ok(run(psql(port, password, database)?.args(["--command", statement]))?.trim_end().to_owned())
}

fn psql(port: u16, password: &str, database: &str) -> Result<Command> {
    let mut psql = Command::new(tools::program("psql")?);
    psql.args(["--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname"]);
    psql.arg(address(port, database)).env("PGPASSWORD", password);
    Ok(psql)
}

/// Returns a URL without the password, which is passed in the environment, where other users cannot read it.
fn address(port: u16, database: &str) -> String {
    format!("postgres://{USER}@127.0.0.1:{port}/{database}")
}

/// Returns the user to run as; none if this process may stay its own user. Gives the folder to that user.
fn unprivileged(folder: &Path) -> Result<Option<User>> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).filter(|fields| fields.len() > 3);
    let fields: Vec<_> = fields.collect();
    let found = UNPRIVILEGED.iter().find_map(|name| fields.iter().find(|fields| fields[0] == *name));
    let found = found.context("PostgreSQL does not run as root, and the user `postgres` or `nobody` does not exist")?;
    let user = User { id: found[2].parse()?, group: found[3].parse()? };
    own(folder, Some(user))?;
    Ok(Some(user))
}

fn own(path: &Path, user: Option<User>) -> Result<()> {
    let Some(user) = user else { return Ok(()) };
    chown(path, Some(user.id), Some(user.group))
        .with_context(|| format!("cannot change the owner of {}", path.display()))
}

/// Returns a command that runs as the user.
fn as_user(program: &Path, user: Option<User>) -> Result<Command> {
    let Some(user) = user else { return Ok(Command::new(program)) };
    let mut command = Command::new(tools::program("setpriv")?);
    command.args(user.arguments()).arg("--").arg(program);
    Ok(command)
}

#[cfg(test)]
mod tests;
