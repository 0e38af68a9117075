//! Opening: several at once, and what is refused, with helpful texts.

use std::time::Duration;

use conformance::suite::world::{LogWriter, a_room, person, text};
use domain::LogId;
use local_servers::{free_port, shared};
use service::ports::{AppendError, PageFrom, StoreError};

use super::{backend, connections, name_of, new_database, open_at, open_empty, whole_logs};
use crate::{OpenError, SqlSettings, SqlStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_that_open_a_new_database_at_once_share_it() {
    let url = new_database();
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { open_at(&url).await.expect("it opens") })
        })
        .collect();
    let mut epochs = std::collections::BTreeSet::new();
    for opened in opening {
        epochs.insert(opened.await.expect("it ends").store().log.epoch().await.expect("the epoch").to_string());
    }
    assert_eq!(epochs.len(), 1, "one created it, the others found it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_database_is_refused() {
    let url = new_database();
    open_at(&url).await.expect("it opens").close().await;
    let set = |version: &str| {
        shared::postgres().sql(name_of(&url), &format!("UPDATE meta SET v = '{version}' WHERE k = 'schema'"))
    };
    set("999");
    let refused = open_at(&url).await.err().expect("it is refused");
    assert!(matches!(refused, OpenError::Newer { found: 999, .. }), "{refused}");
    set(&crate::schema::VERSION.to_string());
    open_at(&url).await.expect("nothing was changed by the attempt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_begins_a_new_epoch() {
    let url = new_database();
    let store = open_at(&url).await.expect("it opens");
    let mut log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
    log_writer.say("in the old epoch").await;
    let cursor = store.store().log.changes(None).await.expect("a cursor").next;
    store.close().await;
    // Another server, which has not come as far with its transactions.
    shared::postgres().sql(name_of(&url), "UPDATE log SET chg = 1000000000000");

    let epoch = crate::renew(&url).await.expect("renewed");
    let ports = open_at(&url).await.expect("it opens").store();
    assert_eq!(ports.log.epoch().await, Ok(epoch));
    assert_eq!(whole_logs(&ports).await[0].1.len(), 1, "what was written is there");
    let late = ports.log.append(log_writer.log, &log_writer.tip, &log_writer.entries(vec![text("late")]), &[]).await;
    assert_eq!(late, Err(AppendError::OtherEpoch));
    let changes = ports.log.changes(Some(&cursor)).await.expect("changes");
    assert!(changes.lost);
    let next = ports.log.changes(Some(&changes.next)).await.expect("changes");
    assert!(!next.lost && next.logs.is_empty(), "nothing counts as new forever");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_store_continues_in_the_new_epoch() {
    let url = new_database();
    // The database is its own replica: what matters is which epoch is accepted.
    let open = || SqlStore::connect(&url, Some(&url), SqlSettings::default());
    let (writer, idle) = (open().await.expect("it opens"), open().await.expect("it opens"));
    let (ports, replica) = (writer.store(), backend(&idle).replica.as_ref().expect("it has one"));
    let mut log_writer = LogWriter::new(&ports, LogId::Room(a_room())).await;
    log_writer.say("in the old epoch").await;
    let cursor = idle.store().log.changes(None).await.expect("a cursor").next;

    let epoch = crate::renew(&url).await.expect("renewed");
    let late = ports.log.append(log_writer.log, &log_writer.tip, &log_writer.entries(vec![text("late")]), &[]).await;
    assert_eq!(late, Err(AppendError::OtherEpoch));
    let tip = ports.log.tip(log_writer.log).await.expect("a read");
    assert_eq!((tip.epoch(), tip.seq()), (epoch, 1));
    assert_eq!(ports.log.tip(log_writer.log).await.expect("a read"), tip);
    log_writer.catch_up().await;
    assert_eq!(log_writer.say("in the new epoch").await, 2);

    let newest = PageFrom::Before(9);
    assert!(replica.page(log_writer.log, newest, 5, 1).await.is_none(), "not of the epoch that it knows");
    let changes = idle.store().log.changes(Some(&cursor)).await.expect("changes");
    assert!(changes.lost && changes.epoch == epoch, "one that only looks notices as well: {changes:?}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let page = loop {
        // It is left alone for a while after it had another epoch.
        match replica.page(log_writer.log, newest, 5, 2).await {
            Some(page) => break page,
            None => assert!(std::time::Instant::now() < deadline, "the replica is not asked again"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!((page.epoch, page.as_of), (epoch, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_opening_do_not_contain_the_password() {
    let url = new_database();
    let password = url.split([':', '@']).nth(2).expect("the URL has one").to_owned();
    let refusal_of = async |url: String| {
        let error = open_at(&url).await.err().expect("it is refused");
        let said = error.to_string();
        assert!(!said.contains(&password) && !said.contains("wrong-one"), "{said}");
        (error, said)
    };
    let (error, said) = refusal_of(url.replace(&password, "wrong-one")).await;
    assert!(matches!(error, OpenError::Password { .. }) && said.contains("palaver"), "{said}");
    let (error, said) = refusal_of(format!("{url}_not_there")).await;
    assert!(matches!(error, OpenError::Missing { .. }) && said.contains("createdb"), "{said}");
    let port = shared::postgres().port().to_string();
    let (error, said) = refusal_of(url.replace(&port, &free_port().to_string())).await;
    assert!(matches!(error, OpenError::Away { .. }) && said.contains("start it"), "{said}");
    let (error, said) = refusal_of(url.replace(&password, "wrong-one@wrong-one#wrong-one")).await;
    assert!(matches!(error, OpenError::Unescaped) && said.contains("%40"), "{said}");
    let (error, said) = refusal_of(format!("{url}?ssl_mod=require")).await;
    assert!(matches!(error, OpenError::Parameter(_)) && said.contains("ssl_mod"), "{said}");
    let (error, said) = refusal_of(url.replace(&port, "a-port")).await;
    assert!(matches!(error, OpenError::Url { .. }), "{said}");
    shared::postgres().sql(name_of(&url), "CREATE TABLE notes (body TEXT)");
    let (error, said) = refusal_of(url).await;
    assert!(matches!(error, OpenError::Foreign(_)), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_encoding_is_refused() {
    let (server, url) = (shared::postgres(), new_database());
    let name = format!("{}_latin", name_of(&url));
    server.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"));
    let refused = open_at(&server.url_of(&name)).await.err().expect("it is refused").to_string();
    assert!(refused.contains("UTF8"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_have_limits_and_a_name() {
    let store = open_empty().await.expect("it opens");
    let setting = async |name: &'static str| {
        let read = sqlx::query_scalar::<_, String>("SELECT current_setting($1)").bind(name);
        read.fetch_one(super::readers(&store)).await.expect("a setting")
    };
    assert_eq!(setting("application_name").await, "palaver");
    assert_eq!(setting("statement_timeout").await, "2500ms");
    assert_eq!(setting("lock_timeout").await, "2s");
    assert_eq!(setting("idle_in_transaction_session_timeout").await, "5s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_wait_for_the_disk_whatever_the_database_says() {
    let url = new_database();
    let name = name_of(&url);
    shared::postgres().sql("postgres", &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let store = open_at(&url).await.expect("it opens");
    let read = sqlx::query_scalar::<_, String>("SELECT current_setting('synchronous_commit')");
    assert_eq!(read.fetch_one(super::readers(&store)).await.expect("a setting"), "on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_sort_by_their_bytes_and_accept_what_json_accepts() {
    let store = open_empty().await.expect("it opens").store();
    let mut ada = person("ada");
    ada.password_hash = Some("a\0b".into());
    store.users.create_user(&ada).await.expect("created");
    assert_eq!(store.users.user(ada.user.id).await, Ok(Some(ada)), "JSON carries it");
    assert_eq!(store.users.user_by_name("a\0").await, Ok(None));
    assert_eq!(store.rooms.directory("a\0", None, 5).await, Ok(Vec::new()));
    assert_eq!(store.users.users_by_prefix("\0", None, 5).await, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_answers_unavailable() {
    let url = new_database();
    let store = open_at(&url).await.expect("it opens");
    let ports = store.store();
    store.close().await;
    let late = ports.users.create_user(&person("ada")).await;
    assert!(matches!(late, Err(StoreError::Unavailable { .. })), "{late:?}");
    assert!(ports.users.user(person("eve").user.id).await.is_err());
    // The server takes a moment to end the processes of closed connections.
    let own = connections(&url).await;
    let only_this_one = async {
        let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
        while sqlx::query_scalar::<_, i64>(query).fetch_one(&own).await.expect("a count") > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), only_this_one).await.expect("only the test's own connection is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_left_to_its_own_tools() {
    let store = open_empty().await.expect("it opens");
    #[cfg(feature = "sqlite")]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = store.backup_to(&folder.path().join("backup.db")).await.expect_err("it is refused");
        assert!(refused.to_string().contains("pg_dump"), "{refused}");
    }
    let settings = SqlSettings { writer_queue: 0, ..SqlSettings::default() };
    drop(store);
    let full = SqlStore::connect(&new_database(), None, settings).await.expect("it opens");
    let refused = full.store().users.create_user(&person("ada")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "a full queue fails at once: {refused:?}");
}
