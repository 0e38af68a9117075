//! A page of a log for a socket; the page that reaches the head makes the socket a follower of the log.

use domain::limits::SYNC_ENTRIES;
use domain::{Actor, LogId, Refusal, RoomId, Seq};
use realtime::{Frame, Page};
use service::ReplayStatus;
use service::ports::Connection;

use crate::post::follower_id;
use crate::turn::Turn;

/// How often a reset is read again because something was appended meanwhile.
const RESETS: usize = 5;

impl Turn<'_> {
    /// Answers a request for a page. The row that makes the socket a follower comes before the last look at the
    /// head, so that what is committed after that look is posted to it, and what was before is in the page.
    pub(crate) async fn replay(
        &self,
        actor: &Actor,
        re: &str,
        log: LogId,
        mut cursor: Option<Seq>,
    ) -> Result<Frame, Refusal> {
        for _ in 0..RESETS {
            let page = self.page(actor, log, cursor).await?;
            let live = match page.status {
                ReplayStatus::Ok => self.follows(log, page.through).await?,
                ReplayStatus::Reset { head, .. } if !self.follows(log, head).await? => {
                    cursor = None;
                    continue;
                }
                ReplayStatus::Forbidden | ReplayStatus::NotFound => {
                    self.unfollow(log).await?;
                    false
                }
                ReplayStatus::Reset { .. } | ReplayStatus::More => false,
            };
            return Ok(page.frame(re, live));
        }
        // A log that never stands still is followed all the same: what lies between is found as a gap.
        let page = self.page(actor, log, None).await?;
        Ok(page.frame(re, false))
    }

    async fn page(&self, actor: &Actor, log: LogId, cursor: Option<Seq>) -> Result<Page, Refusal> {
        let gateway = self.gateway;
        let replay = gateway.parts.messages.replay(actor, log, cursor, SYNC_ENTRIES).await?;
        let page = Page::encode(&gateway.parts, gateway.settings.limits.server_frame, log, replay).await?;
        if page.epoch != gateway.epoch().await? {
            return Err(Turn::afresh());
        }
        Ok(page)
    }

    /// From now on what is committed to the log is posted to the socket. Whether nothing was since `through`.
    async fn follows(&self, log: LogId, through: Seq) -> Result<bool, Refusal> {
        if let LogId::Room(room) = log {
            self.gateway.parts.store.nodes.put_connection(&self.follower(room)).await?;
        }
        let (_, head) = self.gateway.parts.head(log).await?;
        Ok(head <= through)
    }

    async fn unfollow(&self, log: LogId) -> Result<(), Refusal> {
        if let LogId::Room(room) = log {
            let follower = self.follower(room);
            self.gateway.parts.store.nodes.drop_connection(follower.user, &follower.id).await?;
        }
        Ok(())
    }

    fn follower(&self, room: RoomId) -> Connection {
        let id = follower_id(&self.connection.id, room);
        Connection { id, room: Some(room), ..self.connection.clone() }
    }
}
