use axum::body::{Body, to_bytes};
use axum::routing::{get, post};
use tower::ServiceExt;

use super::*;

fn router() -> Router {
    let bytes = |n: u64| async move { vec![0u8; n as usize] };
    for_lambda(
        Router::new()
            .route("/take", post(|body: axum::body::Bytes| async move { body.len().to_string() }))
            .route("/fits", get(move || bytes(LAMBDA_BODY)))
            .route("/does-not", get(move || bytes(LAMBDA_BODY + 1)))
            .layer(axum::extract::DefaultBodyLimit::disable()),
    )
}

async fn ask(request: Request) -> (u16, String) {
    let response = router().oneshot(request).await.expect("a router always answers");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("in memory");
    (status, String::from_utf8_lossy(&body[..body.len().min(1_000)]).into_owned())
}

fn upload(length: u64) -> Request {
    Request::post("/take").body(Body::from(vec![0u8; length as usize])).expect("a request")
}

#[tokio::test]
async fn a_body_too_large_for_lambda_is_rejected_with_advice() {
    assert_eq!(ask(upload(LAMBDA_BODY)).await, (200, LAMBDA_BODY.to_string()));
    let (status, problem) = ask(upload(LAMBDA_BODY + 1)).await;
    assert_eq!(status, 413);
    assert!(problem.contains("too_large") && problem.contains("/api/files/presign"), "{problem}");
}

#[tokio::test]
async fn a_response_too_large_for_lambda_becomes_a_problem() {
    let get = |path: &str| Request::get(path).body(Body::empty()).expect("a request");
    assert_eq!(ask(get("/fits")).await.0, 200);
    let (status, problem) = ask(get("/does-not")).await;
    assert_eq!(status, 413);
    assert!(problem.contains("Range"), "{problem}");
}
