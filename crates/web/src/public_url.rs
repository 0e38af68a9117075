//! The URL at which users reach this server, and a router below its path, whether a proxy removes that path or not.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri, header};

/// The URL at which users reach this server, such as `https://example.org/chat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    /// `/chat`, or empty at the root of the host.
    path: String,
}

/// A text that is not a [`PublicUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicUrl {
    /// Not an absolute URL without user, query and fragment.
    #[error(
        "must be a URL such as https://chat.example.org or https://example.org/chat/, without user, query or fragment"
    )]
    Form,
    /// The path cannot be told from a path of the server's own.
    #[error("its path must not begin with /{0}, because the server has paths there itself; choose another one")]
    Reserved(String),
}

/// What the server's own paths begin with. With a proxy that removes the base path, a base path that begins like one of
/// these could not be told from it.
const OWN: [&str; 7] = ["api", "v1", "r", "assets", "docs", "health", "openapi.json"];

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidPublicUrl::Form)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidPublicUrl::Form);
        };
        let is_plain = uri.query().is_none() && !text.contains('#') && !authority.as_str().contains('@');
        if !is_plain || !matches!(scheme, "http" | "https") {
            return Err(InvalidPublicUrl::Form);
        }

        let path = uri.path().trim_end_matches('/');
        let mut segments = path.split('/').skip(1);
        if !segments.clone().all(is_segment) {
            return Err(InvalidPublicUrl::Form);
        }
        match segments.next() {
            Some(first) if OWN.contains(&first) => Err(InvalidPublicUrl::Reserved(first.to_owned())),
            _ => {
                let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
                // Browsers leave the scheme's own port out.
                let port = if scheme == "https" { ":443" } else { ":80" };
                let origin = origin.strip_suffix(port).map(str::to_owned).unwrap_or(origin);
                Ok(PublicUrl { origin, path: path.to_owned() })
            }
        }
    }
}

/// Returns whether a part of a path needs no escapes anywhere it is written: in cookies, in HTML and in URLs.
fn is_segment(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !text.is_empty() && !matches!(text, "." | "..") && text.bytes().all(is_plain)
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

impl PublicUrl {
    /// Returns the origin, in lower case, such as `https://chat.example.org`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the path before every path of the server, such as `/chat`; empty at the root of the host.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Serves a router below the path of a public URL. A proxy may pass the path on or remove it: both are understood, and
/// cookies and redirects name the path that the browser sees.
pub fn below(router: Router, url: Option<&PublicUrl>) -> Router {
    match url.map(PublicUrl::path) {
        None | Some("") => router,
        Some(path) => {
            let path: Arc<str> = path.into();
            Router::new().fallback_service(router).layer(from_fn_with_state(path, translate))
        }
    }
}

async fn translate(State(base): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    if let Some(uri) = without(request.uri(), &base) {
        *request.uri_mut() = uri;
    }
    let mut response = next.run(request).await;
    publish(response.headers_mut(), &base);
    response
}

/// Returns a URI without the base path, if it begins with it.
fn without(uri: &Uri, base: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let path = if rest.is_empty() { "/" } else { rest };
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

/// Puts the base path before the paths that an answer names.
fn publish(headers: &mut HeaderMap, base: &str) {
    for (name, value) in headers.iter_mut() {
        let Ok(text) = value.to_str() else { continue };
        let published = match *name {
            header::SET_COOKIE => text.replacen("; Path=/", &format!("; Path={base}/"), 1),
            header::LOCATION if text.starts_with('/') && !text.starts_with("//") => format!("{base}{text}"),
            _ => continue,
        };
        *value = HeaderValue::try_from(published).expect("a header's text with a plain path in it is visible ASCII");
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn a_public_url_has_a_plain_path() {
        for (text, printed, path) in [
            ("https://example.org", "https://example.org", ""),
            ("https://example.org/", "https://example.org", ""),
            ("https://Example.org/chat/", "https://example.org/chat", "/chat"),
            ("http://localhost:8080/a/b-c", "http://localhost:8080/a/b-c", "/a/b-c"),
        ] {
            let url: PublicUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((url.to_string().as_str(), url.path()), (printed, path));
        }
        for text in [
            "example.org/chat",
            "/chat",
            "ftp://example.org",
            "https://u@example.org",
            "https://example.org/?x",
            "https://example.org/a#b",
            "https://example.org/a//b",
            "https://example.org/../a",
            "https://example.org/a%2Fb",
            "https://example.org/a;Domain=evil",
            "https://example.org/api",
            "https://example.org/v1/chat/",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn both_kinds_of_proxy_are_understood() {
        let inner = Router::new()
            .route("/", get(async || "root"))
            .route(
                "/api/x",
                get(async |uri: Uri| ([(header::SET_COOKIE, "a=b; HttpOnly; Path=/api")], uri.to_string())),
            )
            .route("/docs", get(async || ([(header::LOCATION, "/docs/")], "moved")));
        let url: PublicUrl = "https://example.org/chat/".parse().expect("valid");
        let router = below(inner, Some(&url));
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).expect("valid");
            let response = router.clone().oneshot(request).await.expect("infallible");
            let headers = response.headers().clone();
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), 1_000).await.expect("a body");
            (status, headers, String::from_utf8_lossy(&body).into_owned())
        };
        for path in ["/chat/api/x?q=1", "/api/x?q=1"] {
            let (status, headers, body) = ask(path).await;
            assert_eq!((status, body.as_str()), (200, "/api/x?q=1"), "{path}");
            assert_eq!(headers[header::SET_COOKIE], "a=b; HttpOnly; Path=/chat/api");
        }
        for path in ["/chat", "/chat/", "/"] {
            assert_eq!(ask(path).await.2, "root", "{path}");
        }
        assert_eq!(ask("/chat/docs").await.1[header::LOCATION], "/chat/docs/");
        assert_eq!(ask("/chatter/api/x").await.0, 404, "another name that begins alike");
    }
}
