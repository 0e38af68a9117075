//! How many bytes files may have in total, and what users read when there is no room left.

use domain::limits::Limits;
use domain::{Code, Refusal, UserId};

use super::Files;
use crate::ports::{Charged, Quota};

/// Returns the quotas that the operator set.
pub fn of(limits: &Limits) -> Quota {
    let most = |bytes| if bytes == 0 { u64::MAX } else { bytes };
    Quota { user: most(limits.user_storage_bytes), all: most(limits.storage_bytes) }
}

impl Files {
    /// Returns the refusal of a file of so many bytes that does not fit into the quotas.
    pub(super) async fn charged(&self, user: UserId, size: u64, charged: Charged) -> Result<(), Refusal> {
        let message = match charged {
            Charged::Done => return Ok(()),
            Charged::UserFull => {
                let used = self.store.files.usage(user).await?.user;
                format!(
                    "Your files take {used} of the {} bytes that you may store, which leaves no room for this one{}. \
                     Delete messages with files that you no longer need, or ask the operator for a larger quota.",
                    self.quota.user,
                    if size > 1 { format!(" of {size} bytes") } else { String::new() },
                )
            }
            Charged::AllFull => {
                tracing::warn!(
                    bytes = self.quota.all,
                    "the quota of all files is used up, set PALAVER_LIMITS_STORAGE_BYTES"
                );
                "The server has no room left for files. Ask its operator to make room, or send the message without files."
                    .to_owned()
            }
        };
        Err(Refusal::new(Code::TooLarge, message))
    }
}
