//! Serves `/@connections/{id}`, like the Amazon API Gateway Management API. Never knows what a frame means.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::answer::Failure;
use crate::node::Node;
use realtime::connection::PostError;

const CONNECTIONS: &str = "@connections";

/// Returns the id of the connection that a path names. An endpoint of API Gateway ends with its stage, so a stage may
/// precede it.
pub(super) fn id_in(path: &str) -> Option<String> {
    let decode = |segment| percent_decode_str(segment).collect();
    let segments: Vec<Vec<u8>> = path.strip_prefix('/')?.split('/').map(decode).collect();
    let ([connections, id] | [_, connections, id]) = &segments[..] else { return None };
    let named = connections == CONNECTIONS.as_bytes() && !id.is_empty();
    String::from_utf8(id.clone()).ok().filter(|_| named)
}

pub(super) async fn answer(node: &Node, method: &Method, id: &str, body: Bytes) -> Result<Response, Failure> {
    let connection = node.connections.get(id).ok_or(Failure::Gone)?;
    match *method {
        Method::POST => {
            if std::str::from_utf8(&body).is_err() {
                return Err(Failure::BadRequest("The body must be UTF-8 text."));
            }
            connection.post(body).await.map_err(|error| match error {
                PostError::Gone => Failure::Gone,
                PostError::Full => Failure::TooMuch,
            })?;
            Ok(StatusCode::OK.into_response())
        }
        Method::GET => {
            let identity =
                json!({ "sourceIp": connection.address().to_string(), "userAgent": connection.user_agent() });
            let connected_at = wire::rfc3339(connection.connected_at());
            let last_active_at = wire::rfc3339(connection.active_at());
            let found = json!({ "connectedAt": connected_at, "lastActiveAt": last_active_at, "identity": identity });
            Ok(Json(found).into_response())
        }
        Method::DELETE => {
            connection.close();
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(Failure::Method),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_may_come_first_and_ids_may_be_encoded() {
        let is = |path: &str, id: &str| assert_eq!(id_in(path).as_deref(), Some(id), "{path}");
        is("/@connections/n1-8a1f", "n1-8a1f");
        is("/prod/@connections/n1-8a1f", "n1-8a1f");
        is("/%40connections/L0SM9cOFvHcCIhw%3D", "L0SM9cOFvHcCIhw=");
        is("/@connections/L0SM9cOFvHcCIhw=", "L0SM9cOFvHcCIhw=");
        is("/@connections/a%2Fb", "a/b");
        for other in ["/", "/@connections", "/@connections/", "/a/b/@connections/c", "/connections/x", "", "/x"] {
            assert_eq!(id_in(other), None, "{other}");
        }
    }
}
