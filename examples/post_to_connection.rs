//! Posts a frame to one socket with an AWS SDK, like a back end written for API Gateway: a node's private port
//! (`PALAVER_INTERNAL_LISTEN`) answers like Amazon's own endpoint. The key is one of `PALAVER_INTERNAL_KEYS`:
//! `AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_REGION=local cargo run -p examples --bin post_to_connection --
//! http://127.0.0.1:9000 CONNECTION '{"t":"greeting"}'`.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_apigatewaymanagement::{Client, config};

#[tokio::main]
pub async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, connection, frame] = &arguments[..] else {
        anyhow::bail!("usage: post_to_connection ENDPOINT CONNECTION FRAME");
    };
    let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
    match run(&shared, endpoint, connection, frame).await? {
        true => println!("posted"),
        false => println!("the connection has ended"),
    }
    Ok(())
}

/// Posts a frame. Returns false if no such connection is open any more, so that the caller can remove its id.
pub async fn run(shared: &SdkConfig, endpoint: &str, connection: &str, frame: &str) -> anyhow::Result<bool> {
    let client = Client::from_conf(config::Builder::from(shared).endpoint_url(endpoint).build());
    let posted = client.post_to_connection().connection_id(connection).data(Blob::new(frame)).send().await;
    match posted.map_err(|error| error.into_service_error()) {
        Ok(_) => Ok(true),
        Err(PostToConnectionError::GoneException(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
