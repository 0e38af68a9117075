//! Creates the table, idempotently, for `palaver bootstrap`.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BoxError, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use std::time::Duration;
use tokio::time::Instant;

use crate::client::Clients;
use crate::error::OpenError;
use crate::item::{EXPIRES, PK, SK};
use crate::settings::DynamoSettings;

/// How long a new table may take to become active.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// How long one request may take.
const ATTEMPT: Duration = Duration::from_secs(30);
/// How often that is checked.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Creates the table if it does not exist, with its stream and its time to live, and waits until it can be used.
/// On-demand billing. Changes nothing about a table that has all of this.
pub async fn create_table(settings: &DynamoSettings) -> Result<(), OpenError> {
    // No client waits for an answer here, and the first request to a cold emulator takes its time.
    let patient = DynamoSettings { attempt_timeout: ATTEMPT, patience: READY_WITHIN, ..settings.clone() };
    let client = Clients::connect(&patient).await.read;
    let table = &settings.table;
    let failed = |what: &'static str, source: BoxError| OpenError::Request { table: table.clone(), what, source };
    let key = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let text =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    let made = client
        .create_table()
        .table_name(table)
        .attribute_definitions(text(PK).expect("it has a name and a type"))
        .attribute_definitions(text(SK).expect("it has a name and a type"))
        .key_schema(key(PK, KeyType::Hash).expect("it has a name and a type"))
        .key_schema(key(SK, KeyType::Range).expect("it has a name and a type"))
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream())
        .send()
        .await;
    match made {
        Ok(_) => {}
        Err(SdkError::ServiceError(error)) if matches!(error.err(), CreateTableError::ResourceInUseException(_)) => {}
        Err(error) => return Err(failed("made", error.into())),
    }
    let description = active(&client, table).await?;
    if !is_ours(&description) {
        return Err(OpenError::Foreign(table.clone()));
    }
    if !description.stream_specification().is_some_and(StreamSpecification::stream_enabled) {
        let update = client.update_table().table_name(table).stream_specification(stream());
        update.send().await.map_err(|error| failed("given a stream", error.into()))?;
        active(&client, table).await?;
    }
    let life = client.describe_time_to_live().table_name(table).send().await;
    let life = life.map_err(|error| failed("asked for its time to live", error.into()))?;
    let status = life.time_to_live_description().and_then(|life| life.time_to_live_status().cloned());
    if !matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        let life = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES).build();
        let update = client.update_time_to_live().table_name(table);
        let update = update.time_to_live_specification(life.expect("it has both of its fields"));
        update.send().await.map_err(|error| failed("given a time to live", error.into()))?;
    }
    Ok(())
}

/// Returns the stream's settings: the image after a change, from which the dispatcher reads a log's head.
fn stream() -> StreamSpecification {
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
    stream.build().expect("it says whether it is enabled")
}

/// Waits until the table can be used.
async fn active(client: &Client, table: &str) -> Result<TableDescription, OpenError> {
    let until = Instant::now() + READY_WITHIN;
    loop {
        let description = describe(client, table).await?;
        if description.table_status() == Some(&TableStatus::Active) || Instant::now() >= until {
            return Ok(description);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Returns the description of the table.
pub async fn describe(client: &Client, table: &str) -> Result<TableDescription, OpenError> {
    let answer = client.describe_table().table_name(table).send().await.map_err(|error| {
        let missing = error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception());
        match missing {
            true => OpenError::NoTable(table.to_owned()),
            false => OpenError::Request { table: table.to_owned(), what: "described", source: error.into() },
        }
    })?;
    answer.table.ok_or_else(|| OpenError::NoTable(table.to_owned()))
}

/// Returns whether its key is Palaver's.
pub fn is_ours(description: &TableDescription) -> bool {
    let named = |name: &str| description.key_schema().iter().any(|key| key.attribute_name() == name);
    description.key_schema().len() == 2 && named(PK) && named(SK)
}
