//! Writes and reads the audit log. A record is written before its action, and again with what became of it, so that no
//! action is without a record, whatever fails in between.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::PAGE_ROWS;
use domain::{AuditAction, AuditKey, AuditOutcome, AuditRecord, AuditSubject, Code, Refusal, Timestamp, User, UserId};
use uuid::Uuid;

use super::{Admin, Requester};
use crate::completes::Completes;
use crate::limits::AUDIT_LIFE;
use crate::ports::StoreResult;

/// How far the clock of the node that wrote a record may be ahead.
const CLOCKS_DIFFER: Duration = Duration::from_secs(3600);

/// Records, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// At most as many as requested.
    pub records: Vec<AuditRecord>,
    /// The position from which the next page begins.
    pub next: Option<AuditKey>,
}

impl Admin {
    /// Does what `work` does, which has not begun yet, and records it. Finishes even if the caller stops waiting.
    pub(super) async fn audited<T: Send + 'static>(
        self: &Arc<Self>,
        by: Requester,
        action: AuditAction,
        (subject, subject_name): (AuditSubject, String),
        work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Result<T, Refusal> {
        let this = self.clone();
        let recorded = async move {
            let user = Some(by.actor.user).filter(|user| *user != UserId::SYSTEM);
            let by_name = match user {
                Some(user) => this.user_cache.user(user).await?.map(|user| user.name.to_string()),
                None => None,
            };
            let mut record = AuditRecord {
                at: this.clock.now(),
                id: this.ids.uuid(),
                by: user,
                by_name,
                via: by.via,
                action,
                subject,
                subject_name,
                outcome: AuditOutcome::Begun,
            };
            this.store.audit.record(&record).await?;

            let result = work.await;
            record.outcome = match &result {
                Ok(_) => AuditOutcome::Done,
                // It may have been done in part.
                Err(refusal) if matches!(refusal.code, Code::Unavailable | Code::Overloaded) => return result,
                Err(_) => AuditOutcome::Refused,
            };
            if let Err(error) = this.store.audit.record(&record).await {
                // What was done cannot be taken back. The record says that it began.
                tracing::warn!(%error, id = %record.id, "the outcome of an audited action was not recorded");
            }
            result
        };
        Completes::new(recorded).await
    }

    /// Returns the records older than `before` of the previous page, newest first. They are kept for [`AUDIT_LIFE`].
    pub async fn audit(&self, by: Requester, before: Option<AuditKey>, limit: usize) -> Result<AuditPage, Refusal> {
        by.check()?;
        let limit = limit.clamp(1, PAGE_ROWS);
        let since = self.kept_since();
        let newest = (self.clock.now() + CLOCKS_DIFFER, Uuid::max());
        let before = before.map_or(newest, |before| before.min(newest));
        let mut records = self.store.audit.page(before, since, limit + 1).await?;
        let more = records.len() > limit;
        records.truncate(limit);
        let next = records.last().filter(|_| more).map(AuditRecord::key);
        Ok(AuditPage { records, next })
    }

    /// Removes records that are older than [`AUDIT_LIFE`]. Called by a timer.
    pub async fn sweep(&self) -> StoreResult<u64> {
        self.store.audit.sweep_audit(self.kept_since()).await
    }

    fn kept_since(&self) -> Timestamp {
        Timestamp(self.clock.now().0 - AUDIT_LIFE.as_millis() as i64)
    }
}

/// Returns a user as the subject of a record.
pub(super) fn of_user(user: &User) -> (AuditSubject, String) {
    (AuditSubject::User(user.id), user.name.to_string())
}
