//! `kill -9` in the middle of appends: what was acked is stored.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use conformance::suite::world::{LogWriter, a_room, react, text};
use domain::{LogId, Seq};

use super::{open_at, whole_logs};

/// Names the database to the process that is to be killed: this test, started once more.
const DATABASE: &str = "PALAVER_TEST_CRASH_DATABASE";
const LOGS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acked_survives_a_kill() {
    if let Some(path) = std::env::var_os(DATABASE) {
        return append_until_killed(Path::new(&path)).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("palaver.db");
    let mut acked = BTreeMap::new();
    for acks in [1, 40, 300, 120] {
        let before = acked.len();
        acked.extend(tokio::task::block_in_place(|| kill_after(&path, acks)));
        assert!(acked.len() >= before + acks);
        let store = open_at(&path).await.expect("it opens after a kill");
        let there: BTreeMap<(String, Seq), String> = whole_logs(&store.store())
            .await
            .into_iter()
            .flat_map(|(log, entries)| entries.into_iter().map(move |e| ((log.to_string(), e.seq), e.id.to_string())))
            .collect();
        for (place, id) in &acked {
            assert_eq!(there.get(place), Some(id), "acked, and lost or moved: {place:?}");
        }
        // Every second time the next process finds the write-ahead log as the kill left it.
        if acks == 40 {
            store.close().await;
        }
    }
}

/// Starts the process, kills it after so many acks, and returns all that it had acked.
fn kill_after(path: &Path, acks: usize) -> BTreeMap<(String, Seq), String> {
    let this = std::env::current_exe().expect("the test knows its own file");
    let mut child = Command::new(this)
        .args(["--exact", "--nocapture", "tests::sqlite::crash::what_was_acked_survives_a_kill"])
        .env(DATABASE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut acked = BTreeMap::new();
    // After the kill the pipe still holds what was said before.
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
        let line = line.expect("a line");
        // The first line may follow what the test's frame prints.
        let Some((_, ack)) = line.split_once("acked ") else { continue };
        let [log, seq, id] = ack.split(' ').collect::<Vec<_>>()[..] else { continue };
        let Ok(seq) = seq.parse() else { continue };
        acked.insert((log.to_owned(), seq), id.to_owned());
        if acked.len() == acks {
            child.kill().expect("killed");
        }
    }
    child.wait().expect("it is gone");
    assert!(acked.len() >= acks, "it ended by itself after {} acks", acked.len());
    acked
}

async fn append_until_killed(path: &Path) {
    let store = open_at(path).await.expect("it opens").store();
    let writers: Vec<_> = (0..LOGS)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
                loop {
                    let bodies = (0..=number).map(|i| if i % 3 == 2 { react(1) } else { text("x") }).collect();
                    let entries = log_writer.entries(bodies);
                    let tip =
                        store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("an append");
                    log_writer.tip = tip;
                    let mut said = String::new();
                    for entry in entries {
                        said.push_str(&format!("acked {} {} {}\n", log_writer.log, entry.seq, entry.id));
                    }
                    std::io::stdout().lock().write_all(said.as_bytes()).expect("the parent reads");
                }
            })
        })
        .collect();
    // They continue until the process is killed. If one of them fails, the parent notices the early end.
    let (ended, ..) = futures_util::future::select_all(writers).await;
    ended.expect("an append");
}
