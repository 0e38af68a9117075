//! The opening handshake of RFC 6455: checks the request, answers 101, and takes the connection out of the HTTP server.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::Refusal;
use engine::Opening;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use web::{ConnectionPermit, Patience, Problem};

/// The only version of the WebSocket protocol.
const VERSION: &str = "13";
/// What RFC 6455 appends to a client's key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A handshake that was accepted: send `response`, then wait for `connection`.
pub(crate) struct Accepted {
    pub response: Response,
    pub connection: OnUpgrade,
}

/// Why a request cannot open a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejected {
    #[error("This address opens WebSockets: connect with a WebSocket client.")]
    NoHandshake,
    #[error("This server supports version 13 of the WebSocket protocol only.")]
    Version,
    #[error("The header Sec-WebSocket-Key must be 16 bytes in Base64.")]
    Key,
    #[error("This connection cannot be upgraded: use HTTP/1.1.")]
    Connection,
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let mut response = Problem::from(Refusal::bad_request(self.to_string())).into_response();
        if self == Rejected::Version {
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
        }
        response
    }
}

/// Accepts a request to open a WebSocket.
pub(crate) fn accept(request: &mut Request) -> Result<Accepted, Rejected> {
    let headers = request.headers();
    let upgrades =
        has_token(headers, header::CONNECTION, "upgrade") && has_token(headers, header::UPGRADE, "websocket");
    if request.method() != Method::GET || !upgrades {
        return Err(Rejected::NoHandshake);
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
        return Err(Rejected::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).ok_or(Rejected::Key)?;
    let accept = accept_key(key.as_bytes());
    let connection = request.extensions_mut().remove::<OnUpgrade>().ok_or(Rejected::Connection)?;

    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    Ok(Accepted { response: (StatusCode::SWITCHING_PROTOCOLS, headers).into_response(), connection })
}

/// Returns the connection of an accepted handshake and its place among those of the server, or `None` if the client has
/// disconnected.
pub(crate) async fn connection(upgrade: OnUpgrade) -> Option<(Opening, Option<ConnectionPermit>)> {
    let (stream, permit, read) = raw(upgrade.await.ok()?)?;
    let stream = stream.into_std().ok()?;
    Some((Opening { stream, read }, permit))
}

/// Returns the TCP stream below the HTTP server, its permit, and what the server has read of the client's first messages.
fn raw(upgraded: Upgraded) -> Option<(TcpStream, Option<ConnectionPermit>, Bytes)> {
    match upgraded.downcast::<TokioIo<Patience>>() {
        Ok(parts) => {
            let (stream, permit) = parts.io.into_inner().into_parts();
            Some((stream, Some(permit), parts.read_buf))
        }
        // A program that embeds the router may serve it with `axum::serve`.
        Err(upgraded) => match auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
            Ok(parts) => Some((parts.io.into_inner(), None, parts.read_buf)),
            Err(_) => {
                tracing::error!("a socket was opened on a stream that is not TCP, closing it");
                None
            }
        },
    }
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
}

fn is_key(key: &HeaderValue) -> bool {
    STANDARD.decode(key.as_bytes()).is_ok_and(|key| key.len() == 16)
}

fn accept_key(key: &[u8]) -> HeaderValue {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &[key, GUID].concat());
    HeaderValue::try_from(STANDARD.encode(digest)).expect("Base64 is valid in a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_rfc_has_the_answer_of_the_rfc() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(is_key(&HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==")));
        assert!(!is_key(&HeaderValue::from_static("dG9vIHNob3J0")));
    }

    #[test]
    fn a_token_is_found_in_a_list_and_in_any_case() {
        let mut headers = HeaderMap::new();
        headers.append(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        assert!(has_token(&headers, header::CONNECTION, "upgrade"));
        assert!(!has_token(&headers, header::UPGRADE, "websocket"));
    }

    #[test]
    fn a_request_that_is_no_handshake_is_rejected_with_the_remedy() {
        let request = |pairs: &[(&str, &str)]| {
            let request =
                pairs.iter().fold(Request::get("/v1/ws"), |request, (name, value)| request.header(*name, *value));
            request.body(axum::body::Body::empty()).expect("a request")
        };
        let [connection, upgrade] = [("connection", "upgrade"), ("upgrade", "websocket")];
        let rejected = |mut request: Request| accept(&mut request).err();

        assert_eq!(rejected(request(&[])), Some(Rejected::NoHandshake));
        let old = [connection, upgrade, ("sec-websocket-version", "8")];
        assert_eq!(rejected(request(&old)), Some(Rejected::Version));
        assert_eq!(Rejected::Version.into_response().headers()[header::SEC_WEBSOCKET_VERSION], VERSION);
        let version = ("sec-websocket-version", VERSION);
        assert_eq!(rejected(request(&[connection, upgrade, version])), Some(Rejected::Key));
        let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(rejected(request(&[connection, upgrade, version, key])), Some(Rejected::Connection));
    }
}
