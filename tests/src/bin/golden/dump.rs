//! Reads the rows of a DynamoDB table, as its HTTP API returns them.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::dynamodb;

/// Returns all items of a table, ordered by key, so that two dumps of the same data are equal.
pub async fn items(endpoint: &str, table: &str) -> Result<Vec<Value>> {
    let (mut items, mut from) = (Vec::new(), Value::Null);
    loop {
        let mut request = json!({ "TableName": table });
        if !from.is_null() {
            request["ExclusiveStartKey"] = from;
        }
        let mut page = dynamodb::call(endpoint, "Scan", &request).await?;
        items.append(page["Items"].as_array_mut().context("a page has items")?);
        from = page["LastEvaluatedKey"].take();
        if from.is_null() {
            break;
        }
    }
    items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
    Ok(items)
}

/// Returns whether an item is the state of a socket between two frames.
pub fn is_socket(item: &Value) -> bool {
    item["bd"]["S"].as_str().is_some_and(|state| state.contains("\"session\""))
}

/// Formats one item per line.
pub fn lines(items: &[Value]) -> String {
    items.iter().map(|item| format!("{item}\n")).collect()
}
