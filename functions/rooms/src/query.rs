//! The parameters of calls, in path, query and headers.

use axum::extract::FromRequestParts;
use domain::name::Slug;
use domain::{Refusal, RoomId, Seq, UserId};
use http::request::Parts;
use serde::Deserialize;
use service::ChangeRequest;
use utoipa::IntoParams;
use web::{EpochHeader, IdempotencyKey, Problem};

/// The `after` and `limit` parameters of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// The `next` of the previous page.
    pub after: Option<String>,
    /// The number of items, at most 100.
    pub limit: Option<usize>,
}

impl PageParams {
    /// Parses `after` as a room's id.
    pub fn after_room(&self) -> Result<Option<RoomId>, Refusal> {
        self.parsed()
    }

    /// Parses `after` as a user's id.
    pub fn after_user(&self) -> Result<Option<UserId>, Refusal> {
        self.parsed()
    }

    fn parsed<T: std::str::FromStr>(&self) -> Result<Option<T>, Refusal> {
        let bad = |_| Refusal::bad_request("`after` must be the `next` of the previous page.");
        self.after.as_deref().map(str::parse).transpose().map_err(bad)
    }
}

/// The query of the directory.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DirectoryParams {
    /// The beginning of a slug or a name.
    #[serde(default)]
    pub prefix: String,
    /// The `next` of the previous page.
    pub after: Option<String>,
    /// The number of items, at most 100.
    pub limit: Option<usize>,
}

impl DirectoryParams {
    /// Parses `after` as a slug.
    pub fn after_slug(&self) -> Result<Option<Slug>, Refusal> {
        let bad = |_| Refusal::bad_request("`after` must be the `next` of the previous page.");
        self.after.as_deref().map(Slug::parse).transpose().map_err(bad)
    }
}

/// The query of a page of history.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// Returns messages before this seq.
    pub before: Option<Seq>,
    /// Returns messages after this seq.
    pub after: Option<Seq>,
    /// The number of messages; 50 by default, at most 200.
    pub limit: Option<usize>,
    /// What the page must include knowledge of: the highest seq that the caller was acked or reset to.
    pub min_seq: Option<Seq>,
}

/// The query of a page of a thread.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThreadParams {
    /// Returns messages after this seq.
    #[serde(default)]
    pub after: Seq,
    /// The number of messages, at most 200.
    pub limit: Option<usize>,
}

/// The query of a change by PUT or DELETE.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SeenParams {
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    pub seen: Option<Seq>,
}

/// The headers of a write, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "describes the headers in the OpenAPI document")]
pub struct WriteParams {
    /// A UUID that is the same on every retry, so that the change is made once. Requires `seen`, except for a new room.
    #[param(rename = "Idempotency-Key", format = Uuid)]
    idempotency_key: Option<String>,
    /// The epoch that `seen` belongs to: the `Palaver-Epoch` of an earlier response.
    #[param(rename = "Palaver-Epoch")]
    palaver_epoch: Option<String>,
}

/// The headers of a write: `Idempotency-Key` and `Palaver-Epoch`.
pub struct WriteHeaders {
    key: IdempotencyKey,
    epoch: EpochHeader,
}

impl<S: Send + Sync> FromRequestParts<S> for WriteHeaders {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(WriteHeaders {
            key: IdempotencyKey::from_request_parts(parts, state).await?,
            epoch: EpochHeader::from_request_parts(parts, state).await?,
        })
    }
}

impl WriteHeaders {
    /// Combines the headers with the `seen` of the body or query. A key without `seen` is refused, because dedup would
    /// be impossible; without both, the server generates the id.
    pub fn asked(&self, seen: Option<Seq>) -> Result<ChangeRequest, Refusal> {
        let asked = self.unseen();
        if asked.id.is_some() && seen.is_none() {
            return Err(Refusal::bad_request(
                "Send `seen` (the head that you knew when you first tried) with the Idempotency-Key.",
            ));
        }
        Ok(ChangeRequest { seen: asked.id.and(seen), ..asked })
    }

    /// Returns the request for a change that begins a new log, where no head could be known.
    pub fn unseen(&self) -> ChangeRequest {
        ChangeRequest { id: self.key.0, seen: None, epoch: self.epoch.0 }
    }
}
