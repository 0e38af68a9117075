//! Creates golden data: what this release stores and sends to other nodes, and what it answers about it. A later
//! release must be able to read all of it (`tests/tests/it/golden.rs`). Run it once for each release, from its commit:
//!
//! `cargo run --profile ci -p tests --bin golden -- tests/fixtures/COMMIT`

mod dump;
mod monitor;
mod scenario;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use local_servers::{AWS_KEYS, AWS_REGION, Redis, shared};
use serde_json::Value;
use tests::backends::{Backends, Profile};
use tests::person::Person;
use tests::server::{Server, Settings};

/// The database of the embedded profile, below its data folder.
const SQLITE: &str = "palaver.db";
/// The folder of files, below the data folder of every store here.
const FILES: &str = "files";

#[tokio::main]
async fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: golden FOLDER")?);
    sqlite(&folder.join("sqlite")).await?;
    postgresql(&folder.join("postgresql"), &folder.join("bus.jsonl")).await?;
    dynamodb(&folder.join("dynamodb")).await?;
    gateway(&folder.join("gateway-sessions.jsonl")).await?;
    println!("the golden data is in {}", folder.display());
    Ok(())
}

async fn sqlite(folder: &Path) -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut server = Settings::default().data(data.path()).start().await;
    let expected = scenario::play(&server).await;
    end(&mut server).await?;
    keep(folder, data.path(), &expected)?;
    // A clean shutdown removes the write-ahead log, so this one file is complete.
    std::fs::copy(data.path().join(SQLITE), folder.join(SQLITE))?;
    Ok(())
}

async fn postgresql(folder: &Path, bus: &Path) -> Result<()> {
    let postgres = shared::postgres();
    let database = postgres.new_database_like("template0");
    let redis = Redis::start();
    let heard = monitor::start(redis.port()).await?;

    let data = tempfile::tempdir()?;
    let variables = [("DATABASE_URL", postgres.url_of(&database)), ("REDIS_URL", redis.url())];
    let backends = Backends::with_variables(variables).await;
    let mut server = Settings::default().on(&backends).data(data.path()).start().await;
    let expected = scenario::play(&server).await;
    end(&mut server).await?;
    keep(folder, data.path(), &expected)?;
    std::fs::write(folder.join("dump.sql"), postgres.dump(&database))?;
    std::fs::write(bus, heard.messages())?;
    Ok(())
}

async fn dynamodb(folder: &Path) -> Result<()> {
    let local = shared::dynamodb_local();
    let data = tempfile::tempdir()?;
    let variables = [
        ("DATABASE_URL", "dynamodb:golden".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", local.endpoint()),
        ("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", local.endpoint()),
        ("AWS_ACCESS_KEY_ID", AWS_KEYS.0.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", AWS_KEYS.1.to_owned()),
        ("AWS_REGION", AWS_REGION.to_owned()),
    ];
    let backends = Backends::with_variables(variables).await;
    let mut server = Settings::default().on(&backends).data(data.path()).start().await;
    let expected = scenario::play(&server).await;
    end(&mut server).await?;
    keep(folder, data.path(), &expected)?;
    let items = dump::items(&local.endpoint(), "golden").await?;
    std::fs::write(folder.join("items.jsonl"), dump::lines(&items))?;
    Ok(())
}

/// The states of sockets that API Gateway holds: one that waits for its hello, and one that is signed in.
async fn gateway(file: &Path) -> Result<()> {
    let backends = Backends::fresh(Profile::Gateway).await.context("the profile has backends")?;
    let server = Settings::default().on(&backends).start().await;
    let ada = Person::register(&server, "ada").await;
    let mut signed_in = ada.connect().await;
    signed_in.catch_up("@me", 0).await;
    let waiting = tests::socket::Socket::silent(&server.websocket()).await;
    let items = dump::items(&shared::ministack().endpoint(), backends.database()).await?;
    let states: Vec<Value> = items.into_iter().filter(dump::is_socket).collect();
    anyhow::ensure!(states.len() == 2, "{} sockets are kept, not two", states.len());
    std::fs::write(file, dump::lines(&states))?;
    drop((signed_in, waiting));
    Ok(())
}

async fn end(server: &mut Server) -> Result<()> {
    server.ask_to_end();
    let status = server.ended().await;
    anyhow::ensure!(status.success(), "the server ended with {status}");
    Ok(())
}

/// Keeps what every store has besides its rows: the bytes of files, and the server's answers.
fn keep(folder: &Path, data: &Path, expected: &Value) -> Result<()> {
    copy(&data.join(FILES), &folder.join(FILES))?;
    std::fs::write(folder.join("expected.json"), serde_json::to_string_pretty(expected)? + "\n")?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let (from, to) =
            (entry.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?.path(), to.join(entry?.file_name()));
        if from.is_dir() {
            copy(&from, &to)?;
        } else {
            std::fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
