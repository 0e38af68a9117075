//! The work of a socket: performed on the tokio runtime, where it may wait for the store or a permit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use realtime::connection::{Input, Work};
use realtime::interpreter::perform;
use realtime::protocol::Action;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::backend::SocketBackend;
use crate::shards::Command;

/// Work that was begun.
pub(crate) enum Begun {
    /// It is done already; `None` if it panicked.
    Done(Option<Input>),
    /// It goes on, and its input comes as a [`Command::Input`].
    Runs(JoinHandle<()>),
}

/// Performs an action on the runtime. Takes its first step here, so that a client's requests reach the rest of the node in
/// order.
pub(crate) fn begin(backend: &Arc<SocketBackend>, work: Work, action: Action, runtime: &Handle) -> Begun {
    let checks_credential = matches!(action, Action::SignIn(_) | Action::Renew { .. });
    let performer = backend.clone();
    let action = async move { AssertUnwindSafe(perform(&*performer, action)).catch_unwind().await.ok() };
    let mut action = Box::pin(action);
    // Verifying a signature takes too long for a shard, and a socket has one of these at a time.
    if !checks_credential && let Poll::Ready(input) = action.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return Begun::Done(input);
    }
    let backend = backend.clone();
    Begun::Runs(runtime.spawn(async move {
        let input = action.await.map(Box::new);
        backend.command(Command::Input(backend.id(), work, tokio::task::id(), input));
    }))
}
