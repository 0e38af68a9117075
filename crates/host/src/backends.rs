//! Chooses the adapter for each port from the settings: one setting per port.

use crate::config::Config;

use crate::Secret;

/// Where rows and logs are stored: `DATABASE_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreBackend {
    /// SQLite, in the data folder. The default.
    Sqlite,
    /// PostgreSQL.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: Secret,
        /// A read replica for history: `DATABASE_REPLICA_URL`.
        replica: Option<Secret>,
    },
    /// A DynamoDB table: `dynamodb:TABLE`. Endpoint, region and credentials are those of the AWS SDK.
    DynamoDb {
        /// The table's name.
        table: String,
    },
}

/// Where the bytes of files are stored: `PALAVER_FILES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobsBackend {
    /// A folder below the data folder. The default.
    Folder,
    /// An S3 bucket: `s3://BUCKET`. Endpoint, region and credentials are those of the AWS SDK.
    S3(S3Bucket),
}

/// A bucket, and how clients reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Bucket {
    /// The bucket's name.
    pub name: String,
    /// `endpoint/bucket/key` instead of `bucket.endpoint/key`: `PALAVER_S3_PATH_STYLE`.
    pub path_style: bool,
    /// The server's endpoint, if it is not the one that the AWS SDK finds: `PALAVER_S3_ENDPOINT`.
    pub endpoint: Option<String>,
    /// The access key and its secret, if they are not those that the AWS SDK finds: `PALAVER_S3_ACCESS_KEY` and
    /// `PALAVER_S3_SECRET_KEY`.
    pub credentials: Option<(Secret, Secret)>,
    /// The endpoint for browsers, if it differs from the server's: `PALAVER_S3_PUBLIC_ENDPOINT`.
    pub public_endpoint: Option<String>,
    /// Whether large files are transferred directly between clients and the bucket: `PALAVER_S3_PRESIGN`.
    pub presign: bool,
}

impl S3Bucket {
    /// Returns the bucket of this name, with everything else as it is by default.
    pub fn new(name: impl Into<String>) -> Self {
        S3Bucket {
            name: name.into(),
            path_style: false,
            endpoint: None,
            credentials: None,
            public_endpoint: None,
            presign: true,
        }
    }
}

/// What connects the nodes: `REDIS_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusBackend {
    /// No bus: a single process. The default.
    InProcess,
    /// Redis: `redis://`, `rediss://`, and the forms for Sentinel and Cluster that `bus` documents.
    Redis {
        /// The URL, including its password.
        url: Secret,
        /// The prefix of all keys and channels: `PALAVER_REDIS_PREFIX`.
        prefix: String,
    },
}

/// The adapters of all ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backends {
    /// The store for rows and logs.
    pub store: StoreBackend,
    /// Number of concurrent read connections to an SQL store: `PALAVER_DATABASE_READERS`. `None` means the adapter's
    /// default.
    pub readers: Option<u32>,
    /// The store for the bytes of files.
    pub blobs: BlobsBackend,
    /// The bus and presence.
    pub bus: BusBackend,
}

impl Backends {
    /// Reads the backends from the settings and adds each problem to `config`.
    pub fn read(config: &mut Config) -> Backends {
        Backends { store: store(config), readers: readers(config), blobs: blobs(config), bus: bus(config) }
    }

    /// Returns what an operator should know about limits that are not counted by all processes together.
    pub fn limits_note(&self, is_lambda: bool) -> Option<&'static str> {
        match (&self.bus, &self.store) {
            (BusBackend::Redis { .. }, _) | (_, StoreBackend::Sqlite) => None,
            (BusBackend::InProcess, StoreBackend::DynamoDb { .. }) if is_lambda => Some(
                "sign-ins are counted in the table, calls and sends by each instance of a function; set REDIS_URL to count all of them together",
            ),
            (BusBackend::InProcess, _) => Some(
                "each node counts sign-ins, calls and sends by itself, so several nodes admit several times as many; set REDIS_URL to count them together",
            ),
        }
    }

    /// Returns the profile's name, as in the documentation.
    pub fn profile(&self) -> &'static str {
        match &self.store {
            StoreBackend::Sqlite => "embedded",
            StoreBackend::Postgres { .. } => "self-hosted",
            StoreBackend::DynamoDb { .. } => "aws",
        }
    }

    /// Returns each setting that names an adapter which this program was built without, and that adapter.
    pub fn absent(&self) -> Vec<(&'static str, &'static str)> {
        let store = match &self.store {
            StoreBackend::Sqlite => (cfg!(feature = "embedded"), "SQLite"),
            StoreBackend::Postgres { .. } => (cfg!(feature = "postgres"), "PostgreSQL"),
            StoreBackend::DynamoDb { .. } => (cfg!(feature = "dynamodb"), "DynamoDB"),
        };
        let blobs = (self.blobs == BlobsBackend::Folder || cfg!(feature = "s3"), "S3");
        let bus = (self.bus == BusBackend::InProcess || cfg!(feature = "redis"), "Redis");
        let all = [("DATABASE_URL", store), ("PALAVER_FILES", blobs), ("REDIS_URL", bus)];
        all.into_iter().filter(|(_, (there, _))| !there).map(|(name, (_, adapter))| (name, adapter)).collect()
    }

    /// Returns whether any adapter stores its data in the data folder, so that only one process uses it.
    pub fn is_local(&self) -> bool {
        self.store == StoreBackend::Sqlite
    }
}

