//! What nodes hand to a log's home, and its answer: the form in which both travel.

use std::borrow::Cow;

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::limits::FORWARD_CHANGES;
use domain::text::MessageText;
use domain::{Ack, Body, Change, Entry, LogId, Refusal, Seq, Timestamp};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::answer::Failure;
use crate::gateway::Tier;

/// Changes for one log. The sender checked who asks; the appender checks everything else.
#[derive(Serialize, Deserialize)]
pub(super) struct Handed<'a> {
    log: Cow<'a, str>,
    changes: Cow<'a, [Change]>,
}

impl<'a> Handed<'a> {
    pub(super) fn new(log: LogId, changes: &'a [Change]) -> Self {
        Handed { log: log.to_string().into(), changes: changes.into() }
    }
}

/// The answers, in the order of the changes.
pub(super) type Answers = Vec<Result<HandedAck, Refusal>>;

/// An [`Ack`], with the text that the stored form of an edit leaves out.
#[derive(Serialize, Deserialize)]
pub(super) struct HandedAck {
    seq: Option<Seq>,
    at: Timestamp,
    dup: bool,
    noop: bool,
    entry: Option<Entry>,
    text: Option<MessageText>,
}

impl From<Ack> for HandedAck {
    fn from(Ack { seq, at, dup, noop, entry }: Ack) -> HandedAck {
        let text = match entry.as_ref().map(|entry| &entry.body) {
            Some(Body::Edit { text, .. }) => text.clone(),
            _ => None,
        };
        HandedAck { seq, at, dup, noop, entry, text }
    }
}

impl From<HandedAck> for Ack {
    fn from(HandedAck { seq, at, dup, noop, mut entry, text: with }: HandedAck) -> Ack {
        if let Some(Entry { body: Body::Edit { text, .. }, .. }) = &mut entry {
            *text = with;
        }
        Ack { seq, at, dup, noop, entry }
    }
}

/// Appends what another node hands over. It is never handed on from here.
pub(super) async fn answer(tier: &Tier, method: &Method, body: &[u8]) -> Result<Response, Failure> {
    if *method != Method::POST {
        return Err(Failure::Method);
    }
    // The sender goes on by itself.
    if tier.is_draining() {
        return Err(Failure::Leaving);
    }
    let unknown = |_| Failure::BadRequest("These are no changes that this release knows.");
    let handed: Handed = serde_json::from_slice(body).map_err(unknown)?;
    let log: LogId = handed.log.parse().map_err(|_| Failure::BadRequest("This is no log."))?;
    if handed.changes.len() > FORWARD_CHANGES {
        return Err(Failure::TooLarge);
    }
    metrics::counter!("palaver_forwards_taken_total").increment(1);
    // Each is handed to the appender when its future is first polled: in the order in which they came.
    let answers = handed.changes.iter().map(|change| tier.parts().logs.submit_handed(log, change.clone()));
    let answers: Answers = join_all(answers).await.into_iter().map(|answer| answer.map(HandedAck::from)).collect();
    Ok(Json(answers).into_response())
}
