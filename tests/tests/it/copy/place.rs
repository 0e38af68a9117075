//! An installation that is a source or a target of a copy, on a store of each kind.

use std::process::Output;

use local_servers::{AWS_REGION, shared};
use serde_json::Value;
use service::auth::SigningKeys;
use tempfile::TempDir;
use tests::backends::Backends;
use tests::binary;
use tests::server::{Server, Settings};

use crate::setup::generous;

/// Where an installation is.
pub struct Place {
    data: TempDir,
    backends: Option<Backends>,
    url: String,
    bucket: Option<String>,
}

/// Returns the key of all installations: people stay signed in only if it moves with the data.
fn signing_key() -> &'static str {
    static KEY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    KEY.get_or_init(|| SigningKeys::generate().to_pem())
}

impl Place {
    /// Returns the settings of the servers that every command of a copy may need. Amazon's own emulator accepts any key.
    pub fn variables() -> Vec<(&'static str, String)> {
        let (s3, dynamodb) = (shared::versitygw(), shared::dynamodb_local().endpoint());
        vec![
            ("AWS_ENDPOINT_URL_S3", s3.endpoint()),
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.clone()),
            ("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", dynamodb),
            ("AWS_ACCESS_KEY_ID", s3.access_key().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", s3.secret_key().to_owned()),
            ("AWS_REGION", AWS_REGION.to_owned()),
            ("PALAVER_S3_PATH_STYLE", "true".to_owned()),
            ("PALAVER_S3_PRESIGN", "off".to_owned()),
            ("PALAVER_SIGNING_KEY", signing_key().to_owned()),
        ]
    }

    /// A new data folder.
    pub fn sqlite() -> Place {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite:{}", data.path().join("data").display());
        Place { data, backends: None, url, bucket: None }
    }

    /// A new database, with a new bucket.
    pub async fn postgres() -> Place {
        let postgres = shared::postgres();
        let url = postgres.url_of(&postgres.new_database_like("template0"));
        Place::elsewhere(url).await
    }

    /// A new table, with a new bucket.
    pub async fn dynamodb() -> Place {
        Place::elsewhere(format!("dynamodb:copy-{}", uuid::Uuid::now_v7())).await
    }

    async fn elsewhere(url: String) -> Place {
        let bucket = format!("s3://copy-{}", uuid::Uuid::now_v7());
        let mut all = Place::variables();
        all.extend([("DATABASE_URL", url.clone()), ("PALAVER_FILES", bucket.clone())]);
        let backends = Some(Backends::with_variables(all).await);
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        Place { data, backends, url, bucket: Some(bucket) }
    }

    /// Returns the URL of the store, as `--from` and `--to` take it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the kind of its store.
    pub fn kind(&self) -> &str {
        self.url.split(':').next().unwrap_or_default()
    }

    /// Returns the URL of the bucket.
    ///
    /// # Panics
    /// If its files are in a folder.
    pub fn bucket(&self) -> &str {
        self.bucket.as_deref().expect("its files are in a bucket")
    }

    /// Returns the data folder.
    pub fn data(&self) -> std::path::PathBuf {
        self.data.path().join("data")
    }

    /// Returns whether anything was created in it.
    pub fn has_data(&self) -> bool {
        self.data().exists()
    }

    fn settings(&self) -> Settings {
        let settings = generous().variable("PALAVER_SIGNING_KEY", signing_key()).data(&self.data());
        match &self.backends {
            Some(backends) => settings.on(backends),
            None => settings,
        }
    }

    /// Starts a server on it.
    pub async fn start(&self) -> Server {
        self.settings().start().await
    }

    /// Starts a server that is expected to end by itself, and returns what it said.
    pub async fn refuses_to_start(&self) -> String {
        let mut command = self.settings().command();
        command.arg("--data").arg(self.data()).args(["--listen", "127.0.0.1:0"]);
        let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it does not panic");
        let ended = ended.expect("palaver can be started");
        assert!(!ended.status.success());
        String::from_utf8_lossy(&ended.stderr).into_owned()
    }

    /// Runs a command on it.
    pub async fn palaver(&self, arguments: &[&str]) -> Output {
        let mut command = binary::clean(binary::full());
        command.args(arguments).arg("--data").arg(self.data()).envs(Place::variables());
        if let Some(bucket) = &self.bucket {
            command.env("DATABASE_URL", &self.url).env("PALAVER_FILES", bucket);
        }
        output(command).await
    }
}

async fn output(mut command: std::process::Command) -> Output {
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it does not panic");
    ended.expect("palaver can be started")
}

/// Runs `palaver copy` from one place to another.
pub async fn copy(from: &Place, to: &Place, more: &[&str]) -> Output {
    let mut command = binary::clean(binary::full());
    command.args(["copy", "--from", from.url(), "--to", to.url()]).args(more).envs(Place::variables());
    command.current_dir(from.data.path());
    for (flag, bucket) in [("--from-files", &from.bucket), ("--to-files", &to.bucket)] {
        if let Some(bucket) = bucket {
            command.args([flag, bucket]);
        }
    }
    let output = output(command).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    output
}

/// Returns the report of a copy or a checksum: its last line.
#[track_caller]
pub fn report(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", output.status);
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = lines.lines().last().expect("it prints a report");
    serde_json::from_str(last).unwrap_or_else(|_| panic!("not a report: {last}"))
}

/// Returns the hashes of a copy, which do not depend on the store.
#[track_caller]
pub fn copied(output: &Output) -> Value {
    let mut report = report(output);
    let epoch = report.as_object_mut().expect("an object").remove("epoch");
    assert!(epoch.is_some_and(|epoch| epoch.is_string()), "a complete copy has an epoch");
    report
}

/// Returns the hashes of what is stored at a place, with the line of each log.
pub async fn checksum(place: &Place) -> Value {
    let output = place.palaver(&["checksum", "--json"]).await;
    let report = report(&output);
    let lines = String::from_utf8_lossy(&output.stdout).lines().count() as u64;
    assert_eq!(report["logs"]["count"], lines - 1, "each log has a line");
    report
}

/// Checks that a command failed, and said this.
#[track_caller]
pub fn failed_with(output: &Output, word: &str) {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && errors.contains(word), "{}\n{errors}", output.status);
    assert!(!errors.contains("panicked") && !errors.contains("secret"), "{errors}");
}
