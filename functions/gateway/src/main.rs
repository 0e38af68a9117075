//! The gateway function alone: wiring only. One Lambda takes the events of the WebSocket API's routes and those of the
//! table's stream.

use profile::{Function, FunctionError, WithoutFiles};
use serde::{Deserialize, Serialize};
use store_dynamo::{StreamAnswer, StreamEvent};
use ws_tier::Parts;

/// Whatever the function is called with.
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

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    let function = Function::open::<WithoutFiles>(|name| std::env::var(name).ok(), "gateway").await?;
    let (profile, settings) = (&function.profile, &function.settings);
    let gateway = gateway::Gateway::new(
        Parts::of(&profile.services),
        profile.push(settings).await?,
        profile.node.clone(),
        &settings.limits,
        settings.web.origins.clone(),
        settings.connections_url.clone(),
    );
    let (function, gateway) = (&function, &gateway);
    let answer = |event| async move {
        let answer = match event {
            Event::Stream(event) => Answer::Stream(stream(gateway, &event).await),
            Event::Socket(event) => Answer::Socket(gateway.handle(&event).await?),
        };
        function.settle().await;
        Ok(answer)
    };
    Ok(web::events(answer).await?)
}

/// Delivers what was appended, in the order of the records of each log; after a failure its later ones come again too.
async fn stream(gateway: &gateway::Gateway, event: &StreamEvent) -> StreamAnswer {
    let mut again = Vec::new();
    let mut failed = std::collections::HashSet::new();
    for appended in event.appended() {
        if failed.contains(&appended.log) {
            continue;
        }
        if let Err(error) = gateway.deliver(appended.log, appended.first, appended.last).await {
            tracing::warn!(log = %appended.log, ?error, "a commit was not delivered; the stream gives it again");
            failed.insert(appended.log);
            again.push(appended.record);
        }
    }
    StreamAnswer::again(again)
}
