//! Serves the page: the built UI, embedded in the binary, under the paths that it knows. Never reads the disk.

use std::ops::RangeInclusive;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;
use web::Framed;

#[derive(RustEmbed)]
#[folder = "$PALAVER_PAGE"]
struct Files;

/// Built files have a digest in their name, so browsers may cache them forever; the page itself must not be cached.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ALWAYS_ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// The page itself.
const INDEX: &str = "index.html";

const NOT_BUILT: &str = "<!doctype html><title>Palaver</title><h1>The page was not built</h1>\
<p>This server works, but its binary holds no page. Build it with <code>cargo xtask up</code>.";

/// The paths that the page knows, as its own router reads them.
static ROUTES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let routes = include_str!("../../../frontend/src/app/routes.json");
    serde_json::from_str(routes).expect("a list of paths, as a test checks")
});
/// Digits of a message's number in a path; the page knows the same limit.
const SEQ_DIGITS: RangeInclusive<usize> = 1..=15;

/// What is the same for every answer.
struct Page {
    policy: HeaderValue,
    /// Whether pages of other origins may show it in a frame.
    is_framed: bool,
    /// The page itself, whose links to its files begin with the path below which it is published.
    index: Option<Index>,
}

struct Index {
    html: String,
    etag: String,
}

/// Where the page is shown, and what it may reach.
pub struct PageSettings<'a> {
    /// The origin from which the page may put and get files, if that is not this server.
    pub files: Option<&'a str>,
    /// The path before every path of the server, such as `/chat`; empty at the root.
    pub base: &'a str,
    /// The origins whose pages may show it in a frame.
    pub frames: Vec<&'a str>,
}

/// Returns the routes of the page's files, and of the paths that the page itself knows.
pub fn router(settings: &PageSettings) -> Router {
    let page = Page {
        policy: web::content_security_policy(&[], settings.files, &settings.frames),
        is_framed: !settings.frames.is_empty(),
        index: index(settings.base),
    };
    Router::new().route("/", get(serve)).fallback(serve).with_state(Arc::new(page))
}

/// Returns the page for a base path. The build writes links to files as `"./…"`, which a deep link would change.
fn index(base: &str) -> Option<Index> {
    let file = Files::get("index.html")?;
    let html = String::from_utf8_lossy(&file.data).replace("=\"./", &format!("=\"{base}/"));
    let digest = hex::encode(&file.metadata.sha256_hash()[..16]);
    Some(Index { html, etag: format!("\"{digest}{base}\"") })
}

async fn serve(State(page): State<Arc<Page>>, request: Request) -> Response {
    let mut response = find(&page, request);
    if response.status() != StatusCode::NOT_FOUND {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, page.policy.clone());
        if page.is_framed {
            response.extensions_mut().insert(Framed);
        }
    }
    response
}

fn find(page: &Page, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = request.uri().path();
    let name = path.trim_start_matches('/');
    if is_of_page(path) || name == INDEX {
        return page.index.as_ref().map_or_else(not_built, |index| index.respond(request.headers()));
    }
    answer(name, request.headers()).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

impl Index {
    fn respond(&self, asked: &HeaderMap) -> Response {
        respond(INDEX, self.html.clone().into(), &self.etag, None, asked)
    }
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
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    Some(respond(path, file.data.into(), &etag, encoding, headers))
}

fn respond(path: &str, body: Body, etag: &str, encoding: Option<&'static str>, asked: &HeaderMap) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => body.into_response(),
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
        router(&PageSettings { files, base: "", frames: Vec::new() }).oneshot(request).await.expect("infallible")
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
    async fn only_named_origins_may_frame_the_page() {
        let framed = async |frames: Vec<&str>| {
            let request = Request::get("/").body(Body::empty()).expect("valid");
            let router = router(&PageSettings { files: None, base: "", frames });
            let response = router.oneshot(request).await.expect("infallible");
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
            (policy, response.extensions().get::<Framed>().is_some())
        };
        let (policy, marked) = framed(vec!["https://a.example", "https://b.example"]).await;
        assert!(policy.ends_with("frame-ancestors https://a.example https://b.example") && marked, "{policy}");
        let (policy, marked) = framed(Vec::new()).await;
        assert!(policy.ends_with("frame-ancestors 'none'") && !marked, "{policy}");
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
