//! The OpenAPI document and a page to read it, for one function or for all. Works offline: the page's
//! script and style are inside the binary.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::header;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, OpenApi};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use wire::rest::Problem;

use crate::content_security_policy;

/// `{prefix}/openapi.json` and `{prefix}/docs`: `docs("/api/auth", auth::openapi())` for a function,
/// `docs("", all)` for the whole.
pub fn docs(prefix: &str, mut document: OpenApi) -> Router {
    complete(&mut document);
    let json = format!("{prefix}/openapi.json");
    // No validator: it would send the document to a server on the internet.
    let config = Config::new([json.clone()]).validator_url("none").try_it_out_enabled(true);
    let pages = SwaggerUi::new(format!("{prefix}/docs")).url(json, document).config(config);
    Router::from(pages).layer(from_fn(as_page))
}

/// What all functions share: the bearer token and the shape of errors.
fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.schemas.entry(Problem::name().into_owned()).or_insert_with(Problem::schema);
}

async fn as_page(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, content_security_policy(&[], None));
    response
}
