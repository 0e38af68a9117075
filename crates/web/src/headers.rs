//! Sets the security headers that keep a browser from misusing an answer (OWASP ASVS V3.4).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

/// The policy for answers that are not pages: nothing in them may run, load or be framed.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Returns the policy for our own pages: they may load only what this server itself serves. `connect` lists further
/// places that the page may call, such as `wss:` if a proxy changes the host; `files` is the origin for uploads and
/// downloads, if it is not this server; `frames` are the origins whose pages may show it in a frame. An answer that some
/// may frame also needs the mark [`Framed`].
pub fn content_security_policy(connect: &[&str], files: Option<&str>, frames: &[&str]) -> HeaderValue {
    let files = files.map(|origin| format!(" {origin}")).unwrap_or_default();
    let connect: String = connect.iter().flat_map(|place| [" ", place]).collect();
    let frames = if frames.is_empty() { "'none'".to_owned() } else { frames.join(" ") };
    let policy = format!(
        "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:{files}; media-src 'self' blob:{files}; font-src 'self'; \
         connect-src 'self'{connect}{files}; manifest-src 'self'; worker-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
    );
    HeaderValue::try_from(policy).expect("a policy is visible ASCII")
}

/// The mark of an answer whose own policy says who may frame it: it gets no `X-Frame-Options`, which cannot name origins.
#[derive(Debug, Clone, Copy)]
pub struct Framed;

/// Adds each header that an answer does not set itself.
pub(crate) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_framed = response.extensions().get::<Framed>().is_some();
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, NOTHING);
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !is_framed {
        default(header::X_FRAME_OPTIONS, "DENY");
    }
    default(header::REFERRER_POLICY, "no-referrer");
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    default(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    response
}
