//! `GET /v1/ws`: upgrades an HTTP request to a socket. [`web::mount`] checks origins and limits of addresses.

use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::Refusal;
use realtime::codec::CodecKind;
use realtime::limits::BACKLOG_HARD_BYTES;
use serde::Deserialize;
use service::limits::DEVICE_CHARS;
use web::{Client, Origin, Problem};

use crate::connections::RemoteAddress;
use crate::node::Node;
use crate::socket_task;

/// The default of 128 KiB would be most of an idle socket's memory.
const READ_BUFFER: usize = 4 * 1024;
/// Ready frames are written at once; a longer queue is written before all of it is encoded.
const WRITE_BUFFER: usize = 16 * 1024;

#[derive(Deserialize)]
struct Upgrade {
    ticket: Option<String>,
}

/// Returns the route of sockets.
pub(crate) fn router(node: Arc<Node>) -> Router {
    Router::new().route("/v1/ws", any(upgrade)).with_state(node)
}

async fn upgrade(
    State(node): State<Arc<Node>>,
    Query(Upgrade { ticket }): Query<Upgrade>,
    client: Client,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if client.origin == Origin::Foreign {
        return Problem::from(Refusal::forbidden(
            "Pages of this origin cannot open a socket here. The operator can allow the origin.",
        ))
        .into_response();
    }
    let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let peer = RemoteAddress { address: client.address, user_agent: user_agent.chars().take(DEVICE_CHARS).collect() };
    let limits = &node.settings.limits;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(2 * BACKLOG_HARD_BYTES)
        .max_message_size(limits.client_frame)
        .max_frame_size(limits.client_frame);
    let permit = node.drain.admit(node.now().elapsed);
    upgrade.on_upgrade(async move |ws| match permit {
        Ok(permit) => socket_task::run(node, ws, CodecKind::Native, ticket, peer, permit).await,
        Err(code) => socket_task::refuse(ws, CodecKind::Native, code).await,
    })
}
