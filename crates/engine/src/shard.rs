//! The handle of a shard: its queue of commands, and its start.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use mio::{Poll, Token, Waker};

use crate::Driver;
use crate::thread::Thread;

/// The token of a shard's waker; no socket has this number.
pub(crate) const WAKE: Token = Token(usize::MAX);

/// The handle of a shard. The shard ends when all its handles are dropped; its sockets are cut then.
#[derive(Debug)]
pub struct Shard<C> {
    inbox: Option<Sender<C>>,
    state: Arc<QueueState>,
}

#[derive(Debug)]
struct QueueState {
    waker: Waker,
    /// The shard sleeps, or is about to: it must be woken.
    asleep: AtomicBool,
    /// The number of commands that the shard has not taken out of its queue.
    queued: AtomicUsize,
}

impl<C> Shard<C> {
    /// Queues a command. Never blocks.
    pub fn send(&self, command: C) {
        if let Some(inbox) = &self.inbox {
            self.state.queued.fetch_add(1, Ordering::Relaxed);
            // Fails only if the shard's thread has ended; then it has no socket either.
            let _ = inbox.send(command);
            self.state.wake();
        }
    }

    /// Returns how many commands wait.
    pub fn queued(&self) -> usize {
        self.state.queued.load(Ordering::Relaxed)
    }
}

impl<C> Clone for Shard<C> {
    fn clone(&self) -> Self {
        Shard { inbox: self.inbox.clone(), state: self.state.clone() }
    }
}

impl<C> Drop for Shard<C> {
    fn drop(&mut self) {
        // Before the wake-up, so that the shard notices if this was the last handle.
        self.inbox = None;
        self.state.wake();
    }
}

impl QueueState {
    fn wake(&self) {
        // Orders the command before this look at `asleep`: either the shard sees the command or this sees it asleep.
        fence(Ordering::SeqCst);
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "waking a shard failed, its sockets will wait for its next timer");
        }
    }
}

/// Starts a shard's thread; `make` creates the driver on it. `core` is the processor core that the thread stays on.
pub fn start<D: Driver>(
    name: String,
    core: Option<usize>,
    make: impl FnOnce() -> D + Send + 'static,
) -> io::Result<Shard<D::Command>> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKE)?;
    let registry = poll.registry().try_clone()?;
    let (inbox, commands) = channel();
    let state = Arc::new(QueueState { waker, asleep: AtomicBool::new(false), queued: AtomicUsize::new(0) });
    let handle = Shard { inbox: Some(inbox), state: state.clone() };
    std::thread::Builder::new().name(name).spawn(move || {
        if let Some(core) = core {
            core_affinity::set_for_current(core_affinity::CoreId { id: core });
        }
        Thread::new(make(), poll, registry, Inbox { commands, state }).run();
    })?;
    Ok(handle)
}

/// Returns the processor cores that this process may use.
pub fn cores() -> Vec<usize> {
    core_affinity::get_core_ids().unwrap_or_default().into_iter().map(|core| core.id).collect()
}

/// The receiving end of a shard's queue.
#[derive(Debug)]
pub(crate) struct Inbox<C> {
    commands: Receiver<C>,
    state: Arc<QueueState>,
}

impl<C> Inbox<C> {
    /// Moves queued commands into `batch`. Returns false if no handle is left.
    pub fn take(&self, batch: &mut Vec<C>) -> bool {
        let before = batch.len();
        let alive = loop {
            match self.commands.try_recv() {
                Ok(command) => batch.push(command),
                Err(TryRecvError::Empty) => break true,
                Err(TryRecvError::Disconnected) => break false,
            }
        };
        self.state.queued.fetch_sub(batch.len() - before, Ordering::Relaxed);
        alive
    }

    /// Announces that the shard is about to sleep: a sender of a command wakes it from now on. Look once more for
    /// commands after this.
    pub fn before_sleep(&self) {
        self.state.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Announces that the shard looks at its queue itself.
    pub fn after_sleep(&self) {
        self.state.asleep.store(false, Ordering::SeqCst);
    }
}
