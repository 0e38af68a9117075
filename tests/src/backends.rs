//! Where a server stores its data: the profile, and for one test its own part of the servers that the profile needs.
//! Never starts `palaver` to serve; it runs `palaver migrate`, like an operator.

use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use local_servers::{AWS_KEYS, AWS_REGION, DynamoDbLocal, Redis, shared};
use service::auth::SigningKeys;
use tokio::sync::{Mutex, MutexGuard};

use crate::{binary, websocket_api};

/// The variable that names the profile of the tests; `cargo xtask test` runs them once for each.
const PALAVER_TEST_PROFILE: &str = "PALAVER_TEST_PROFILE";

/// The kind of installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// SQLite and a folder, one process.
    Embedded,
    /// PostgreSQL, S3 (versitygw), Redis.
    SelfHosted,
    /// DynamoDB (DynamoDB Local), S3 (ministack), Redis.
    Aws,
    /// DynamoDB (ministack), and sockets held by its API Gateway: a small installation without ws-tier and Redis.
    Gateway,
}

impl Profile {
    /// Returns the profile of this run of the tests.
    ///
    /// # Panics
    /// If the variable names no profile.
    pub fn of_this_run() -> Self {
        match std::env::var(PALAVER_TEST_PROFILE).as_deref() {
            Err(_) | Ok("embedded") => Profile::Embedded,
            Ok("self-hosted") => Profile::SelfHosted,
            Ok("aws") => Profile::Aws,
            Ok("gateway") => Profile::Gateway,
            Ok(other) => panic!("{PALAVER_TEST_PROFILE} is {other:?}: embedded, self-hosted, aws or gateway"),
        }
    }
}

/// One test's own database, bucket and Redis, and the settings for them. Clones share them.
#[derive(Debug, Clone)]
pub struct Backends {
    variables: Vec<(String, String)>,
    database: String,
    redis: Option<Arc<Mutex<Redis>>>,
    /// Kept running as long as the table is in use.
    dynamodb: Option<Arc<DynamoDbLocal>>,
    /// Whether the local cloud's API Gateway holds the sockets.
    holds_sockets: bool,
}

impl Backends {
    /// Returns a fresh part of each server; none for the embedded profile, which needs none.
    ///
    /// # Panics
    /// If a server cannot be started.
    pub async fn fresh(profile: Profile) -> Option<Self> {
        let backends = match profile {
            Profile::Embedded => return None,
            Profile::SelfHosted => Self::self_hosted(),
            Profile::Aws => Self::aws(),
            Profile::Gateway => Self::gateway(),
        };
        backends.migrate().await;
        Some(backends)
    }

    fn self_hosted() -> Self {
        let postgres = shared::postgres();
        let database = postgres.new_database_like("template0");
        Self::self_hosted_with(postgres.url_of(&database), &database)
    }

    /// Returns the self-hosted profile on a database that a test has created itself.
    ///
    /// # Panics
    /// If a server cannot be started.
    pub async fn self_hosted_on(url: String, database: &str) -> Self {
        let backends = Self::self_hosted_with(url, database);
        backends.migrate().await;
        backends
    }

