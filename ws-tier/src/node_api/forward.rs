//! The wire form of changes that nodes forward to a log's home, and of its answer.

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::{Change, LogId, Refusal};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use service::limits::FORWARD_CHANGES;
use stored::{AckRecord, ChangeRecord};

use super::answer::Failure;
use crate::node::Node;

/// Changes for one log. The sender has authenticated the actors; the appender checks everything else.
#[derive(Serialize, Deserialize)]
pub(super) struct ForwardedChanges {
    log: String,
    changes: Vec<ChangeRecord>,
}

impl ForwardedChanges {
    pub(super) fn new(log: LogId, changes: &[Change]) -> Self {
        ForwardedChanges { log: log.to_string(), changes: changes.iter().cloned().map(ChangeRecord).collect() }
    }
}

/// The answers, in the order of the changes.
pub(super) type Answers = Vec<Result<AckRecord, Refusal>>;

/// Appends changes that another node forwards. They are never forwarded again from here.
pub(super) async fn answer(node: &Node, method: &Method, body: &[u8]) -> Result<Response, Failure> {
    if *method != Method::POST {
        return Err(Failure::Method);
    }
    // The sender appends them itself.
    if node.is_draining() {
        return Err(Failure::Leaving);
    }
    let unknown = |_| Failure::BadRequest("The body is not a list of changes that this release supports.");
    let forwarded: ForwardedChanges = serde_json::from_slice(body).map_err(unknown)?;
    let log: LogId = forwarded.log.parse().map_err(|_| Failure::BadRequest("The body names no valid log."))?;
    if forwarded.changes.len() > FORWARD_CHANGES {
        return Err(Failure::TooLarge);
    }
    metrics::counter!("palaver_forwards_taken_total").increment(1);
    // Each is submitted to the appender when its future is first polled: in the order of arrival.
    let answers = forwarded.changes.iter().map(|change| node.services.logs.submit_forwarded(log, change.0.clone()));
    let answers: Answers =
        join_all(answers).await.into_iter().map(|answer| answer.map(|ack| AckRecord::new(&ack))).collect();
    Ok(Json(answers).into_response())
}

#[cfg(test)]
mod tests {
    use domain::Intent;
    use serde_json::Value;

    use super::*;

    #[test]
    fn forwards_of_every_release_are_understood() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
        let releases =
            std::fs::read_dir(folder).expect("there are fixtures").map(|entry| entry.expect("it can be read"));
        let files = releases.filter(|entry| entry.path().is_dir()).map(|entry| entry.path().join("forward.json"));
        let mut read = 0;
        for file in files {
            let file = std::fs::read_to_string(file).expect("each release has it");
            let golden: Value = serde_json::from_str(&file).expect("it is JSON");
            let forwarded: ForwardedChanges =
                serde_json::from_value(golden["request"].clone()).expect("the request is understood");
            assert!(forwarded.log.parse::<LogId>().is_ok() && forwarded.changes.len() >= 26);
            let Intent::Send { text, files, .. } = &forwarded.changes[0].0.intent else {
                panic!("the first is a message")
            };
            assert_eq!((text.as_str(), files.len()), ("hello @bob", 1));
            // Writing it again gives the same JSON.
            assert_eq!(serde_json::to_value(&forwarded).expect("it is written"), golden["request"]);

            let answers: Answers =
                serde_json::from_value(golden["answers"].clone()).expect("the answers are understood");
            assert_eq!(serde_json::to_value(&answers).expect("they are written"), golden["answers"]);
            let edit = answers.into_iter().nth(1).expect("the second is an edit").expect("it was taken in").into_ack();
            assert_eq!(edit.entry.expect("it has an entry").body.kind(), "edit");
            assert_eq!(edit.text.expect("it has a text").as_str(), "edited");
            read += 1;
        }
        assert!(read > 0, "there are no fixtures");
    }
}
