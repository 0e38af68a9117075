//! Serves the page: the built UI, embedded in the binary, under the paths that it knows. Never reads the disk.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$PALAVER_PAGE"]
struct Files;

/// Built files have a digest in their name, so browsers may cache them forever; the page itself must not be cached.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ALWAYS_ASK: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = "<!doctype html><title>Palaver</title><h1>The page was not built</h1>\
<p>This server works, but its binary holds no page. Build it with <code>cargo xtask up</code>.";

/// The paths that the page knows, as its own router reads them.
static ROUTES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let routes = include_str!("../../../frontend/src/app/routes.json");
    serde_json::from_str(routes).expect("a list of paths, as a test checks")
});
/// Digits of a message's number in a path; the page knows the same limit.
const SEQ_DIGITS: RangeInclusive<usize> = 1..=15;

/// Returns the routes of the page's files, and of the paths that the page itself knows. `files` is the origin from which the page may put and get files, if that is not this server.
pub fn router(files: Option<&str>) -> Router {
    let policy = web::content_security_policy(&[], files);
    Router::new().route("/", get(serve)).fallback(serve).with_state(policy)
}

async fn serve(State(policy): State<HeaderValue>, request: Request) -> Response {
    let mut response = find(request);
    if response.status() != StatusCode::NOT_FOUND {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn find(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = request.uri().path();
    if is_of_page(path) {
        return answer("index.html", request.headers()).unwrap_or_else(not_built);
    }
    answer(path.trim_start_matches('/'), request.headers()).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// Returns whether the page knows the path, with or without a slash at its end.
fn is_of_page(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    ROUTES.iter().any(|route| {
        let route = route.strip_suffix('/').unwrap_or(route);
        let (mut parts, mut names) = (path.split('/'), route.split('/'));
        names.by_ref().all(|name| parts.next().is_some_and(|part| fits(part, name))) && parts.next().is_none()
    })
}

/// Returns whether a part of a path fits the part of a route: the same text, or a value for its parameter.
fn fits(part: &str, name: &str) -> bool {
    match name {
        "{seq}" => SEQ_DIGITS.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()),
        name if name.starts_with('{') => !part.is_empty(),
        name => part == name,
    }
}

/// Returns the smallest encoding of a file that the browser accepts.
fn answer(path: &str, headers: &HeaderMap) -> Option<Response> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes =
        |encoding: &str| accepted.split(',').any(|part| part.split(';').next().unwrap_or_default().trim() == encoding);
    // The path is looked up as a name inside the binary, so it cannot escape.
    let plain = Files::get(path)?;
    let (file, encoding) = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| takes(encoding))
        .find_map(|(encoding, ending)| Some((Files::get(&format!("{path}.{ending}"))?, Some(encoding))))
        .unwrap_or((plain, None));
    Some(respond(path, file, encoding, headers))
}

fn respond(path: &str, file: EmbeddedFile, encoding: Option<&'static str>, asked: &HeaderMap) -> Response {
    let digest = file.metadata.sha256_hash();
    let etag = format!("\"{}\"", hex::encode(&digest[..16]));
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(file.data).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(header::ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits are visible"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, if path.starts_with("assets/") { FOREVER } else { ALWAYS_ASK });
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn not_built() -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response()
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt;

    use super::*;

    async fn answer(files: Option<&str>, path: &str) -> Response {
        let request = Request::get(path).body(Body::empty()).expect("valid");
        router(files).oneshot(request).await.expect("infallible")
    }

    async fn get(path: &str) -> StatusCode {
        answer(None, path).await.status()
    }

    #[tokio::test]
    async fn the_page_may_reach_the_bucket_and_nothing_else() {
        let policy = async |files| {
            answer(files, "/").await.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        let with = policy(Some("https://bytes.example.org")).await;
        assert!(with.contains("connect-src 'self' https://bytes.example.org;"), "{with}");
        assert!(with.contains("img-src 'self' data: blob: https://bytes.example.org;"), "{with}");
        assert!(!policy(None).await.contains("http"), "the page of an embedded server may only connect to that server");
    }

    #[tokio::test]
    async fn a_deep_link_returns_the_page() {
        assert_eq!(get("/").await, StatusCode::OK);
        for known in ["/r/general", "/r/general/", "/r/general/12", "/r/0192f4e0-7c00-7000-8000-000000000001", "/r/a.b"]
        {
            assert_eq!(get(known).await, StatusCode::OK, "{known}");
        }
    }

    #[tokio::test]
    async fn a_path_that_the_page_does_not_know_is_not_found() {
        for unknown in [
            "/metrics",
            "/rooms",
            "/ws/general",
            "/socket.io/?EIO=4",
            "/r",
            "/r/",
            "/r//",
            "//",
            "/r/general/x",
            "/r/general/12/13",
            "/r/general/1234567890123456",
            "/admin",
            "/.env",
            "/wp-login.php",
        ] {
            assert_eq!(get(unknown).await, StatusCode::NOT_FOUND, "{unknown}");
        }
    }

    #[tokio::test]
    async fn a_missing_file_does_not_return_the_page() {
        assert_eq!(get("/assets/missing.js").await, StatusCode::NOT_FOUND);
        assert_eq!(get("/api/nothing").await, StatusCode::NOT_FOUND);
        assert_eq!(get("/v1/nothing").await, StatusCode::NOT_FOUND);
        assert_eq!(get("/../Cargo.toml").await, StatusCode::NOT_FOUND);
    }
}
