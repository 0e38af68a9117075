//! A small installation in the local cloud: a real WebSocket API whose routes invoke the gateway function, and the
//! table's stream, which invokes that and the feed. Uses the local cloud's AWS REST API, like a deployment tool.

use std::path::Path;
use std::process::Command;

use local_servers::shared;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::binary;

const BUCKET: &str = "functions";
const STAGE: &str = "live";

/// Deploys both functions for a table, and returns the URL of the API's sockets. `variables` are the functions'
/// environment.
///
/// # Panics
/// If the local cloud refuses anything.
pub async fn deploy(table: &str, variables: &[(String, String)]) -> String {
    static CODE_IS_THERE: OnceCell<()> = OnceCell::const_new();
    CODE_IS_THERE.get_or_init(upload_code).await;

    let body = json!({ "name": table, "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.t" });
    let api = text(&ask("apigateway", Method::POST, "/v2/apis", body).await["apiId"]);
    let address = shared::ministack().endpoint();
    let sockets = format!("{address}/_aws/execute-api/{api}/{STAGE}");
    let mut variables = variables.to_vec();
    // This machine cannot resolve the host that the events name.
    variables.push(("PALAVER_CONNECTIONS_URL".to_owned(), sockets.clone()));
    let function = function(table, "gateway", &variables).await;
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations");
    let integration = json!({ "integrationType": "AWS_PROXY", "integrationUri": uri });
    let integration = ask("apigateway", Method::POST, &format!("/v2/apis/{api}/integrations"), integration).await;
    let target = format!("integrations/{}", text(&integration["integrationId"]));
    for route in ["$connect", "$disconnect", "$default"] {
        let body = json!({ "routeKey": route, "target": target });
        ask("apigateway", Method::POST, &format!("/v2/apis/{api}/routes"), body).await;
    }
    ask("apigateway", Method::POST, &format!("/v2/apis/{api}/stages"), json!({ "stageName": STAGE })).await;
    let stream = stream_of(table).await;
    call_from(&stream, &function).await;
    call_from(&stream, &self::function(table, "feed", &variables).await).await;
    sockets.replacen("http", "ws", 1)
}

/// Lets a stream invoke a function.
async fn call_from(stream: &str, function: &str) {
    let source = json!({
        "FunctionName": function,
        "EventSourceArn": stream,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    ask("lambda", Method::POST, "/2015-03-31/event-source-mappings", source).await;
}

/// Deploys a program for a table, and returns its name there.
async fn function(table: &str, program: &str, variables: &[(String, String)]) -> String {
    let environment: serde_json::Map<String, Value> =
        variables.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let body = json!({
        "FunctionName": format!("{table}-{program}"),
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": "arn:aws:iam::000000000000:role/palaver",
        "Code": { "S3Bucket": BUCKET, "S3Key": code(program) },
        "Timeout": 30,
        "Environment": { "Variables": environment },
    });
    text(&ask("lambda", Method::POST, "/2015-03-31/functions", body).await["FunctionArn"])
}

/// The functions' programs as deployment packages; built once for all tests.
async fn upload_code() {
    put(&format!("/{BUCKET}"), Vec::new()).await;
    for (program, file) in [("gateway", binary::gateway()), ("feed", binary::feed())] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let package = folder.path().join(code(program));
        zip(&file, &package);
        put(&format!("/{BUCKET}/{}", code(program)), std::fs::read(&package).expect("it was just written")).await;
    }
}

/// Returns the key of a program's deployment package in the bucket.
fn code(program: &str) -> String {
    format!("{program}.zip")
}

async fn put(path: &str, bytes: Vec<u8>) {
    let put = request("s3", Method::PUT, path).body(bytes).send().await.expect("the local cloud answers");
    assert!(put.status().is_success(), "{path}: {}", put.status());
}

/// Lambda starts the file with this name in the package.
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

/// The local cloud reads from the signature which service is meant, and does not check it.
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
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
