//! What happens to the body of a call that was answered before it was read: a refused call, say. A client may still be
//! sending it, and would take the rest for lost if the connection ended without a word; nginx answers 502 then.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Version, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use parking_lot::Mutex;

use crate::limits::{UNREAD_BODY, UNREAD_BODY_TIME};

/// Reads what is left of a body, if it is short and arrives soon, so that the connection can go on. Otherwise the answer
/// says that the connection ends.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let http1 = request.version() <= Version::HTTP_11;
    // Such a client sends the body only once it is asked to, and reading asks it.
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body));
    let shared = Body::new(Shared(body.clone()));

    let mut response = next.run(Request::from_parts(parts, shared)).await;
    // Otherwise something still reads it: an answer that depends on the rest, say.
    let Ok(body) = Arc::try_unwrap(body) else { return response };
    let body = body.into_inner();
    let is_short = body.size_hint().upper().is_none_or(|left| left <= UNREAD_BODY);
    let is_read = body.is_end_stream() || (is_short && !waits && read(body).await);
    if http1 && !is_read {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads a body to its end and discards it. Returns whether it ended within the limits.
async fn read(mut body: Body) -> bool {
    let whole = async {
        let mut left = UNREAD_BODY;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            let Some(rest) = left.checked_sub(bytes) else { return false };
            left = rest;
        }
        true
    };
    tokio::time::timeout(UNREAD_BODY_TIME, whole).await.unwrap_or(false)
}

/// A body that is still there when its reader has dropped it.
struct Shared(Arc<Mutex<Body>>);

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.0.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().size_hint()
    }
}
