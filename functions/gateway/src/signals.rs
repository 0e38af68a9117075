//! Typing signals and read marks that an event created, for the sockets that API Gateway holds. They are collected
//! while the event is handled and posted at its end; a lost one is not recovered.

use std::sync::Arc;

use domain::RoomId;
use parking_lot::Mutex;
use realtime::interpreter;
use realtime::message::Delivery;
use service::marks::MarkListener;
use service::ports::{Connection, Mark, Typing};
use service::presence::TypingListener;

use crate::post::{bytes, followed_by};
use crate::{ByConnection, Gateway};

/// The maximum number of signals of one event; more are dropped.
const KEPT: usize = 64;

/// The signals that wait to be posted.
#[derive(Default)]
pub(crate) struct Signals(Mutex<Vec<Signal>>);

enum Signal {
    Typing(Typing),
    Mark(Mark),
}

impl Signals {
    fn keep(&self, signal: Signal) {
        let mut kept = self.0.lock();
        if kept.len() < KEPT {
            kept.push(signal);
        }
    }
}

impl TypingListener for Signals {
    fn typing(&self, typing: &Typing) {
        self.keep(Signal::Typing(typing.clone()));
    }
}

impl MarkListener for Signals {
    fn marked(&self, mark: &Mark) {
        self.keep(Signal::Mark(mark.clone()));
    }
}

impl Gateway {
    /// Posts the waiting signals, except to the socket `from`, which sent the frame.
    pub(crate) async fn post_signals(&self, from: &str) {
        let signals = std::mem::take(&mut *self.signals.0.lock());
        for signal in signals {
            let posted = match signal {
                Signal::Typing(typing) => self.post_typing(&typing).await,
                Signal::Mark(mark) => self.post_mark(&mark, from).await,
            };
            if posted.is_none() {
                tracing::debug!("dropped a signal because the store did not answer");
            }
        }
    }

    async fn post_typing(&self, typing: &Typing) -> Option<()> {
        let user = self.services.user_cache.user(typing.user).await.ok()??;
        let others = self.followers(typing.room).await?;
        let others = others.into_iter().filter(|socket| socket.user != typing.user);
        self.post_signal(others, &interpreter::typing(typing, &user)).await;
        Some(())
    }

    /// Posts a read mark: to the user's other sockets with the counts, and in small rooms to all members.
    async fn post_mark(&self, mark: &Mark, from: &str) -> Option<()> {
        let own = self.services.ports.store.nodes.connections(mark.user, self.now()).await.ok()?;
        let own = own.into_iter().filter(|row| row.room.is_none() && row.id != from);
        self.post_signal(own, &interpreter::receipt(mark, true)).await;
        if self.services.marks.shows_receipts(mark.room).await.ok()? {
            let others = self.followers(mark.room).await?;
            let others = others.into_iter().filter(|socket| socket.user != mark.user);
            self.post_signal(others, &interpreter::receipt(mark, false)).await;
        }
        Some(())
    }

    async fn followers(&self, room: RoomId) -> Option<Vec<Connection>> {
        let rows = self.services.ports.store.nodes.connections_in(room, self.now()).await.ok()?;
        Some(rows.iter().map(followed_by).collect())
    }

    async fn post_signal(&self, sockets: impl Iterator<Item = Connection>, message: &Arc<Delivery>) {
        let Some(text) = bytes(message) else { return };
        let frames: ByConnection = sockets.map(|socket| (socket.id.clone(), (socket, vec![text.clone()]))).collect();
        self.post_all(frames).await;
    }
}
