//! The JSON body of a call, in and out. Rejects an invalid body with `bad_request` and the place of the mistake; rejects
//! one that is nested too deeply before parsing it.

use crate::limits::JSON_BODY;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::{Code, Refusal};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::explained::{Part, explain_json};
use wire::limits::JSON_DEPTH;

use crate::Problem;

/// A JSON body, at most [`JSON_BODY`] bytes and [`JSON_DEPTH`] levels. `Option<Json<T>>` accepts a call without a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        Ok(Json(parse(&read(request).await?)?))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Problem> {
        // Some clients always send the content type, even without a body.
        let (json, named) = (is_json(request.headers()), request.headers().contains_key(header::CONTENT_TYPE));
        let bytes = read(request).await?;
        match (bytes.is_empty(), json) {
            (true, _) => Ok(None),
            (false, true) => parse(&bytes).map(|body| Some(Json(body))),
            (false, false) if named => Err(not_json()),
            (false, false) => Err(Refusal::bad_request("Send the body with Content-Type: application/json.").into()),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        // Answers are personal: no proxy or browser may store them.
        let mut response = axum::Json(self.0).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
        response
    }
}

fn not_json() -> Problem {
    let refusal = Refusal::bad_request("Send the body as JSON, with Content-Type: application/json.");
    Problem::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let body = Limited::new(request.into_body(), JSON_BODY);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if is_too_long(error.as_ref()) => {
            Err(Refusal::new(Code::TooLarge, format!("The body is too large (limit {JSON_BODY} bytes).")).into())
        }
        Err(_) => Err(Refusal::bad_request("The body is incomplete: the connection broke.").into()),
    }
}

fn is_too_long(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<LengthLimitError>())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if wire::json::is_deeper_than(body, JSON_DEPTH) {
        return Err(Refusal::bad_request(format!("The JSON is nested too deeply (limit {JSON_DEPTH} levels).")).into());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        Refusal::bad_request(explain_json(Part::Body, &error.path().to_string(), error.inner(), body))
    })?;
    json.end().map_err(|_| Refusal::bad_request("The body is not valid JSON: it continues after its value."))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_place() {
        #[derive(Debug, serde::Deserialize)]
        struct Body {
            #[serde(rename = "people")]
            _people: Vec<u32>,
        }
        let error = parse::<Body>(br#"{"people":[1,"x"]}"#).expect_err("not a number");
        assert!(error.refusal().message.contains("people[1]"), "{}", error.refusal().message);
        let error = parse::<Body>(r#"{"people":["कृष्ण"]}"#.as_bytes()).expect_err("not a number");
        assert!(error.refusal().message.contains("not the text \"कृष्ण\""), "{}", error.refusal().message);
        assert!(parse::<u32>(b"1 2").is_err(), "something after the end");
    }
}
