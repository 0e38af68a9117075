//! Finds a log's home node, and forwards changes to it.
//!
//! Nodes may disagree for a moment on which nodes are alive; then a log has two homes, and the condition of each append
//! decides.

use std::sync::Arc;

use crate::limits::FORWARD_BYTES;
use async_trait::async_trait;
use aws_lc_rs::digest;
use axum::http::{Method, Request, Uri, header};
use bytes::Bytes;
use domain::{Ack, Change, LogId, Refusal};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use service::Clock;
use service::limits::FORWARD_DEADLINE;
use service::ports::{Forward, NodeRow};
use stored::AckRecord;

use super::FORWARD_PATH;
use super::forward::{Answers, ForwardedChanges};
use super::sigv4::{AccessKeys, sign};
use crate::peers::PeerNodes;

/// Rendezvous hashing (Thaler and Ravishankar, 1998): returns the node whose name and the log's give the highest hash.
/// When a node joins or leaves, only its own logs move.
pub(crate) fn home_of<'a>(log: LogId, nodes: impl IntoIterator<Item = &'a NodeRow>) -> Option<&'a NodeRow> {
    let weight = |node: &NodeRow| {
        let hash = digest::digest(&digest::SHA256, format!("{log}\0{}", node.node).as_bytes());
        let first: [u8; 8] = hash.as_ref()[..8].try_into().expect("a SHA-256 has 32 bytes");
        u64::from_be_bytes(first)
    };
    nodes.into_iter().max_by_key(|node| (weight(node), &node.node))
}

/// Forwards changes to other nodes, over their private ports.
pub(crate) struct Home {
    peers: Arc<PeerNodes>,
    keys: Arc<AccessKeys>,
    clock: Arc<dyn Clock>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Home {
    pub fn new(peers: Arc<PeerNodes>, keys: Arc<AccessKeys>, clock: Arc<dyn Clock>) -> Home {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(FORWARD_DEADLINE / 2));
        Home { peers, keys, clock, client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    async fn post(&self, endpoint: &str, body: Bytes) -> Result<Answers, String> {
        let uri: Uri = format!("{}{FORWARD_PATH}", endpoint.trim_end_matches('/'))
            .parse()
            .map_err(|error| format!("{endpoint} is not a URL: {error}"))?;
        let signed = sign(&self.keys, &Method::POST, &uri, &body, self.clock.now()).ok_or("the URL has no host")?;
        let mut request = Request::post(uri).header(header::CONTENT_TYPE, "application/json");
        signed.into_headers(request.headers_mut().ok_or("the request is invalid")?);
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let answer = Limited::new(response.into_body(), 2 * FORWARD_BYTES).collect().await;
        let answer = answer.map_err(|error| error.to_string())?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&answer[..answer.len().min(200)])));
        }
        serde_json::from_slice(&answer).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Forward for Home {
    async fn forward(&self, log: LogId, changes: &[Change]) -> Option<Vec<Result<Ack, Refusal>>> {
        let NodeRow { node, endpoint, .. } = self.peers.home(log)?;
        let body =
            serde_json::to_vec(&ForwardedChanges::new(log, changes)).ok().filter(|body| body.len() <= FORWARD_BYTES)?;
        let answers = tokio::time::timeout(FORWARD_DEADLINE, self.post(&endpoint, body.into())).await;
        match answers.unwrap_or_else(|_| Err("no answer in time".into())) {
            Ok(answers) => Some(answers.into_iter().map(|answer| answer.map(AckRecord::into_ack)).collect()),
            Err(error) => {
                tracing::warn!(%log, node, error, "forwarding to a log's home failed, appending on this node");
                metrics::counter!("palaver_forwards_failed_total").increment(1);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{RoomId, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn nodes(names: &[&str]) -> Vec<NodeRow> {
        let node = |name: &&str| NodeRow { node: (*name).to_owned(), endpoint: String::new(), at: Timestamp(0) };
        names.iter().map(node).collect()
    }

    fn homes(names: &[&str]) -> Vec<String> {
        let nodes = nodes(names);
        let log = |n| LogId::Room(RoomId(Uuid::from_u128(n)));
        (0..3_000).map(|n| home_of(log(n), &nodes).expect("there are nodes").node.clone()).collect()
    }

    #[test]
    fn logs_are_spread_over_the_nodes_whatever_their_order() {
        let three = homes(&["a", "b", "c"]);
        assert_eq!(three, homes(&["c", "a", "b"]));
        for node in ["a", "b", "c"] {
            let share = three.iter().filter(|home| *home == node).count();
            assert!((800..1_200).contains(&share), "{node} has {share} of 3000");
        }
        assert_eq!(home_of(LogId::Room(RoomId(Uuid::nil())), &[]), None);
    }

    #[test]
    fn only_the_logs_of_a_leaving_node_move() {
        let (three, two) = (homes(&["a", "b", "c"]), homes(&["a", "b"]));
        for (before, after) in three.iter().zip(&two) {
            assert!(before == after || before == "c", "{before} to {after}");
        }
    }
}
