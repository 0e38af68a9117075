//! DynamoDB's HTTP API, for tests that read or write rows directly. An emulator does not check signatures.

use anyhow::{Result, ensure};
use serde_json::Value;

/// A signature in a valid form.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// Makes one call of the API, such as `Scan`, and returns its answer.
pub async fn call(endpoint: &str, operation: &str, request: &Value) -> Result<Value> {
    let answer = reqwest::Client::new()
        .post(endpoint)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("authorization", AUTHORIZATION)
        .body(request.to_string())
        .send()
        .await?;
    let (status, body) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "{operation} failed with {status}: {body}");
    Ok(serde_json::from_str(&body)?)
}
