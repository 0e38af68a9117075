//! The gateway function in the local cloud: a real WebSocket API whose routes call it, as the table's stream does. Speaks
//! to the local cloud in its own words (AWS's REST), as a deployment's tool would.

use std::path::Path;
use std::process::Command;

use local_servers::shared;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::binary;

const BUCKET: &str = "functions";
const CODE: &str = "gateway.zip";
const STAGE: &str = "live";

/// Deploys the function for a table, and returns the URL of the API's sockets. `variables` are the function's
/// environment.
///
/// # Panics
/// When the local cloud refuses anything.
pub async fn deploy(table: &str, variables: &[(String, String)]) -> String {
    static CODE_IS_THERE: OnceCell<()> = OnceCell::const_new();
    CODE_IS_THERE.get_or_init(upload_code).await;

    let body = json!({ "name": table, "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.t" });
    let api = text(&ask("apigateway", Method::POST, "/v2/apis", body).await["apiId"]);
    let address = shared::ministack().endpoint();
    let sockets = format!("{address}/_aws/execute-api/{api}/{STAGE}");
    let function = function(table, &sockets, variables).await;
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations");
    let integration = json!({ "integrationType": "AWS_PROXY", "integrationUri": uri });
    let integration = ask("apigateway", Method::POST, &format!("/v2/apis/{api}/integrations"), integration).await;
    let target = format!("integrations/{}", text(&integration["integrationId"]));
    for route in ["$connect", "$disconnect", "$default"] {
        let body = json!({ "routeKey": route, "target": target });
        ask("apigateway", Method::POST, &format!("/v2/apis/{api}/routes"), body).await;
    }
    ask("apigateway", Method::POST, &format!("/v2/apis/{api}/stages"), json!({ "stageName": STAGE })).await;
    let source = json!({
        "FunctionName": table,
        "EventSourceArn": stream_of(table).await,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    ask("lambda", Method::POST, "/2015-03-31/event-source-mappings", source).await;
    sockets.replacen("http", "ws", 1)
}

async fn function(name: &str, sockets: &str, variables: &[(String, String)]) -> String {
    let mut environment: serde_json::Map<String, Value> =
        variables.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    // The host that its events name is not one that this machine can resolve.
    environment.insert("PALAVER_CONNECTIONS_URL".into(), json!(sockets));
    let body = json!({
        "FunctionName": name,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": "arn:aws:iam::000000000000:role/palaver",
        "Code": { "S3Bucket": BUCKET, "S3Key": CODE },
        "Timeout": 30,
        "Environment": { "Variables": environment },
    });
    text(&ask("lambda", Method::POST, "/2015-03-31/functions", body).await["FunctionArn"])
}

/// The function's program, as a deployment package; once for all tests.
async fn upload_code() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let package = folder.path().join(CODE);
    zip(binary::gateway(), &package);
    let bytes = std::fs::read(&package).expect("it was just written");
    for (path, bytes) in [(format!("/{BUCKET}"), Vec::new()), (format!("/{BUCKET}/{CODE}"), bytes)] {
        let put = request("s3", Method::PUT, &path).body(bytes).send().await.expect("the local cloud answers");
        assert!(put.status().is_success(), "{path}: {}", put.status());
    }
}

/// Lambda starts the file of this name in it.
fn zip(program: &Path, package: &Path) {
    let bootstrap = package.with_file_name("bootstrap");
    std::fs::copy(program, &bootstrap).expect("the program can be copied");
    let mut python = Command::new("python3");
    python.args(["-m", "zipfile", "-c"]).arg(package).arg(&bootstrap);
    assert!(python.status().expect("python3 runs").success(), "the program cannot be packed");
}

async fn stream_of(table: &str) -> String {
    let body = json!({ "TableName": table }).to_string();
    let asked = request("dynamodb", Method::POST, "/")
        .header("x-amz-target", "DynamoDB_20120810.DescribeTable")
        .header("content-type", "application/x-amz-json-1.0")
        .body(body);
    text(&answer(asked).await["Table"]["LatestStreamArn"])
}

async fn ask(service: &str, method: Method, path: &str, body: Value) -> Value {
    answer(request(service, method, path).json(&body)).await
}

/// The local cloud reads from the signature which service is meant, and checks no more of it.
fn request(service: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
    let scope = format!("test/20260101/us-east-1/{service}/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let url = format!("{}{path}", shared::ministack().endpoint());
    Client::new().request(method, url).header("authorization", signature)
}

async fn answer(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("the local cloud answers");
    let (url, status) = (answer.url().clone(), answer.status());
    let body = answer.text().await.expect("a text");
    assert!(status.is_success(), "{url}: {status} {body}");
    serde_json::from_str(&body).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
