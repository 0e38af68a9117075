//! The list of accounts and guests.

use domain::name::handle_prefix;
use domain::{Refusal, Timestamp, User};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{Admin, Requester};
use crate::limits::{ACCOUNTS_AT_ONCE, ACCOUNTS_PER_PAGE};
use crate::ports::StoreResult;

/// An account or a guest, as admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// When one of the user's sessions was last refreshed or began; none if the user has no session.
    pub last_used_at: Option<Timestamp>,
    /// The number of sessions that have not ended.
    pub sessions: usize,
}

/// Accounts in order of their folded handles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountsPage {
    /// At most as many as requested. Deleted accounts are left out, so a page may be short.
    pub accounts: Vec<Account>,
    /// The name after which the next page begins.
    pub next: Option<String>,
}

impl Admin {
    /// Returns the accounts and guests whose handle begins like `prefix`, after `after` of the previous page. At most
    /// [`ACCOUNTS_PER_PAGE`]: each costs a look-up of the user's sessions.
    pub async fn list(
        &self,
        by: Requester,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<AccountsPage, Refusal> {
        by.check()?;
        let limit = limit.clamp(1, ACCOUNTS_PER_PAGE);
        let prefix = prefix.trim_start_matches('@');
        let Some(prefix) = handle_prefix(prefix) else { return Ok(AccountsPage { accounts: Vec::new(), next: None }) };
        let mut users = self.store.users.users_by_prefix(&prefix, after, limit + 1).await?;
        let more = users.len() > limit;
        users.truncate(limit);
        let next = users.last().filter(|_| more).map(|user| user.name.folded());

        let shown = users.into_iter().filter(|user| !user.deleted).map(|user| self.used(user));
        let accounts = futures_util::stream::iter(shown).buffered(ACCOUNTS_AT_ONCE).try_collect().await?;
        Ok(AccountsPage { accounts, next })
    }

    /// Returns a user with the newest use of the account.
    pub async fn account(&self, by: Requester, user: User) -> Result<Account, Refusal> {
        by.check()?;
        Ok(self.used(user).await?)
    }

    async fn used(&self, user: User) -> StoreResult<Account> {
        let sessions = self.store.sessions.list(user.id, self.clock.now()).await?;
        let last_used_at = sessions.iter().map(|session| session.rotated_at).max();
        Ok(Account { user, last_used_at, sessions: sessions.len() })
    }
}
