//! Forwards changes to a log's home node, for an appender that keeps losing to other nodes.

use async_trait::async_trait;
use domain::{Ack, Change, LogId, Refusal};

/// Forwards changes to the one node that appends to a log when several want to. Affects only speed: correctness comes
/// from the condition of each append.
#[async_trait]
pub trait Forward: Send + Sync {
    /// Returns the home's answer to each of `changes`, in order. Returns `None` if this node is the home, if there is
    /// no other node, or if the home did not answer within [`crate::limits::FORWARD_DEADLINE`]. In the last case it is
    /// unknown which changes the home accepted, and only the log can tell.
    async fn forward(&self, log: LogId, changes: &[Change]) -> Option<Vec<Result<Ack, Refusal>>>;
}