    /// Returns the backends for these settings; every port that they do not name is the embedded one.
    ///
    /// # Panics
    /// If the store does not answer.
    pub async fn with_variables<'a>(variables: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let backends = Self { variables, database: String::new(), redis: None, dynamodb: None, holds_sockets: false };
        backends.migrate().await;
        backends
    }

    fn self_hosted_with(url: String, database: &str) -> Self {
        let s3 = shared::versitygw();
        let mut backends = Self::with(url, database.to_owned());
        backends.set("AWS_ENDPOINT_URL", &s3.endpoint());
        backends.keys(s3.access_key(), s3.secret_key());
        backends
    }

    fn aws() -> Self {
        static TABLES: AtomicU32 = AtomicU32::new(1);
        let table = format!("palaver-{}", TABLES.fetch_add(1, Ordering::Relaxed));
        let mut backends = Self::with(format!("dynamodb:{table}"), table);
        let dynamodb = shared::dynamodb_local_for_a_server();
        for service in ["DYNAMODB", "DYNAMODB_STREAMS"] {
            backends.set(&format!("AWS_ENDPOINT_URL_{service}"), &dynamodb.endpoint());
        }
        backends.dynamodb = Some(dynamodb);
        backends.set("AWS_ENDPOINT_URL_S3", &shared::ministack().endpoint());
        backends.keys(AWS_KEYS.0, AWS_KEYS.1);
        backends
    }

    fn gateway() -> Self {
        static TABLES: AtomicU32 = AtomicU32::new(1);
        let table = format!("palaver-gateway-{}", TABLES.fetch_add(1, Ordering::Relaxed));
        let variables = vec![("DATABASE_URL".to_owned(), format!("dynamodb:{table}"))];
        let mut backends = Self { variables, database: table, redis: None, dynamodb: None, holds_sockets: true };
        backends.set("AWS_ENDPOINT_URL", &shared::ministack().endpoint());
        backends.keys(AWS_KEYS.0, AWS_KEYS.1);
        backends.set("PALAVER_SIGNING_KEY", &SigningKeys::generate().to_pem());
        // The table's stream invokes the feed.
        backends.set("PALAVER_FEED", "off");
        backends
    }

    /// Returns the URL of the sockets if API Gateway holds them: deployed now, for a server with these additional
    /// settings whose page has this origin.
    ///
    /// # Panics
    /// If the local cloud refuses it.
    pub async fn sockets(&self, settings: &[(String, String)], origin: &str) -> Option<String> {
        if !self.holds_sockets {
            return None;
        }
        let mut variables = self.variables.clone();
        variables.extend_from_slice(settings);
        // The API has its own host, so the page's origin differs.
        variables.push(("PALAVER_ORIGINS".to_owned(), origin.to_owned()));
        Some(websocket_api::deploy(&self.database, &variables).await)
    }

    fn with(database_url: String, database: String) -> Self {
        // Channels belong to the whole server, so each test has its own Redis; it starts in 20 ms.
        let redis = Redis::start();
        static BUCKETS: AtomicU32 = AtomicU32::new(1);
        let bucket = BUCKETS.fetch_add(1, Ordering::Relaxed);
        let variables = [
            ("DATABASE_URL", database_url),
            ("PALAVER_FILES", format!("s3://palaver-files-{bucket}")),
            ("PALAVER_S3_PATH_STYLE", "true".to_owned()),
            ("REDIS_URL", redis.url()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { variables, database, redis: Some(Arc::new(Mutex::new(redis))), dynamodb: None, holds_sockets: false }
    }

    fn keys(&mut self, access_key: &str, secret: &str) {
        self.set("AWS_ACCESS_KEY_ID", access_key);
        self.set("AWS_SECRET_ACCESS_KEY", secret);
        self.set("AWS_REGION", AWS_REGION);
    }

    /// Adds a setting for every server on these backends.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Returns the settings for these backends.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// Returns the database's name in PostgreSQL, or the table's in DynamoDB.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Returns the Redis, to be ended and restarted.
    ///
    /// # Panics
    /// If the profile has none.
    pub async fn redis(&self) -> MutexGuard<'_, Redis> {
        self.redis.as_ref().expect("this profile has a Redis").lock().await
    }

    /// Creates the schema or the table, and the bucket, like an operator who installs Palaver.
    async fn migrate(&self) {
        let output = self.palaver(&["migrate"]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`palaver migrate` failed: {said}");
    }

    /// Runs a command of the program with every adapter on these backends, until it ends.
    ///
    /// # Panics
    /// If it cannot be started.
    pub async fn palaver(&self, arguments: &[&str]) -> Output {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut command = binary::clean(binary::full());
        command.args(arguments).arg("--data").arg(folder.path()).envs(self.variables.iter().cloned());
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it does not panic");
        output.expect("palaver can be started")
    }
}
