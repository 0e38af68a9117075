//! What calls carry in path, query and headers.

use axum::extract::FromRequestParts;
use domain::name::Slug;
use domain::{Refusal, RoomId, Seq, UserId};
use http::request::Parts;
use serde::Deserialize;
use service::ChangeRequest;
use utoipa::IntoParams;
use web::{EpochHeader, IdempotencyKey, Problem};

/// `after` and `limit` of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// `next` of the page before.
    pub after: Option<String>,
    /// How many, at most 100.
    pub limit: Option<usize>,
}

impl PageParams {
    /// `after` as a room's id.
    pub fn after_room(&self) -> Result<Option<RoomId>, Refusal> {
        self.parsed()
    }

    /// `after` as a user's id.
    pub fn after_user(&self) -> Result<Option<UserId>, Refusal> {
        self.parsed()
    }

    fn parsed<T: std::str::FromStr>(&self) -> Result<Option<T>, Refusal> {
        let bad = |_| Refusal::bad_request("`after` is the `next` of the page before.");
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
    /// `next` of the page before.
    pub after: Option<String>,
    /// How many, at most 100.
    pub limit: Option<usize>,
}

impl DirectoryParams {
    /// `after` as a slug.
    pub fn after_slug(&self) -> Result<Option<Slug>, Refusal> {
        let bad = |_| Refusal::bad_request("`after` is the `next` of the page before.");
        self.after.as_deref().map(Slug::parse).transpose().map_err(bad)
    }
}

/// The query of a page of history.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// Messages before this seq.
    pub before: Option<Seq>,
    /// Messages after this seq.
    pub after: Option<Seq>,
    /// How many; 50 when left out, at most 200.
    pub limit: Option<usize>,
    /// What the page must know of: the highest seq that the caller was acked or reset to.
    pub min_seq: Option<Seq>,
}

/// The query of a page of a thread.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThreadParams {
    /// Messages after this seq.
    #[serde(default)]
    pub after: Seq,
    /// How many, at most 200.
    pub limit: Option<usize>,
}

/// What an append by PUT or DELETE says in its query.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SeenParams {
    /// The head that the client knew; with `Idempotency-Key`.
    pub seen: Option<Seq>,
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
    /// With the `seen` of the body or query. A key without `seen` could not be looked up, so it is
    /// refused; without both the server makes the id.
    pub fn asked(&self, seen: Option<Seq>) -> Result<ChangeRequest, Refusal> {
        let asked = self.unseen();
        if asked.id.is_some() && seen.is_none() {
            return Err(Refusal::bad_request(
                "An Idempotency-Key needs `seen`, the head that you knew when you first tried.",
            ));
        }
        Ok(ChangeRequest { seen: asked.id.and(seen), ..asked })
    }

    /// For what begins a log of its own, where nothing could have been seen.
    pub fn unseen(&self) -> ChangeRequest {
        ChangeRequest { id: self.key.0, seen: None, epoch: self.epoch.0 }
    }
}
