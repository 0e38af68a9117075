//! Opening: again, several at once, and what is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use conformance::suite::world::{LogWriter, a_room, person, text};
use domain::LogId;
use service::ports::{AppendError, StoreError};

use super::{a_log_of, backend, open_at, whole_logs};
use crate::database::run;
use crate::schema::VERSION;
use crate::sqlite::{self, path_of};
use crate::{IfMissing, OpenError, SqlSettings, SqlStore, sql};

#[tokio::test]
async fn a_closed_store_opens_again_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("in/a/new/folder/palaver.db");
    let first = open_at(&path).await.expect("it opens");
    let log_writer = a_log_of(&first.store(), 100).await;
    let (epoch, tip) = (first.store().log.epoch().await, log_writer.tip);
    let ports = first.store();
    first.close().await;
    assert!(!path.with_extension("db-wal").exists(), "everything is in the one file");
    let late = ports.log.append(log_writer.log, &tip, &log_writer.entries(vec![text("late")]), &[]).await;
    assert!(matches!(late, Err(AppendError::Unavailable { .. })), "{late:?}");
    let second = SqlStore::open(&format!("sqlite:{}", path.display()), SqlSettings::default()).await.expect("again");
    assert_eq!(second.store().log.epoch().await, epoch);
    assert_eq!(second.store().log.tip(log_writer.log).await, Ok(tip));
}

#[tokio::test]
async fn the_file_is_set_up_for_full_durability() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let pragma = async |name: &'static str| {
        let read = store.shared.write(move |connection| {
            Box::pin(async move {
                let query = sql::query(sqlx::AssertSqlSafe(format!("PRAGMA {name}")));
                Ok(query.fetch_one(connection).await?.get::<i64>(name)?)
            })
        });
        read.await.expect("a pragma")
    };
    assert_eq!(pragma("synchronous").await, 2, "FULL");
    assert_eq!(pragma("page_size").await, 8192);
    assert_eq!(pragma("application_id").await, 0x5041_4C56, "PALV");
    let mut reader = backend(&store).reads.get().await.expect("a connection");
    let mode = sql::query("PRAGMA journal_mode").fetch_one(&mut *reader).await.expect("a mode");
    assert_eq!(mode.get::<String>("journal_mode").expect("a text"), "wal");
    for suffix in ["", "-wal"] {
        let name = format!("{}{suffix}", backend(&store).path.display());
        let mode = std::fs::metadata(&name).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name} is readable by no other user");
    }
    let write = sql::query("DELETE FROM log").execute(&mut *reader).await;
    assert!(write.is_err(), "readers cannot write");
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("palaver.db");
    open_at(&path).await.expect("it opens").close().await;
    change(&path, "UPDATE meta SET v = '999' WHERE k = 'schema'").await;
    let refused = open_at(&path).await.err().expect("it is refused");
    assert!(matches!(refused, OpenError::Newer { found: 999, .. }));
    let message = refused.to_string();
    assert!(message.contains("999") && message.contains("start that release"), "it says what to do: {message}");
    change(&path, &format!("UPDATE meta SET v = '{VERSION}' WHERE k = 'schema'")).await;
    open_at(&path).await.expect("nothing was changed by the attempt");
}

#[tokio::test]
async fn names_of_an_older_release_get_their_second_key_where_it_is_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("palaver.db");
    let first = open_at(&path).await.expect("it opens");
    let users = first.store().users;
    let [ilya, helen] = ["Ilya", "Helen"].map(person);
    for new in [&ilya, &helen] {
        users.create_user(new).await.expect("created");
    }
    first.close().await;
    // What the last release leaves: no keys, and a pair of users who look alike.
    let pair =
        "INSERT INTO usr SELECT 'ffffffff-0000-7000-8000-000000000001', 'llya', 'llya', email, guest, role, body, NULL
                FROM usr WHERE name = 'Ilya'";
    change(&path, pair).await;
    change(&path, "UPDATE usr SET written = NULL").await;

    let upgraded = open_at(&path).await.expect("it opens");
    let users = upgraded.store().users;
    let taken = Err(StoreError::Taken("name"));
    assert_eq!(users.create_user(&person("\u{41d}elen")).await, taken, "the key was free");
    let second = users.user_by_name("llya").await.expect("a read").expect("the pair stays").user.id;
    for user in [ilya.user.id, second] {
        let shown = domain::name::DisplayName::parse("I.").expect("valid");
        users.set_display_name(user, Some(&shown)).await.expect("both are changed as before");
        users.set_password(user, "$h").await.expect("both are changed as before");
    }
    assert_eq!(users.create_user(&person("I1ya")).await, taken, "no third one");
    let name = |text| domain::name::UserName::parse(text).expect("valid");
    users.rename(second, &name("other")).await.expect("renamed");
    assert_eq!(users.rename(second, &name("llya")).await, taken, "not back");
    upgraded.close().await;
    open_at(&path).await.expect("again");
}

