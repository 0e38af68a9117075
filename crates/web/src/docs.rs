//! Serves the OpenAPI document, and with the feature `docs-page` a page to read and try it, for one function or for all.
//! Works offline: the page's script and style are inside the binary.
//!
//! Functions say what is special about an operation; what all have in common is added here, by the rules in `complete`.

mod complete;
mod examples;
mod failures;

use axum::Router;
use utoipa::openapi::{OpenApi, Server};

pub use failures::failure;

use crate::PublicUrl;

/// Returns the routes `{prefix}/openapi.json` and `{prefix}/docs`: `docs("/api/auth", auth::openapi())` for a function,
/// `docs("", all)` for all of them.
pub fn docs(prefix: &str, document: OpenApi) -> Router {
    docs_at(prefix, document, None)
}

/// Like [`docs`], for a server that users reach at `url`, which the document names as its server.
pub fn docs_at(prefix: &str, document: OpenApi, url: Option<&PublicUrl>) -> Router {
    let document = completed(document, url);
    let base = url.map(PublicUrl::path).unwrap_or_default();
    pages(prefix, base, format!("{prefix}/openapi.json"), document)
}

/// Returns the document as it is served at `url`, or at whatever address its reader has it from: with the health of the
/// process, and with all that operations have in common.
pub fn completed(mut document: OpenApi, url: Option<&PublicUrl>) -> OpenApi {
    document.merge(crate::health::openapi());
    complete::complete(&mut document);
    // A relative address is right for each name under which the server is called.
    let server = url.map_or_else(|| "/".to_owned(), ToString::to_string);
    document.servers = Some(vec![Server::new(server)]);
    document
}

#[cfg(feature = "docs-page")]
fn pages(prefix: &str, base: &str, json: String, document: OpenApi) -> Router {
    use utoipa_swagger_ui::{Config, SwaggerUi};

    // No validator: it would send the document to a server on the internet.
    let config = Config::new([format!("{base}{json}")]).validator_url("none").try_it_out_enabled(true);
    let pages = SwaggerUi::new(format!("{prefix}/docs")).url(json, document).config(config);
    Router::from(pages).layer(axum::middleware::from_fn(as_page))
}

#[cfg(not(feature = "docs-page"))]
fn pages(_: &str, _: &str, json: String, document: OpenApi) -> Router {
    Router::new().route(&json, axum::routing::get(async move || axum::Json(document)))
}

#[cfg(feature = "docs-page")]
async fn as_page(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    let mut response = next.run(request).await;
    let policy = crate::content_security_policy(&[], None, &[]);
    response.headers_mut().insert(http::header::CONTENT_SECURITY_POLICY, policy);
    response
}
