//! Announces in a user's own log what changed about their account, which informs every node and every device.

use std::sync::Arc;

use domain::{Actor, Change, Intent, LogId, OwnChange, Refusal, User, UserId};

use crate::ids::Ids;
use crate::log::Logs;
use crate::user_cache::UserCache;

/// Appends to user logs.
pub(super) struct UserLog {
    pub(super) logs: Arc<Logs>,
    pub(super) user_cache: Arc<UserCache>,
    pub(super) ids: Ids,
}

impl UserLog {
    /// Appends a change to the log of a user.
    pub(super) async fn announce(&self, user: UserId, change: OwnChange) -> Result<(), Refusal> {
        let intent = Intent::Own(change);
        let change = Change { by: Actor::SYSTEM, id: self.ids.entry(), seen: None, epoch: None, intent };
        self.logs.submit(LogId::User(user), change).await.map(drop)
    }

    /// Informs the devices of a user, and this node's cache, that their profile changed.
    pub(super) async fn announce_profile(&self, user: &User) -> Result<(), Refusal> {
        self.user_cache.forget_user(user.id);
        let value = serde_json::json!({
            "name": user.name.as_str(),
            "display_name": user.display_name.as_ref().map(|name| name.as_str()),
            "guest": user.guest,
        });
        self.announce(user.id, OwnChange::Setting { name: "profile".into(), value }).await
    }
}