fn store(config: &mut Config) -> StoreBackend {
    const KEY: &str = "DATABASE_URL";
    const REPLICA: &str = "DATABASE_REPLICA_URL";
    let replica = config.optional(REPLICA);
    let url = config.optional(KEY).unwrap_or_else(|| "sqlite:".to_owned());
    let backend = match url.split_once(':') {
        Some(("sqlite", "")) => StoreBackend::Sqlite,
        Some(("sqlite", _)) => {
            config
                .problem(KEY, "SQLite's file is in the data folder: remove this setting and set PALAVER_DATA instead");
            StoreBackend::Sqlite
        }
        Some(("postgres" | "postgresql", _)) => {
            check(config, KEY, postgres(&url));
            if let Some(replica) = &replica {
                check(config, REPLICA, postgres(replica));
            }
            return StoreBackend::Postgres { url: Secret::new(url), replica: replica.map(Secret::new) };
        }
        Some(("dynamodb", table)) => {
            let table = table.trim_start_matches('/').to_owned();
            if !is_name(&table) {
                config.problem(
                    KEY,
                    "the table name must consist of 3 to 255 letters, digits, dots, dashes or underscores",
                );
            }
            StoreBackend::DynamoDb { table }
        }
        _ => {
            config.problem(KEY, "must be postgres://… or dynamodb:TABLE; leave it unset for SQLite in the data folder");
            StoreBackend::Sqlite
        }
    };
    if replica.is_some() {
        config.problem(REPLICA, "only PostgreSQL has read replicas: set DATABASE_URL to postgres://…");
    }
    backend
}

fn readers(config: &mut Config) -> Option<u32> {
    const KEY: &str = "PALAVER_DATABASE_READERS";
    config.optional(KEY).map(|_| config.within(KEY, 1, 1..=256))
}

/// Adds an adapter's complaint about a setting, without the setting's value: it may contain a password.
fn check(config: &mut Config, key: &str, checked: Result<(), String>) {
    if let Err(why) = checked {
        config.problem(key, why);
    }
}

/// AWS's rule for table names; the rule for bucket names is similar.
fn is_name(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// Returns the error that starting would give for this URL. A program without PostgreSQL reports that at start.
#[cfg(feature = "postgres")]
fn postgres(url: &str) -> Result<(), String> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err("must be postgres://user:password@host/database".to_owned());
    }
    store_sql::check_url(url).map_err(|error| error.to_string())
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str) -> Result<(), String> {
    Ok(())
}

#[cfg(feature = "redis")]
fn redis(url: &str) -> Result<(), String> {
    ::bus::check_url(url).map_err(|error| error.to_string())
}

#[cfg(not(feature = "redis"))]
fn redis(_: &str) -> Result<(), String> {
    Ok(())
}

fn blobs(config: &mut Config) -> BlobsBackend {
    const KEY: &str = "PALAVER_FILES";
    const PUBLIC: &str = "PALAVER_S3_PUBLIC_ENDPOINT";
    let path_style = config.flag("PALAVER_S3_PATH_STYLE", false);
    let presign = config.flag("PALAVER_S3_PRESIGN", true);
    let public_endpoint = config.optional(PUBLIC);
    if public_endpoint.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
        config.problem(PUBLIC, "must be a URL where browsers can reach S3, such as https://files.example.org");
    }
    let endpoint = config.url("PALAVER_S3_ENDPOINT", &["http", "https"]).map(|url| url.to_string());
    let credentials = s3_credentials(config);
    match config.optional(KEY) {
        None => BlobsBackend::Folder,
        Some(text) => match text.strip_prefix("s3://").map(|rest| rest.trim_end_matches('/')) {
            Some(bucket) if is_name(bucket) => {
                let name = bucket.to_owned();
                BlobsBackend::S3(S3Bucket { name, path_style, endpoint, credentials, public_endpoint, presign })
            }
            _ => {
                config.problem(KEY, "must be s3://BUCKET; leave it unset for a folder below the data folder");
                BlobsBackend::Folder
            }
        },
    }
}

