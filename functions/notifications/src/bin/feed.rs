//! The feed alone: wiring only. As a Lambda it is the function that DynamoDB's stream calls; as a process that lives on it
//! runs the feed's loop, on every store.

use profile::{Duties, Function, FunctionError, WithoutFiles};

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    let function = Function::open::<WithoutFiles>(|name| std::env::var(name).ok(), "feed").await?;
    if web::is_lambda() {
        return lambda(function).await;
    }
    #[cfg(all(feature = "aws", not(feature = "stream-poller")))]
    if function.profile.dynamo().is_ok() {
        return Err(profile::OpenError::NotBuiltIn("what reads DynamoDB's stream outside of Lambda").into());
    }
    let running = function.profile.services.start_duties(Duties { feed: true, files: false });
    web::shutdown_signal().await;
    running.stop().await;
    function.publisher.flush().await;
    function.profile.close().await;
    Ok(())
}

#[cfg(feature = "aws")]
async fn lambda(function: Function) -> Result<(), FunctionError> {
    use std::sync::Arc;

    let services = &function.profile.services;
    let dispatcher = notifications::Dispatcher {
        name: function.profile.node.clone(),
        log: services.ports.store.log.clone(),
        catch_up: services.catch_up.clone(),
        bus: services.ports.bus.clone(),
        rows: Arc::new(function.profile.dynamo()?.clone()),
    };
    let (function, dispatcher) = (&function, &dispatcher);
    let answer = |event| async move {
        let answer = dispatcher.event(event).await;
        function.settle().await;
        Ok(answer)
    };
    Ok(web::events(answer).await?)
}

#[cfg(not(feature = "aws"))]
async fn lambda(_: Function) -> Result<(), FunctionError> {
    Err(profile::OpenError::NotBuiltIn("DynamoDB").into())
}
