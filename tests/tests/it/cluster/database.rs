//! Tests PostgreSQL down and up again: the log says once what is wrong and where, and once that it has recovered.

use local_servers::Postgres;
use tests::backends::Backends;
use tests::cluster::Cluster;
use tests::person::Person;
use tests::wait;

use crate::setup::generous;

/// The number of calls during the outage.
const CALLS: usize = 60;
/// The number of lines about it that an operator would still read.
const LINES: usize = 15;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_outage_is_logged_with_its_cause_and_not_per_call() {
    let mut postgres = Postgres::start();
    let database = postgres.new_database_like("template0");
    let url = postgres.url_of(&database);
    let backends = Backends::self_hosted_on(url.clone(), &database).await;
    let cluster = Cluster::start_on(backends, 1, generous()).await;
    let node = cluster.node(0);
    let ada = Person::register(node, "ada").await;
    assert!(!node.log().contains(&format!("Its data is in {}", node.data().display())), "{}", node.log());

    postgres.kill();
    let calls = (0..CALLS).map(|_| ada.get("/api/rooms"));
    for answer in futures_util::future::join_all(calls).await {
        answer.refused(503, "unavailable");
    }
    let log = node.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    // A call meets the end of its connection, or that no new one can be opened.
    let cause = |line: &str| line.contains("onnection refused") || line.contains("broke: ");
    let names = |line: &&&str| line.contains(&format!("127.0.0.1:{}", postgres.port())) && cause(line);
    assert!(lines.iter().any(|line| names(&line)), "{lines:#?}");
    assert!(lines.len() <= LINES, "{} lines for {CALLS} calls: {lines:#?}", lines.len());
    let password = url.split([':', '@']).nth(2).expect("the URL has one");
    assert!(!log.contains(password), "the password is in the log");

    postgres.restart();
    wait::until("the database", async || ada.get("/api/rooms").await.status.is_success().then_some(())).await;
    wait::until("the line", async || node.log().contains("the database answers again").then_some(())).await;
    println!("{} lines for {CALLS} calls", lines.len());
}
