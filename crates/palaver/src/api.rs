//! The OpenAPI documents: of each function, and of all together.

use axum::Router;
use utoipa::openapi::{Info, OpenApi};
use web::PublicUrl;

/// The paths below which each function serves its document and the health of the process.
pub const PATHS: [&str; 6] =
    ["/api/auth", "/api/rooms", "/api/chat/rooms", "/api/presence", "/api/notifications", "/api/files"];

/// The path below which clients of the older contract expect rooms.
pub const OLDER_ROOMS: &str = "/api/chat";

/// Serves the document of rooms where clients of the older contract expect it.
pub fn older_document(url: Option<&PublicUrl>) -> Router {
    web::docs_at(OLDER_ROOMS, rooms::openapi(), url)
}

/// Returns the document of each function, by its path.
fn functions() -> [(&'static str, OpenApi); 5] {
    [
        ("/api/auth", auth::openapi()),
        ("/api/rooms", rooms::openapi()),
        ("/api/presence", presence::openapi()),
        ("/api/notifications", notifications::openapi()),
        ("/api/files", files::openapi()),
    ]
}

/// Returns the document of all functions, without what [`web::completed`] adds.
fn all() -> OpenApi {
    let mut all = OpenApi::default();
    all.info = Info::new("Palaver", env!("CARGO_PKG_VERSION"));
    all.info.description = Some("All functions. The WebSocket at `/v1/ws` is described in docs/protocol.".into());
    for (_, document) in functions() {
        all.merge(document);
    }
    all
}

/// Serves the documents, at the address that users reach the server at.
pub fn documents(url: Option<&PublicUrl>) -> Router {
    let router = web::docs_at("", all(), url);
    functions().into_iter().fold(router, |router, (prefix, document)| router.merge(web::docs_at(prefix, document, url)))
}

/// Returns the document of all functions as text: `palaver openapi`.
pub fn text() -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&web::completed(all(), None))?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(&text().expect("a document")).expect("JSON")
    }

    /// Returns each operation with its name.
    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().expect("paths").iter();
        paths
            .flat_map(|(path, operations)| {
                let operations = operations.as_object().expect("operations").iter();
                operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
            })
            .collect()
    }

    #[test]
    fn each_operation_has_a_tag_a_summary_its_own_id_and_says_what_it_requires() {
        let document = document();
        let tags: BTreeSet<&str> =
            document["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
        let mut ids = BTreeSet::new();
        for (name, operation) in operations(&document) {
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(!id.is_empty() && ids.insert(id), "{name}: {id}");
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            assert!(tags.contains(tag), "{name}: {tag}");
            assert!(
                operation["summary"].as_str().is_some_and(|summary| !summary.is_empty() && !summary.ends_with('.')),
                "{name}"
            );
            assert!(operation["security"].is_array(), "{name}");
        }
    }

    #[test]
    fn each_body_has_an_example_and_each_error_is_a_problem() {
        let document = document();
        for (name, operation) in operations(&document) {
            let mut bodies: Vec<(String, &Value)> = vec![("request".to_owned(), &operation["requestBody"])];
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let shared = response["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
                let response = shared.unwrap_or(response);
                assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} {status}");
                let is_error = status.starts_with('4') || status.starts_with('5');
                assert!(!is_error || !response["content"]["application/problem+json"].is_null(), "{name} {status}");
                bodies.push((status.clone(), response));
            }
            for (what, body) in bodies {
                for (kind, content) in body["content"].as_object().into_iter().flatten() {
                    let has_one = !content["example"].is_null() || !content["examples"].is_null();
                    assert!(has_one || !kind.ends_with("json"), "{name} {what} has no example");
                }
            }
        }
    }
}
