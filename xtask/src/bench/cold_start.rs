//! The row `cold-start`: how large each function is as it is deployed, and how long it takes from its start to its
//! first request for an event, and to the answer of an event that needs its store. Everything behind a function is real
//! and on this machine; only Lambda itself is emulated.

mod runtime;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use local_servers::{AWS_REGION, DynamoDbLocal, Redis, VersityGw};
use serde_json::{Map, Value, json};

use runtime::{Runtime, Took};

use crate::cloud::cargo_lambda;
use crate::process;
use crate::workspace::{PROFILE, Workspace};

/// The functions, by their names in the cloud.
const DEPLOYED: [&str; 7] = ["auth", "rooms", "presence", "notifications", "files", "feed", "gateway"];
/// The cargo profile that they are deployed with.
const FUNCTION: &str = "function";
/// The program that they are compared with.
const HELLO: &str = "hello-lambda";
/// The number of rounds, each with one start of each program.
const ROUNDS: usize = 11;
/// The maximum size of a function, in bytes.
const LARGEST: u64 = 12_000_000;
/// The maximum ratio of a start to the comparison's.
const SLOWEST: f64 = 1.5;
/// The functions that a stream or a WebSocket API invokes; the others are called by HTTP.
const NOT_HTTP: [&str; 2] = ["feed", "gateway"];

/// Builds, measures, and returns a row for each program.
pub fn run(workspace: &Workspace) -> Result<Vec<Map<String, Value>>> {
    local_servers::install()?;
    process::run(
        Command::new(cargo_lambda()?).args(["lambda", "build", "--profile", FUNCTION]).current_dir(workspace.root()),
    )?;
    process::run(&mut workspace.cargo(&["build", "--profile", FUNCTION, "--package", HELLO]))?;
    let program = |name: &str| match name {
        HELLO => workspace.built(FUNCTION).join(name),
        _ => workspace.built("lambda").join(name).join("bootstrap"),
    };

    let (dynamo, redis, files) = (DynamoDbLocal::start(), Redis::start(), VersityGw::start());
    let environment = [
        ("DATABASE_URL", "dynamodb:palaver".to_owned()),
        ("REDIS_URL", redis.url()),
        ("PALAVER_FILES", "s3://palaver-files".to_owned()),
        ("PALAVER_SIGNING_KEY", key()?),
        ("PALAVER_S3_PATH_STYLE", "true".to_owned()),
        ("AWS_ENDPOINT_URL", dynamo.endpoint()),
        ("AWS_ENDPOINT_URL_S3", files.endpoint()),
        ("AWS_REGION", AWS_REGION.to_owned()),
        // DynamoDB Local accepts any credentials.
        ("AWS_ACCESS_KEY_ID", files.access_key().to_owned()),
        ("AWS_SECRET_ACCESS_KEY", files.secret_key().to_owned()),
    ];
    let palaver = workspace.build_with_every_adapter(PROFILE)?.join("palaver");
    let folder = tempfile::tempdir()?;
    let mut migrate = Command::new(palaver);
    migrate.arg("migrate").arg("--data").arg(folder.path()).envs(environment.clone());
    process::run(&mut migrate)?;

    let names: Vec<&str> = [HELLO].into_iter().chain(DEPLOYED).collect();
    let mut starts: Vec<Vec<Took>> = names.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (name, starts) in names.iter().zip(&mut starts) {
            starts.push(start(name, &program(name), &environment)?);
        }
    }
    names.iter().zip(&starts).map(|(name, of)| row(name, &program(name), of, &starts[0])).collect()
}

fn row(name: &str, program: &Path, starts: &[Took], hello: &[Took]) -> Result<Map<String, Value>> {
    let bytes = std::fs::metadata(program)?.len();
    let (asked, ratio) = figures(starts, hello, |took| took.asked);
    let (answered, answered_ratio) = figures(starts, hello, |took| took.answered);
    let ok = name == HELLO || (bytes <= LARGEST && ratio <= SLOWEST);
    let row = json!({
        "bench": "cold-start", "what": name, "value": asked, "unit": "ms",
        "bar": format!("{SLOWEST} × {HELLO}, {} MB", LARGEST / 1_000_000), "ok": ok,
        "ratio": ratio, "mb": rounded(bytes as f64 / 1e6), "answered ms": answered, "answered ratio": answered_ratio,
    });
    let Value::Object(row) = row else { unreachable!("it is written as an object") };
    Ok(row)
}

/// Returns the median of the starts' times, in milliseconds, and of their ratios to the comparison's in the same round.
fn figures(starts: &[Took], hello: &[Took], of: impl Fn(&Took) -> Duration) -> (f64, f64) {
    let ms = |took: &Took| of(took).as_secs_f64() * 1_000.0;
    let ratios = starts.iter().zip(hello).map(|(took, hello)| ms(took) / ms(hello)).collect();
    (rounded(median(starts.iter().map(ms).collect())), rounded(median(ratios)))
}

/// Starts a program and takes it through its first event: one that makes it read its store, or reports no change at
/// all.
fn start(name: &str, program: &PathBuf, environment: &[(&str, String)]) -> Result<Took> {
    let runtime = Runtime::listen()?;
    let address = runtime.address()?;
    let mut command = Command::new(program);
    command.envs(environment.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("AWS_LAMBDA_RUNTIME_API", address.to_string()).env("AWS_LAMBDA_FUNCTION_NAME", "bench");
    command.env("AWS_LAMBDA_FUNCTION_VERSION", "1").env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
    // Lambda's own file system is not writable either.
    command.env("PALAVER_DATA", "/proc/nothing");
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    let event = if NOT_HTTP.contains(&name) { json!({ "Records": [] }) } else { health() };
    let took = runtime.first_event(&mut child, began, &event);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
    took.with_context(|| format!("the start of {name}"))
}

/// Returns `GET /health` as an event of an HTTP API, payload format 2.0.
fn health() -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/health", "rawQueryString": "",
        "headers": { "accept": "application/json", "host": "example.org" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "example.org", "domainPrefix": "api",
            "http": { "method": "GET", "path": "/health", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x" },
            "requestId": "id", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:08:00:00 +0000", "timeEpoch": 1_795_248_000_000_u64
        },
        "isBase64Encoded": false
    })
}

/// Returns a new signing key; nothing is signed with it.
fn key() -> Result<String> {
    process::read(Command::new("openssl").args(["genpkey", "-algorithm", "ed25519"]))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