#[tokio::test]
async fn a_file_of_another_program_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, ".repeat(600)).expect("written");
    assert!(matches!(open_at(&text).await, Err(OpenError::Foreign(_))));
    let other = folder.path().join("other.db");
    sqlite::create(&other).expect("a file");
    let settings = SqlSettings::default();
    let mut connection = sqlite::connect_writer(&other, &settings).await.expect("another program's");
    run(&mut connection, "CREATE TABLE notes (body TEXT)").await.expect("its table");
    connection.close().expect("closed");
    assert!(matches!(open_at(&other).await, Err(OpenError::Foreign(_))));
    for location in ["postgres://localhost/palaver", "mysql:x", ":memory:", "sqlite::memory:", ""] {
        let refused = SqlStore::open(location, SqlSettings::default()).await;
        assert!(matches!(refused, Err(OpenError::Unsupported(_))), "{location:?}");
    }
    assert_eq!(path_of("sqlite://a/b.db").expect("a path").to_str(), Some("a/b.db"));
}

#[tokio::test]
async fn a_tool_creates_no_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let tool = SqlSettings { if_missing: IfMissing::Refuse, ..SqlSettings::default() };
    let open = async |path: &Path| SqlStore::open(&path.display().to_string(), tool.clone()).await;
    let missing = folder.path().join("not/there/palaver.db");
    assert!(matches!(open(&missing).await, Err(OpenError::Absent(_))));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a list").count(), 0, "not even a folder was made");
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").expect("written");
    assert!(matches!(open(&empty).await, Err(OpenError::Absent(_))));
    assert_eq!(std::fs::metadata(&empty).expect("it is there").len(), 0, "it is as it was");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, ".repeat(600)).expect("written");
    assert!(matches!(open(&text).await, Err(OpenError::Foreign(_))));
    let path = folder.path().join("palaver.db");
    open_at(&path).await.expect("a start makes one").close().await;
    open(&path).await.expect("which a tool opens");
}

#[tokio::test]
async fn several_that_open_a_new_file_at_once_share_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("palaver.db");
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { open_at(&path).await.expect("it opens") })
        })
        .collect();
    let mut stores = Vec::new();
    for opened in opening {
        stores.push(opened.await.expect("it ends"));
    }
    let log = LogId::Room(a_room());
    let writers: Vec<_> = stores
        .iter()
        .map(|store| {
            let store = store.store();
            tokio::spawn(async move {
                let mut log_writer = LogWriter::new(&store, log).await;
                let mut written = 0;
                while written < 15 {
                    match log_writer.try_write(vec![text("x")], &[]).await {
                        Ok(_) => written += 1,
                        Err(AppendError::Conflict { .. }) => log_writer.catch_up().await,
                        Err(other) => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer ends");
    }
    for store in &stores {
        assert_eq!(store.store().log.epoch().await, stores[0].store().log.epoch().await);
        assert_eq!(whole_logs(&store.store()).await[0].1.len(), 60);
    }
}

#[tokio::test]
async fn one_transaction_commits_many_logs() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let ports = store.store();
    let before = store.stats();
    let gate = hold_the_writer(&store).await;
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let ports = ports.clone();
            tokio::spawn(async move { a_log_of(&ports, 3).await })
        })
        .collect();
    let new = person("ada");
    let (people, ada) = (ports.users.clone(), new.clone());
    let created = tokio::spawn(async move { people.create_user(&ada).await });
    // The tips are read, the appends wait.
    while backend(&store).writer.waiting() < 101 {
        tokio::task::yield_now().await;
    }
    drop(gate);
    for appended in waiting {
        appended.await.expect("it ends");
    }
    created.await.expect("it ends").expect("created");
    let after = store.stats();
    assert_eq!(after.entries - before.entries, 300);
    assert_eq!(after.transactions - before.transactions, 2, "the held one, and one for all that waited");
}

#[tokio::test]
async fn a_full_queue_fails_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = SqlSettings { writer_queue: 4, ..SqlSettings::default() };
    let path = folder.path().join("palaver.db").display().to_string();
    let store = SqlStore::open(&path, settings).await.expect("it opens");
    let log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
    let gate = hold_the_writer(&store).await;
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let ports = store.store();
            tokio::spawn(async move { a_log_of(&ports, 1).await })
        })
        .collect();
    while backend(&store).writer.waiting() < 4 {
        tokio::task::yield_now().await;
    }
    let refused =
        store.store().log.append(log_writer.log, &log_writer.tip, &log_writer.entries(vec![text("x")]), &[]).await;
    assert!(matches!(refused, Err(AppendError::Unavailable { .. })), "{refused:?}");
    drop(gate);
    for appended in waiting {
        appended.await.expect("those that waited are written");
    }
}

/// Keeps the task that writes busy until the sender is dropped.
pub async fn hold_the_writer(store: &SqlStore) -> tokio::sync::watch::Sender<bool> {
    let (gate, held) = tokio::sync::watch::channel(false);
    let shared = store.shared.clone();
    let (begun, has_begun) = tokio::sync::watch::channel(false);
    let mut has_begun = has_begun;
    tokio::spawn(async move {
        let holding = shared.write(move |_| {
            let (mut held, begun) = (held.clone(), begun.clone());
            Box::pin(async move {
                begun.send_replace(true);
                let _dropped = held.changed().await;
                Ok(())
            })
        });
        holding.await.expect("it is released");
    });
    has_begun.changed().await.expect("the task took it");
    gate
}

async fn change(path: &Path, sql: &str) {
    let mut connection = sqlite::connect_plainly(path, &SqlSettings::default()).await.expect("it opens");
    run(&mut connection, sqlx::AssertSqlSafe(sql.to_owned())).await.expect("changed");
    connection.close().expect("closed");
}