fn s3_credentials(config: &mut Config) -> Option<(Secret, Secret)> {
    const ID: &str = "PALAVER_S3_ACCESS_KEY";
    const SECRET: &str = "PALAVER_S3_SECRET_KEY";
    let (id, secret) = (config.optional(ID), config.optional(SECRET));
    if id.is_some() != secret.is_some() {
        config.problem(if id.is_some() { SECRET } else { ID }, format!("is missing: set both {ID} and {SECRET}"));
    }
    Some((Secret::new(id?), Secret::new(secret?)))
}

fn bus(config: &mut Config) -> BusBackend {
    let prefix = config.text("PALAVER_REDIS_PREFIX", "palaver");
    match config.optional("REDIS_URL") {
        None => BusBackend::InProcess,
        Some(url) => {
            check(config, "REDIS_URL", redis(&url));
            BusBackend::Redis { url: Secret::new(url), prefix }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(&str, &str)]) -> Result<Backends, Vec<String>> {
        let lookup = |name: &str| values.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut config = Config::from_lookup(lookup);
        let backends = Backends::read(&mut config);
        config.finish(backends).map_err(|errors| errors.problems().iter().map(|problem| problem.key.clone()).collect())
    }

    #[test]
    fn the_defaults_are_the_embedded_adapters() {
        let backends = read(&[]).expect("the defaults are valid");
        assert_eq!(
            (&backends.store, &backends.blobs, &backends.bus),
            (&StoreBackend::Sqlite, &BlobsBackend::Folder, &BusBackend::InProcess)
        );
        assert!(backends.is_local());
    }

    #[test]
    fn each_port_is_chosen_by_one_setting() {
        let values = [
            ("DATABASE_URL", "postgres://palaver:secret@127.0.0.1/palaver"),
            ("PALAVER_FILES", "s3://bytes"),
            ("REDIS_URL", "redis://127.0.0.1"),
        ];
        let backends = read(&values).expect("all values are valid");
        assert!(matches!(&backends.store, StoreBackend::Postgres { replica: None, .. }));
        let bucket = S3Bucket::new("bytes");
        assert_eq!(backends.blobs, BlobsBackend::S3(bucket));
        assert!(matches!(backends.bus, BusBackend::Redis { .. }));
        assert!(!format!("{backends:?}").contains("secret"), "the password is not printed");
        let table = read(&[("DATABASE_URL", "dynamodb:palaver")]).expect("a table is valid");
        assert_eq!(table.store, StoreBackend::DynamoDb { table: "palaver".into() });
    }

    #[test]
    fn limits_that_each_process_counts_are_noted_where_there_may_be_several() {
        let note = |values: &[(&str, &str)], is_lambda| read(values).expect("valid").limits_note(is_lambda);
        let (postgres, table) = (("DATABASE_URL", "postgres://u@127.0.0.1/p"), ("DATABASE_URL", "dynamodb:palaver"));
        let redis = ("REDIS_URL", "redis://127.0.0.1");
        assert_eq!(
            (note(&[], false), note(&[postgres, redis], false), note(&[table, redis], true)),
            (None, None, None)
        );
        assert!(note(&[postgres], false).is_some_and(|note| note.starts_with("each node")));
        assert!(note(&[table], false).is_some_and(|note| note.starts_with("each node")));
        assert!(note(&[table], true).is_some_and(|note| note.starts_with("sign-ins are counted in the table")));
    }

    #[test]
    fn invalid_values_are_reported() {
        assert_eq!(read(&[("DATABASE_URL", "mysql://x")]), Err(vec!["DATABASE_URL".into()]));
        for table in ["", "//", "a table", "dynamodb\u{e4}"] {
            let url = format!("dynamodb:{table}");
            assert_eq!(read(&[("DATABASE_URL", &url)]), Err(vec!["DATABASE_URL".into()]), "{table}");
        }
        assert_eq!(read(&[("PALAVER_FILES", "s3://a bucket")]), Err(vec!["PALAVER_FILES".into()]));
        assert_eq!(read(&[("PALAVER_FILES", "/mnt/files")]), Err(vec!["PALAVER_FILES".into()]));
        let public = ("PALAVER_S3_PUBLIC_ENDPOINT", "files.example.org");
        assert_eq!(read(&[public]), Err(vec!["PALAVER_S3_PUBLIC_ENDPOINT".into()]));
        assert_eq!(read(&[("DATABASE_REPLICA_URL", "postgres://x")]), Err(vec!["DATABASE_REPLICA_URL".into()]));
    }
}
