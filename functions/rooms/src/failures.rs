//! The errors that changes of a room have in common, for the OpenAPI document.

use std::collections::BTreeMap;

use domain::Code;
use http::StatusCode;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

/// The errors of a change that a room's log decides.
pub struct ChangeErrors;

impl IntoResponses for ChangeErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let forbidden = web::failure(
            StatusCode::FORBIDDEN,
            "The caller may not do this in the room, or is muted",
            &[
                (Code::Forbidden, "You are not allowed to do this in this room."),
                (Code::Muted, "You are muted in this room. Try again later."),
            ],
        );
        let conflict = web::failure(
            StatusCode::CONFLICT,
            "The change contradicts the current state; or `seen` is too old, and `head` says what the client must read first",
            &[
                (Code::Conflict, "This message has been deleted."),
                (Code::Archived, "This room is archived. Nothing more can be added."),
                (Code::Stale, "This change is too old to be sent safely. Check it and send it again."),
            ],
        );
        let limited = web::failure(
            StatusCode::TOO_MANY_REQUESTS,
            "A limit is reached, or the room's slow mode requires a pause. Retry after `retry_ms` milliseconds",
            &[
                (Code::RateLimited, "You are sending too fast. Please retry in a moment."),
                (Code::SlowMode, "Slow mode is on in this room. Please wait before your next message."),
            ],
        );
        [("403", forbidden), ("409", conflict), ("429", limited)]
            .map(|(status, response)| (status.to_owned(), response.into()))
            .into()
    }
}
