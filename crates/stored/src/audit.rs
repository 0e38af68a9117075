//! A record of the audit log, as its row holds it.

use domain::{AuditAction, AuditOutcome, AuditRecord, AuditSubject, AuditVia, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record;

record!(
    /// A record of the audit log.
    AuditForm,
    "Form",
    AuditRecord
);

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditRecord")]
struct Form {
    at: Timestamp,
    id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
    via: AuditVia,
    action: AuditAction,
    subject: AuditSubject,
    subject_name: String,
    outcome: AuditOutcome,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{from_json, to_json};

    #[test]
    fn a_record_is_read_as_it_was_written_and_an_unknown_action_is_carried_on() {
        let record = AuditRecord {
            at: Timestamp(7),
            id: Uuid::from_u128(1),
            by: None,
            by_name: None,
            via: AuditVia::Cli,
            action: AuditAction::Rename,
            subject: AuditSubject::User(UserId(Uuid::from_u128(2))),
            subject_name: "ada".into(),
            outcome: AuditOutcome::Done,
        };
        let text = to_json(&AuditForm(record.clone()));
        assert_eq!(from_json::<AuditForm>(&text), Ok(AuditForm(record.clone())));

        let later = text.replace("\"rename\"", "\"transfer\"").replace("\"cli\"", "\"console\"");
        let unknown = AuditRecord { action: AuditAction::Unknown, via: AuditVia::Unknown, ..record };
        assert_eq!(from_json::<AuditForm>(&later), Ok(AuditForm(unknown)));
    }
}
