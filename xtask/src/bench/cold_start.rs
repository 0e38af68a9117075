//! The row `cold-start`: how large each function is as it is deployed, and how long it takes from its start to its first
//! question for an event. Owns Lambda's half of that question; everything behind a function is real and on this machine.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_servers::{AWS_KEYS, AWS_REGION, DynamoDbLocal, Redis};
use serde_json::{Map, Value, json};

use crate::cloud::cargo_lambda;
use crate::process;
use crate::workspace::{PROFILE, Workspace};

/// The functions, as they are called in the cloud.
const DEPLOYED: [&str; 7] = ["auth", "rooms", "presence", "notifications", "files", "feed", "gateway"];
/// The cargo profile that they are deployed in.
const FUNCTION: &str = "function";
/// What they are compared with.
const HELLO: &str = "hello_lambda";
/// Rounds, each of one start of each program.
const ROUNDS: usize = 11;
/// Bytes that a function may have.
const LARGEST: u64 = 12_000_000;
/// How many times as long as the comparison a start may take.
const SLOWEST: f64 = 1.5;
/// How long a start may take at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Builds, measures, and returns a row for each program.
pub fn run(workspace: &Workspace) -> Result<Vec<Map<String, Value>>> {
    local_servers::install()?;
    let lambda = |arguments: &[&str]| {
        let mut command = Command::new(cargo_lambda()?);
        command.args(["lambda", "build", "--profile", FUNCTION]).args(arguments).current_dir(workspace.root());
        process::run(&mut command)
    };
    lambda(&[])?;
    lambda(&["--package", "notifications", "--example", HELLO])?;
    let program = |name: &str| workspace.built("lambda").join(name).join("bootstrap");

    let (dynamo, redis) = (DynamoDbLocal::start(), Redis::start());
    let environment = [
        ("DATABASE_URL", "dynamodb:palaver".to_owned()),
        ("REDIS_URL", redis.url()),
        ("PALAVER_FILES", "s3://palaver-files".to_owned()),
        ("PALAVER_SIGNING_KEY", key()?),
        ("AWS_ENDPOINT_URL", dynamo.endpoint()),
        ("AWS_REGION", AWS_REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", AWS_KEYS.0.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", AWS_KEYS.1.to_owned()),
    ];
    let palaver = workspace.build_with_every_adapter(PROFILE)?.join("palaver");
    let folder = tempfile::tempdir()?;
    let mut migrate = Command::new(palaver);
    migrate.arg("migrate").arg("--data").arg(folder.path()).envs(environment.clone()).env_remove("PALAVER_FILES");
    process::run(&mut migrate)?;

    let names: Vec<&str> = [HELLO].into_iter().chain(DEPLOYED).collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for _ in 0..ROUNDS {
        for (name, times) in names.iter().zip(&mut times) {
            times.push(start(&program(name), &environment)?.as_secs_f64() * 1_000.0);
        }
    }
    let hello = times[0].clone();
    names.iter().zip(times).map(|(name, times)| row(name, &program(name), times, &hello)).collect()
}

fn row(name: &str, program: &Path, times: Vec<f64>, hello: &[f64]) -> Result<Map<String, Value>> {
    let bytes = std::fs::metadata(program)?.len();
    let ratio = median(times.iter().zip(hello).map(|(time, hello)| time / hello).collect());
    let ok = name == HELLO || (bytes <= LARGEST && ratio <= SLOWEST);
    let row = json!({
        "bench": "cold-start", "what": name, "value": rounded(median(times)), "unit": "ms",
        "bar": format!("{SLOWEST} × {HELLO}, {} MB", LARGEST / 1_000_000), "ok": ok,
        "ratio": rounded(ratio), "mb": rounded(bytes as f64 / 1e6),
    });
    let Value::Object(row) = row else { unreachable!("it is written as an object") };
    Ok(row)
}

/// From the start of the process to the first request for an invocation, which is never answered.
fn start(program: &PathBuf, environment: &[(&str, String)]) -> Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut command = Command::new(program);
    command.envs(environment.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("AWS_LAMBDA_RUNTIME_API", address.to_string()).env("AWS_LAMBDA_FUNCTION_NAME", "bench");
    command.env("AWS_LAMBDA_FUNCTION_VERSION", "1").env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
    // Lambda's own file system cannot be written to either.
    command.env("PALAVER_DATA", "/proc/nothing");
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    listener.set_nonblocking(true)?;
    let asked = loop {
        match listener.accept() {
            Ok((connection, _)) => {
                connection.set_nonblocking(false)?;
                connection.set_read_timeout(Some(PATIENCE))?;
                let mut line = String::new();
                BufReader::new(connection).read_line(&mut line)?;
                break line.contains("/invocation/next").then(|| began.elapsed());
            }
            Err(_) if began.elapsed() > PATIENCE || child.try_wait()?.is_some() => break None,
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
    };
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
    match asked {
        Some(time) => Ok(time),
        None => bail!("{} did not ask for an event", program.display()),
    }
}

/// A key to sign with, made anew: nothing is signed.
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
