//! The way to a log's home node, for an appender that others overtake again and again.

use async_trait::async_trait;
use domain::{Ack, Change, LogId, Refusal};

/// Hands changes to the one node that appends to a log when several want to. A matter of speed only: what keeps a log
/// right is the condition of each append.
#[async_trait]
pub trait Forward: Send + Sync {
    /// The home's answer to each of `changes`, in their order. None: this node is the home itself, or there is no
    /// other, or it did not answer within [`crate::limits::FORWARD_DEADLINE`]; then it is not known which of them it
    /// took in, and the log tells.
    async fn forward(&self, log: LogId, changes: &[Change]) -> Option<Vec<Result<Ack, Refusal>>>;
}
