//! Problems of a table are reported when it is opened, with what to do.

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};

use conformance::suite::world::person;
use service::ports::StoreError;

use super::world::{TestStore, on_dynamodb_local, on_ministack};
use crate::client::Clients;
use crate::item::{Item, number};
use crate::op::{Change, Op, When};
use crate::{DynamoSettings, DynamoStore, Hints, OpenError, create_table, keys};

async fn refused(settings: DynamoSettings) -> OpenError {
    DynamoStore::open(settings).await.err().expect("it is not opened")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_table_is_reported() {
    for settings in [on_dynamodb_local(), on_ministack()] {
        let error = refused(settings.clone()).await;
        assert!(matches!(&error, OpenError::NoTable(table) if *table == settings.table), "{error}");
        assert!(error.to_string().contains("palaver bootstrap"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_another_program_is_reported() {
    for settings in [on_dynamodb_local(), on_ministack()] {
        let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build();
        let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build();
        let made = Clients::connect(&settings).await.write.create_table().table_name(&settings.table);
        let made = made.attribute_definitions(id.expect("whole")).key_schema(key.expect("whole"));
        made.billing_mode(BillingMode::PayPerRequest).send().await.expect("made");
        let error = refused(settings.clone()).await;
        assert!(matches!(&error, OpenError::Foreign(table) if *table == settings.table), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_a_later_release_is_reported() {
    let settings = on_dynamodb_local();
    create_table(&settings).await.expect("made");
    let opened = DynamoStore::open(settings.clone()).await.expect("the first to open it draws its epoch");
    let later = Item::at(keys::epoch()).with("sv", number(1_000_u64));
    opened.shared().write(vec![Op::Put(later, When::Always)]).await.expect("written");
    let error = refused(settings).await;
    assert!(matches!(error, OpenError::Newer { found: 1_000, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_is_not_reported_as_a_missing_table() {
    let endpoint = format!("http://127.0.0.1:{}", local_servers::free_port());
    let error = refused(DynamoSettings { endpoint: Some(endpoint), ..on_dynamodb_local() }).await;
    assert!(matches!(error, OpenError::Store { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_an_older_release_get_their_second_key_where_it_is_free() {
    let settings = on_dynamodb_local();
    let opened = TestStore::timeless(settings.clone()).await.expect("the store opens");
    let (users, shared) = (opened.store().users, opened.dynamo.shared().clone());
    let [ilya, helen, pair] = ["Ilya", "Helen", "llya"].map(person);
    users.create_user(&ilya).await.expect("created");
    users.create_user(&helen).await.expect("created");
    // What the last release leaves: no keys, and a pair of users who look alike.
    shared.delete(keys::written("llya")).await.expect("deleted");
    users.create_user(&pair).await.expect("created");
    for key in [keys::written("llya"), keys::written("Helen")] {
        shared.delete(key).await.expect("deleted");
    }
    let unmarked = Change::of(keys::epoch()).set_or_remove("wr", None);
    shared.write(vec![Op::Update(unmarked, When::Present)]).await.expect("written");

    // As a process that stays opens it, and `palaver migrate`.
    let settings = DynamoSettings { hints: Hints::Every(std::time::Duration::from_secs(60)), ..settings };
    let users = DynamoStore::open(settings).await.expect("it opens").store().users;
    let taken = Err(StoreError::Taken("name"));
    assert_eq!(users.create_user(&person("\u{41d}elen")).await, taken, "the key was free");
    assert_eq!(users.create_user(&person("I1ya")).await, taken, "no third one");
    let name = |text| domain::name::UserName::parse(text).expect("valid");
    for user in [&ilya, &pair] {
        users.set_email(user.user.id, Some("i@example.org")).await.expect("both are changed as before");
    }
    users.rename(pair.user.id, &name("other")).await.expect("renamed");
    assert_eq!(users.rename(pair.user.id, &pair.user.name).await, taken, "not back");
    users.rename(ilya.user.id, &name("another")).await.expect("renamed");
    users.rename(ilya.user.id, &ilya.user.name).await.expect("back, since the key is free");
}
