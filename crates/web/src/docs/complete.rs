//! Completes an OpenAPI document by rules, so that no operation has to repeat what all have in common:
//!
//! - An operation requires an access token unless it says otherwise; `security(())` says that it is public.
//! - The first sentence of a description is the summary.
//! - A response without a description has that of its schema.
//! - Errors are problems (RFC 9457); those of layers and extractors are added (`failures`).
//! - Bodies and parameters have examples (`examples`).

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Info, License, OpenApi, RefOr, Response, Schema};
use utoipa::{PartialSchema, ToSchema};
use wire::rest::Problem;

use super::examples::Examples;
use super::failures::{self, Traits};

/// The name of the only security scheme: an access token.
const BEARER: &str = "bearer";

/// Completes the document, once.
pub(super) fn complete(document: &mut OpenApi) {
    license(&mut document.info);
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let bearer = bearer.description(Some("An access token, from `POST /api/auth/login` or another sign-in.")).build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    components.schemas.entry(Problem::name().into_owned()).or_insert_with(Problem::schema);
    // The codes and other schemas that a problem consists of.
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    for (name, schema) in parts {
        components.schemas.entry(name).or_insert(schema);
    }
    failures::define(components);

    let examples = Examples::read();
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            secure(operation);
            summarize(operation);
            for response in operation.responses.responses.values_mut() {
                describe(response, components);
            }
            failures::add(operation, &traits(path, operation));
            examples.add(operation);
        }
    }
}

fn license(info: &mut Info) {
    let mut license = License::new(env!("CARGO_PKG_LICENSE"));
    license.identifier = Some(env!("CARGO_PKG_LICENSE").to_owned());
    info.license = Some(license);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn traits(path: &str, operation: &Operation) -> Traits {
    let accepts = |requirement: &SecurityRequirement| *requirement != SecurityRequirement::default();
    Traits {
        names_something: path.contains('{'),
        takes_token: operation.security.iter().flatten().any(accepts),
        takes_body: operation.request_body.is_some(),
    }
}

/// Requires an access token, unless the operation says what it requires. A public operation has an empty list.
fn secure(operation: &mut Operation) {
    let token = || vec![SecurityRequirement::new(BEARER, Vec::<String>::new())];
    let security = operation.security.get_or_insert_with(token);
    if *security == [SecurityRequirement::default()] {
        security.clear();
    }
}

/// Divides what a handler's comment says into its first sentence and the rest.
fn summarize(operation: &mut Operation) {
    let text = [operation.summary.take(), operation.description.take()].into_iter().flatten().collect::<Vec<_>>();
    let (summary, rest) = first_sentence(&text.join("\n"));
    operation.summary = Some(summary).filter(|text| !text.is_empty());
    operation.description = Some(rest).filter(|text| !text.is_empty());
}

/// Gives a response without a description the first sentence of what its schema says.
fn describe(response: &mut RefOr<Response>, components: &Components) {
    let RefOr::T(response) = response else { return };
    if !response.description.is_empty() {
        return;
    }
    let schemas = response.content.values().filter_map(|content| match content {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    });
    let said = schemas.filter_map(|schema| schema_description(schema, components)).next();
    response.description = said.map_or_else(|| "Done".to_owned(), |text| first_sentence(text).0);
}

fn schema_description<'a>(schema: &RefOr<Schema>, components: &'a Components) -> Option<&'a str> {
    let RefOr::Ref(reference) = schema else { return None };
    let (_, name) = reference.ref_location.rsplit_once('/')?;
    let RefOr::T(schema) = components.schemas.get(name)? else { return None };
    match schema {
        Schema::Object(object) => object.description.as_deref(),
        Schema::AllOf(all) => all.description.as_deref(),
        Schema::OneOf(one) => one.description.as_deref(),
        Schema::AnyOf(any) => any.description.as_deref(),
        Schema::Array(array) => array.description.as_deref(),
        _ => None,
    }
}

/// Returns the first sentence of a text, on one line and without its full stop, and the rest.
fn first_sentence(text: &str) -> (String, String) {
    let (paragraph, others) = text.trim().split_once("\n\n").unwrap_or((text.trim(), ""));
    let paragraph = paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let (first, more) = paragraph.split_once(". ").unwrap_or((&paragraph, ""));
    let rest = [more.trim(), others.trim()].into_iter().filter(|part| !part.is_empty());
    (first.trim_end_matches('.').to_owned(), rest.collect::<Vec<_>>().join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_is_on_one_line() {
        let said = |text: &str| first_sentence(text);
        assert_eq!(said("Sends a message."), ("Sends a message".into(), String::new()));
        assert_eq!(
            said("Accepts a request: the room\ncounts. Sending accepts it,\ntoo.\n\nMore."),
            ("Accepts a request: the room counts".into(), "Sending accepts it, too.\n\nMore.".into())
        );
    }

    #[test]
    fn a_public_operation_says_so_and_has_the_errors_of_the_layers() {
        let document = serde_json::to_value(crate::docs::completed(OpenApi::default(), None)).expect("a document");
        let health = &document["paths"]["/health"]["get"];
        assert_eq!(health["security"], serde_json::json!([]));
        assert_eq!(health["responses"]["429"]["$ref"], "#/components/responses/TooManyRequests");
        assert!(health["responses"]["401"].is_null() && health["responses"]["413"].is_null(), "{health}");
        let failing = &health["responses"]["503"]["content"];
        assert_eq!(failing["application/json"]["schema"]["$ref"], "#/components/schemas/Report");
        assert_eq!(failing["application/problem+json"]["examples"]["unavailable"]["value"]["status"], 503);
    }

    #[test]
    fn an_operation_requires_a_token_unless_it_says_otherwise() {
        let mut operation = Operation::new();
        secure(&mut operation);
        assert_eq!(serde_json::to_value(&operation.security).expect("JSON"), serde_json::json!([{ "bearer": [] }]));
        let traits = traits("/api/rooms/{room}", &operation);
        assert!(traits.takes_token && traits.names_something && !traits.takes_body);
    }
}
