//! The private port: the API of `@connections` for other programs, and the requests between nodes. Every request is
//! signed; none is ever answered on the public port.

mod answer;
mod connections;
mod forward;
mod home;
mod sigv4;

use std::sync::Arc;

use crate::limits::{BODY_TIMEOUT, FORWARD_BYTES, POST_BYTES};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use crate::node::Node;
use answer::Failure;
pub use sigv4::AccessKeys;
use sigv4::{SERVICE, verify};

pub(crate) use home::{Home, home_of};

/// The path that receives forwarded changes.
const FORWARD_PATH: &str = "/forward";
/// How much of a body over its limit is still read, so that the answer reaches a client that is still writing.
const DRAINED_BYTES: usize = 4 * POST_BYTES;

/// The state of the private port.
#[derive(Clone)]
struct Internal {
    node: Arc<Node>,
    keys: Arc<AccessKeys>,
    of_nodes: Arc<AccessKeys>,
}

/// Returns the routes of the private port.
pub(crate) fn router(node: Arc<Node>, keys: Arc<AccessKeys>) -> Router {
    // Not axum's routes: a stage may precede the path, and some clients may encode the `@`.
    Router::new().fallback(answer).with_state(Internal { node, of_nodes: keys.of_nodes().into(), keys })
}

async fn answer(State(internal): State<Internal>, request: Request) -> Response {
    internal.handle(request).await.unwrap_or_else(IntoResponse::into_response)
}

impl Internal {
    async fn handle(&self, request: Request) -> Result<Response, Failure> {
        let (parts, body) = request.into_parts();
        let forwards = parts.uri.path() == FORWARD_PATH;
        let body = read(body, if forwards { FORWARD_BYTES } else { POST_BYTES }).await?;
        let signed = sigv4::Request { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body: &body };
        let keys = if forwards { &self.of_nodes } else { &self.keys };
        verify(keys, SERVICE, &signed, self.node.now().wall).map_err(Failure::Denied)?;
        if forwards {
            return forward::answer(&self.node, &parts.method, &body).await;
        }
        let id = connections::id_in(parts.uri.path()).ok_or(Failure::NotFound)?;
        connections::answer(&self.node, &parts.method, &id, body).await
    }
}

/// Reads a whole body of at most `limit` bytes.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, Failure> {
    let read = async {
        let (mut bytes, mut length) = (BytesMut::new(), 0);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Failure::BadRequest("The body is incomplete: the connection broke."))?;
            let Ok(data) = frame.into_data() else { continue };
            length += data.len();
            if length <= limit {
                bytes.extend_from_slice(&data);
            } else if length > limit + DRAINED_BYTES {
                break;
            }
        }
        if length > limit { Err(Failure::TooLarge) } else { Ok(bytes.freeze()) }
    };
    let late = |_| Err(Failure::BadRequest("The body did not arrive in time."));
    tokio::time::timeout(BODY_TIMEOUT, read).await.unwrap_or_else(late)
}
