//! Extracts the parts of a call besides its body: path, query, the key of a write, the epoch. Rejects each invalid one
//! with problem+json.

use std::convert::Infallible;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponseParts, ResponseParts};
use domain::{EntryId, Epoch, Refusal};
use http::{HeaderName, HeaderValue, request::Parts};
use serde::de::DeserializeOwned;
use wire::explained::{Part, explain};

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
            Err(error) => Err(Refusal::bad_request(path_fault(&error, parts).await).into()),
        }
    }
}

/// The parameters of the query.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        match serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)) {
            Ok(value) => Ok(Query(value)),
            Err(error) => {
                let fault = explain(Part::Query, &error.path().to_string(), error.inner());
                Err(Refusal::bad_request(fault).into())
            }
        }
    }
}

/// Says which parameter of the path is wrong, and what it must be.
async fn path_fault(error: &PathRejection, parts: &mut Parts) -> String {
    let PathRejection::FailedToDeserializePathParams(error) = error else {
        return explain(Part::Path, "", &"its parameters are missing");
    };
    let needs = |name: &str, value: &str, needed: &str| {
        explain(Part::Path, name, &format!("invalid type: string {value:?}, expected {needed}"))
    };
    match error.kind() {
        ErrorKind::ParseErrorAtKey { key, value, expected_type } => needs(key, value, expected_type),
        ErrorKind::ParseErrorAtIndex { index, value, expected_type } => {
            let names = RawPathParams::from_request_parts(parts, &()).await;
            let name = names.ok().and_then(|names| Some(names.iter().nth(*index)?.0.to_owned()));
            needs(name.as_deref().unwrap_or_default(), value, expected_type)
        }
        ErrorKind::ParseError { value, expected_type } => needs("", value, expected_type),
        ErrorKind::InvalidUtf8InPathParam { key } => format!("`{key}` in the path is not UTF-8."),
        ErrorKind::DeserializeError { key, message, .. } => explain(Part::Path, key, message),
        other => explain(Part::Path, "", other),
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
            .ok_or_else(|| Refusal::bad_request("Idempotency-Key must be a UUID, the same on every retry.").into())
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
