//! Problems of a table are reported when it is opened, with what to do.

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};

use super::world::{on_dynamodb_local, on_ministack};
use crate::client::Clients;
use crate::item::{Item, number};
use crate::op::{Op, When};
use crate::{DynamoSettings, DynamoStore, OpenError, create_table, keys};

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
