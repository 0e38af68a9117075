//! `GET /v1/ws`: from an HTTP request to a socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::limits::{BACKLOG_HARD_BYTES, DEVICE_CHARS};
use serde::Deserialize;
use web::Origin;

use super::{Peer, Tier, socket};
use crate::session::CloseCode;

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
    headers: HeaderMap,
    extensions: Extensions,
    upgrade: WebSocketUpgrade,
) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if tier.origins.judge(&headers, host) == Origin::Foreign {
        return (StatusCode::FORBIDDEN, "This page may not open a socket here.").into_response();
    }
    let peer = peer(&tier, &headers, &extensions);
    let limits = &tier.settings.limits;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(2 * BACKLOG_HARD_BYTES)
        .max_message_size(limits.client_frame)
        .max_frame_size(limits.client_frame);
    let place = if tier.drain.borrow().is_some() { Err(CloseCode::Drained) } else { Place::take(&tier) };
    upgrade.on_upgrade(async move |ws| match place {
        Ok(place) => socket::run(place.0.clone(), ws, ticket, peer).await,
        Err(code) => socket::refuse(ws, code).await,
    })
}

fn peer(tier: &Tier, headers: &HeaderMap, extensions: &Extensions) -> Peer {
    let connected = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let user_agent = user_agent.chars().take(DEVICE_CHARS).collect();
    Peer { address: web::client_address(connected, headers, &tier.trusted_proxies), user_agent }
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
