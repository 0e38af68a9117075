//! Serves the OpenAPI document, and with the feature `docs-page` a page to read it, for one function or for all. Works
//! offline: the page's script and style are inside the binary.

use axum::Router;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, Server};
use utoipa::{PartialSchema, ToSchema};

use wire::rest::Problem;

use crate::PublicUrl;

/// Returns the routes `{prefix}/openapi.json` and `{prefix}/docs`: `docs("/api/auth", auth::openapi())` for a function,
/// `docs("", all)` for all of them.
pub fn docs(prefix: &str, document: OpenApi) -> Router {
    docs_at(prefix, document, None)
}

/// Like [`docs`], for a server that users reach at `url`, which the document names as its server.
pub fn docs_at(prefix: &str, mut document: OpenApi, url: Option<&PublicUrl>) -> Router {
    complete(&mut document);
    if let Some(url) = url {
        document.servers = Some(vec![Server::new(url.to_string())]);
    }
    let base = url.map(PublicUrl::path).unwrap_or_default();
    pages(prefix, base, format!("{prefix}/openapi.json"), document)
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

/// The parts that all functions share: the bearer token and the shape of errors.
fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.schemas.entry(Problem::name().into_owned()).or_insert_with(Problem::schema);
}

#[cfg(feature = "docs-page")]
async fn as_page(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    let mut response = next.run(request).await;
    let policy = crate::content_security_policy(&[], None, &[]);
    response.headers_mut().insert(http::header::CONTENT_SECURITY_POLICY, policy);
    response
}
