//! The suite of all stores, on Amazon's own emulator and on the local cloud: each lies somewhere else.

use aws_sdk_dynamodb::types::TimeToLiveSpecification;

use super::world::{TestStore, on_dynamodb_local, on_ministack};
use crate::OpenError;
use crate::client::Clients;
use crate::item::EXPIRES;

async fn dynamodb_local() -> Result<TestStore, OpenError> {
    TestStore::timeless(on_dynamodb_local()).await
}

/// Without a time to live: the suite's times are of 1970, and ministack, unlike AWS and its own emulator,
/// takes away what has been over for years, while a case looks at it.
async fn ministack() -> Result<TestStore, OpenError> {
    let settings = on_ministack();
    let opened = TestStore::timeless(settings.clone()).await?;
    let never = TimeToLiveSpecification::builder().enabled(false).attribute_name(EXPIRES).build();
    let client = Clients::connect(&settings).await.write;
    let update = client.update_time_to_live().table_name(&settings.table);
    let updated = update.time_to_live_specification(never.expect("it has both of its fields")).send().await;
    updated.expect("the emulator takes it");
    Ok(opened)
}

conformance::store!(local, dynamodb_local, expires_by_itself);
conformance::store!(cloud, ministack, expires_by_itself);
