//! What handlers of the older contract take from a call. Whatever cannot be read is refused in the older shape, with 422.

use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use domain::Refusal;
use http::request::Parts;
use serde::de::DeserializeOwned;
use service::compat::Visitor;

use super::OlderError;
use crate::{Client, Json, MaybeCaller, Path, Query};

/// Who calls: the actor of a token, and the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit(pub Visitor);

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = OlderError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OlderError> {
        let MaybeCaller(actor) = MaybeCaller::from_request_parts(parts, state).await?;
        let client = Client::from_request_parts(parts, state).await.map_err(OlderError::from)?;
        Ok(Visit(Visitor { actor, address: client.address }))
    }
}

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct OlderPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for OlderPath<T> {
    type Rejection = OlderError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OlderError> {
        let Path(value) = Path::from_request_parts(parts, state).await?;
        Ok(OlderPath(value))
    }
}

/// The parameters of the query.
#[derive(Debug, Clone, Copy)]
pub struct OlderQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for OlderQuery<T> {
    type Rejection = OlderError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OlderError> {
        let Query(value) = Query::from_request_parts(parts, state).await?;
        Ok(OlderQuery(value))
    }
}

/// The JSON body.
#[derive(Debug, Clone, Copy)]
pub struct OlderJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OlderJson<T> {
    type Rejection = OlderError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OlderError> {
        let Json(value) = <Json<T> as FromRequest<S>>::from_request(request, state).await?;
        Ok(OlderJson(value))
    }
}

/// A form with a file.
pub struct OlderForm(pub Multipart);

impl<S: Send + Sync> FromRequest<S> for OlderForm {
    type Rejection = OlderError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OlderError> {
        let form = Multipart::from_request(request, state).await;
        form.map(OlderForm).map_err(|_| Refusal::bad_request("Send the file as multipart/form-data.").into())
    }
}
