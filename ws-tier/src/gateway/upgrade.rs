//! `GET /v1/ws`: from an HTTP request to a socket. Where it comes from and how often is [`web::mount`]'s affair.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::Refusal;
use realtime::limits::BACKLOG_HARD_BYTES;
use serde::Deserialize;
use service::limits::DEVICE_CHARS;
use web::{Client, Origin, Problem};

use super::{RemoteAddress, Tier, socket};
use realtime::protocol::CloseCode;

/// The default of 128 KiB would be most of an idle socket's memory.
const READ_BUFFER: usize = 4 * 1024;
/// What is ready is written at once; more than this is written before it is all encoded.
const WRITE_BUFFER: usize = 16 * 1024;

#[derive(Deserialize)]
struct Upgrade {
    ticket: Option<String>,
}

pub(super) fn router(tier: Arc<Tier>) -> Router {
    Router::new().route("/v1/ws", any(upgrade)).with_state(tier)
}

async fn upgrade(
    State(tier): State<Arc<Tier>>,
    Query(Upgrade { ticket }): Query<Upgrade>,
    client: Client,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if client.origin == Origin::Foreign {
        return Problem::from(Refusal::forbidden("This page may not open a socket here.")).into_response();
    }
    let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let peer = RemoteAddress { address: client.address, user_agent: user_agent.chars().take(DEVICE_CHARS).collect() };
    let limits = &tier.settings.limits;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(2 * BACKLOG_HARD_BYTES)
        .max_message_size(limits.client_frame)
        .max_frame_size(limits.client_frame);
    let place = if tier.is_draining() { Err(CloseCode::Drained) } else { Place::take(&tier) };
    upgrade.on_upgrade(async move |ws| match place {
        Ok(place) => socket::run(place.0.clone(), ws, ticket, peer).await,
        Err(code) => socket::refuse(ws, code).await,
    })
}

/// One of the sockets that the node may hold.
struct Place(Arc<Tier>);

impl Place {
    fn take(tier: &Arc<Tier>) -> Result<Place, CloseCode> {
        let limit = tier.settings.limits.connections_per_node;
        let taken =
            tier.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < limit).then_some(open + 1));
        taken.map(|_| Place(tier.clone())).map_err(|_| CloseCode::Overloaded)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.one_less.notify_waiters();
    }
}
