//! The program that a function's start is compared with: a `lambda_http` binary that does nothing, with the client of
//! one SDK.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = aws_sdk_dynamodb::Client::new(&aws_config::load_from_env().await);
    let client = &client;
    run(service_fn(move |_: Request| async move {
        let tables = client.list_tables().send().await?;
        Ok::<_, Error>(format!("{} tables", tables.table_names().len()))
    }))
    .await
}
