//! The feed as a program: wiring only. As a Lambda it is the function that DynamoDB's stream calls; as a long-lived
//! process it runs the feed's loop, on every store.

use std::sync::Arc;

use host::{Duties, Function, FunctionError, Settings, WithoutFiles};

const NAME: &str = "feed";

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    let Some(settings) = host::begin(NAME, std::env::args(), std::env::vars_os())? else { return Ok(()) };
    if host::is_lambda() {
        return lambda(Arc::new(settings)).await;
    }
    let function = Function::open::<WithoutFiles>(&settings, NAME).await?;
    #[cfg(all(feature = "aws", not(feature = "stream-poller")))]
    if function.profile.dynamo().is_ok() {
        return Err(host::OpenError::NotBuiltIn("the reader of DynamoDB's stream outside of Lambda").into());
    }
    let running = function.profile.services.start_duties(Duties { feed: true, files: false });
    let supervisor = running.supervisor().clone();
    host::end_of(&supervisor).await;
    running.stop().await;
    function.profile.close().await;
    supervisor.failure().map_or(Ok(()), |failure| Err(failure.into()))
}

#[cfg(feature = "aws")]
async fn lambda(settings: Arc<Settings>) -> Result<(), FunctionError> {
    use std::convert::Infallible;

    use host::OpenError;
    use notifications::Dispatcher;

    let open = move || {
        let settings = settings.clone();
        async move {
            let function = Function::open::<WithoutFiles>(&settings, NAME).await?;
            let services = &function.profile.services;
            let dispatcher = Dispatcher {
                name: function.profile.node.clone(),
                log: services.ports.store.log.clone(),
                catch_up: services.catch_up.clone(),
                bus: services.ports.bus.clone(),
                rows: Arc::new(function.profile.dynamo()?.clone()),
            };
            Ok::<_, OpenError>((function, dispatcher))
        }
    };
    let answer = async |opened: Arc<(Function, Dispatcher)>, event| {
        let (function, dispatcher) = &*opened;
        let answer = dispatcher.answer(event).await;
        function.settle().await;
        Ok::<_, Infallible>(answer)
    };
    Ok(host::events(open, answer).await?)
}

#[cfg(not(feature = "aws"))]
async fn lambda(_: Arc<Settings>) -> Result<(), FunctionError> {
    Err(host::OpenError::NotBuiltIn("DynamoDB").into())
}
