//! The gateway function alone: wiring only. One Lambda takes the events of the WebSocket API's routes and those of the
//! table's stream.

use std::sync::Arc;

use host::{Function, FunctionError, OpenError, Settings, WithoutFiles};
use serde::{Deserialize, Serialize};
use service::ports::StoreResult;
use store_dynamo::{StreamAnswer, StreamEvent};

/// The events that the function is invoked with.
#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Stream(StreamEvent),
    Socket(Box<gateway::Event>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Stream(StreamAnswer),
    Socket(gateway::Answer),
}

/// The adapters that answer events.
struct Opened {
    function: Function,
    gateway: Arc<gateway::Gateway>,
}

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    let Some(settings) = host::begin("gateway", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let settings = Arc::new(settings);
    Ok(host::events(move || open(settings.clone()), answer).await?)
}

async fn open(settings: Arc<Settings>) -> Result<Opened, OpenError> {
    let function = Function::open::<WithoutFiles>(&settings, "gateway").await?;
    let profile = &function.profile;
    let gateway = gateway::Gateway::new(
        profile.services.clone(),
        profile.push(&settings).await?,
        profile.node.clone(),
        &settings.limits,
        settings.web.origins.clone(),
        settings.connections_url.clone(),
    );
    Ok(Opened { function, gateway })
}

async fn answer(opened: Arc<Opened>, event: Event) -> StoreResult<Answer> {
    let answer = match event {
        Event::Stream(event) => Answer::Stream(stream(&opened.gateway, &event).await),
        Event::Socket(event) => Answer::Socket(opened.gateway.handle(&event).await?),
    };
    opened.function.settle().await;
    Ok(answer)
}

/// Delivers what was appended, in the order of each log's records. After a failure, the log's later records are retried
/// too.
async fn stream(gateway: &gateway::Gateway, event: &StreamEvent) -> StreamAnswer {
    let mut again = Vec::new();
    let mut failed = std::collections::HashSet::new();
    for appended in event.appended() {
        if failed.contains(&appended.log) {
            continue;
        }
        if let Err(error) = gateway.deliver(appended.log, appended.first, appended.last).await {
            tracing::warn!(log = %appended.log, %error, "failed to deliver a commit, the stream will retry it");
            failed.insert(appended.log);
            again.push(appended.record);
        }
    }
    StreamAnswer::again(again)
}
