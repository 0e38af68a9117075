//! The suite of all stores, on Amazon's own emulator and on the local cloud: each lies somewhere else.

use aws_sdk_dynamodb::types::TimeToLiveSpecification;

use super::world::{TestStore, on_dynamodb_local, on_ministack};
use crate::client::Clients;
use crate::item::EXPIRES;
use crate::{DynamoSettings, OpenError};

async fn dynamodb_local() -> Result<TestStore, OpenError> {
    without_end(on_dynamodb_local()).await
}

async fn ministack() -> Result<TestStore, OpenError> {
    without_end(on_ministack()).await
}

/// The suite's times are of 1970, and the emulators, unlike AWS, take away what is over for years: while a
/// case looks at it. `expiry` tests the time to live, with times of today.
async fn without_end(settings: DynamoSettings) -> Result<TestStore, OpenError> {
    let opened = TestStore::open(settings.clone()).await?;
    let never = TimeToLiveSpecification::builder().enabled(false).attribute_name(EXPIRES).build();
    let client = Clients::connect(&settings).await.write;
    let update = client.update_time_to_live().table_name(&settings.table);
    let updated = update.time_to_live_specification(never.expect("it has both of its fields")).send().await;
    updated.expect("the emulator takes it");
    Ok(opened)
}

conformance::store!(local, dynamodb_local, expires_by_itself);
conformance::store!(cloud, ministack, expires_by_itself);
