//! Typing and read marks that an event made, for the sockets that API Gateway holds. They are kept while the event is
//! dealt with and posted at its end; what is lost is lost.

use std::sync::{Mutex, PoisonError};

use domain::RoomId;
use domain::limits::RECEIPT_MEMBERS;
use realtime::{Frame, encode};
use service::marks::MarkListener;
use service::ports::{Connection, Mark, Typing};
use service::presence::TypingListener;

use crate::post::{bytes, followed_by};
use crate::{ByConnection, Gateway};

/// Signals of one event; more are dropped.
const KEPT: usize = 64;

/// What waits to be told.
#[derive(Default)]
pub(crate) struct Signals(Mutex<Vec<Signal>>);

enum Signal {
    Typing(Typing),
    Mark(Mark),
}

impl Signals {
    fn keep(&self, signal: Signal) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    /// Tells what waits, but not the socket `from`, whose frame it was.
    pub(crate) async fn tell_signals(&self, from: &str) {
        let signals = std::mem::take(&mut *self.signals.0.lock().unwrap_or_else(PoisonError::into_inner));
        for signal in signals {
            let told = match signal {
                Signal::Typing(typing) => self.tell_typing(&typing).await,
                Signal::Mark(mark) => self.tell_mark(&mark, from).await,
            };
            if told.is_none() {
                tracing::debug!("a signal was lost: the store did not answer");
            }
        }
    }

    async fn tell_typing(&self, typing: &Typing) -> Option<()> {
        let user = self.parts.user_cache.user(typing.user).await.ok()??;
        let others = self.followers(typing.room).await?;
        let others = others.into_iter().filter(|socket| socket.user != typing.user);
        self.tell(others, &encode::typing(typing, &user)).await;
        Some(())
    }

    /// A mark: to the user's other sockets with the counts, and in small rooms to everybody.
    async fn tell_mark(&self, mark: &Mark, from: &str) -> Option<()> {
        let own = self.parts.store.nodes.connections(mark.user, self.now()).await.ok()?;
        let own = own.into_iter().filter(|row| row.room.is_none() && row.id != from);
        self.tell(own, &encode::receipt(mark, true)).await;
        if self.parts.store.rooms.member_count(mark.room).await.ok()? <= RECEIPT_MEMBERS as u64 {
            let others = self.followers(mark.room).await?;
            let others = others.into_iter().filter(|socket| socket.user != mark.user);
            self.tell(others, &encode::receipt(mark, false)).await;
        }
        Some(())
    }

    async fn followers(&self, room: RoomId) -> Option<Vec<Connection>> {
        let rows = self.parts.store.nodes.connections_in(room, self.now()).await.ok()?;
        Some(rows.iter().map(followed_by).collect())
    }

    async fn tell(&self, sockets: impl Iterator<Item = Connection>, frame: &Frame) {
        let text = bytes(frame);
        let frames: ByConnection = sockets.map(|socket| (socket.id.clone(), (socket, vec![text.clone()]))).collect();
        self.post_all(frames).await;
    }
}
