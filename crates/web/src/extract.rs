//! Extracts the parts of a call besides its body: path, query, the key of a write, the epoch. Rejects each invalid one
//! with problem+json.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use domain::{EntryId, Epoch, Refusal};
use http::{HeaderName, HeaderValue, request::Parts};
use serde::de::DeserializeOwned;
use wire::explained::explained;

use crate::Problem;

/// The header that carries the store's epoch, in both directions.
pub const PALAVER_EPOCH: HeaderName = HeaderName::from_static("palaver-epoch");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(error) => Err(Refusal::bad_request(format!("Invalid path: {}", explained(&error.body_text()))).into()),
        }
    }
}

/// The parameters of the query.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Query(value)),
            Err(error) => Err(Refusal::bad_request(format!("Invalid query: {}", explained(&error.body_text()))).into()),
        }
    }
}

/// `Idempotency-Key`: the id of the entry that a write appends, the same on every retry. A call without it gives `None`;
/// one that is not a UUID is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<EntryId>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(IdempotencyKey(None)) };
        // The header is a structured string (draft-ietf-httpapi-idempotency-key-header), so it may be quoted.
        let id = value.to_str().ok().and_then(|text| text.trim_matches('"').parse().ok());
        id.map(|id| IdempotencyKey(Some(id)))
            .ok_or_else(|| Refusal::bad_request("Idempotency-Key must be a UUIDv7, the same on every retry.").into())
    }
}

/// `Palaver-Epoch` of a call: the epoch that its `seen` belongs to, if the call has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochHeader(pub Option<Epoch>);

impl<S: Send + Sync> FromRequestParts<S> for EpochHeader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(PALAVER_EPOCH) else { return Ok(EpochHeader(None)) };
        let epoch = value.to_str().ok().and_then(|text| text.parse().ok());
        epoch
            .map(|epoch| EpochHeader(Some(epoch)))
            .ok_or_else(|| Refusal::bad_request("Palaver-Epoch must be the value from an earlier response.").into())
    }
}

/// Puts the store's epoch on an answer: `(StoreEpoch(epoch), Json(page))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreEpoch(pub Epoch);

impl IntoResponseParts for StoreEpoch {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        let value = HeaderValue::try_from(self.0.to_string()).expect("an epoch is hexadecimal");
        response.headers_mut().insert(PALAVER_EPOCH, value);
        Ok(response)
    }
}
