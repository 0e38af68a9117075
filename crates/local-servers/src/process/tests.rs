use std::io::{BufRead, BufReader};

use super::*;
use crate::{Postgres, Redis};

/// Set in the process that this test starts from its own binary, to be killed.
const IS_THE_OTHER: &str = "PALAVER_TEST_STARTS_A_SERVER";

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    if std::env::var_os(IS_THE_OTHER).is_some() {
        // PostgreSQL runs as another user if this process runs as root.
        let start = || (Redis::start(), Postgres::start());
        let (redis, postgres) = std::thread::spawn(start).join().expect("both start");
        println!("\nport {}\nport {}", redis.port(), postgres.port());
        loop {
            std::thread::park();
        }
    }
    let mut other = Command::new(std::env::current_exe().expect("this is a program"))
        .args(["--exact", "process::tests::a_server_ends_with_the_process_that_started_it", "--nocapture"])
        .env(IS_THE_OTHER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts once more");
    let lines = BufReader::new(other.stdout.take().expect("its output is piped")).lines();
    let mut ports = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("port ")?.parse::<u16>().ok());
    let ports = [(); 2].map(|()| ports.next().expect("it prints its servers' ports"));
    for port in ports {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "a server outlives the thread that started it");
    }

    other.kill().expect("it is killed");
    other.wait().expect("it ends");
    let deadline = Instant::now() + START;
    while ports.iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
        assert!(Instant::now() < deadline, "a server outlived its process");
        std::thread::sleep(LOOK_AGAIN);
    }
}

#[test]
fn a_server_that_does_not_start_shows_its_log() {
    let folder = crate::folder::new("test").expect("a folder");
    let mut command = Command::new("sh");
    command.args(["-c", "echo no such thing; exit 3"]);
    let mut process = Process::start("the server", &command, folder.path().join("log")).expect("sh starts");
    let error = process.wait_until(|| false).expect_err("it ended").to_string();
    assert!(error.contains("the server ended") && error.contains("no such thing"), "{error}");
}
