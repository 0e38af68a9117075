//! The errors of operations in the OpenAPI document: which there are, and which of them every operation can have because
//! a layer of `mount` or an extractor answers.

use domain::{Code, Refusal};
use http::StatusCode;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Components, Content, Ref, RefOr, Response};

use crate::Problem;
use crate::problem::PROBLEM_JSON;

/// How long the examples say to wait, in milliseconds.
const EXAMPLE_RETRY_MS: u64 = 1_000;

/// What decides which shared errors an operation can have.
pub(super) struct Traits {
    /// Whether the path names something.
    pub names_something: bool,
    /// Whether an access token is required or accepted.
    pub takes_token: bool,
    /// Whether there is a request body.
    pub takes_body: bool,
}

/// An error that comes from a layer or an extractor, so that no handler declares it.
struct Shared {
    /// The name among the document's responses.
    name: &'static str,
    status: StatusCode,
    description: &'static str,
    codes: &'static [(Code, &'static str)],
    applies: fn(&Traits) -> bool,
}

/// The shared errors, by status.
const SHARED: [Shared; 9] = [
    Shared {
        name: "BadRequest",
        status: StatusCode::BAD_REQUEST,
        description: "The request is invalid. The detail names the field and says what is expected",
        codes: &[(Code::BadRequest, "The field `limit` must be a whole number, not \"many\".")],
        applies: |_| true,
    },
    Shared {
        name: "Unauthenticated",
        status: StatusCode::UNAUTHORIZED,
        description: "There is no valid access token, or the session has ended",
        codes: &[
            (Code::Unauthenticated, "Sign in first: send an access token as a bearer token."),
            (Code::SignedOut, "This session was signed out. Sign in again."),
        ],
        applies: |operation| operation.takes_token,
    },
    Shared {
        name: "Forbidden",
        status: StatusCode::FORBIDDEN,
        description: "The caller may not do this",
        codes: &[(Code::Forbidden, "You are not allowed to do this.")],
        applies: |operation| operation.takes_token,
    },
    Shared {
        name: "NotFound",
        status: StatusCode::NOT_FOUND,
        description: "It does not exist, or the caller may not know that it does",
        codes: &[(Code::NotFound, "There is no such room, or you may not see it.")],
        applies: |operation| operation.names_something,
    },
    Shared {
        name: "TooLarge",
        status: StatusCode::PAYLOAD_TOO_LARGE,
        description: "The body is too large",
        codes: &[(Code::TooLarge, "The body is too large (limit 262144 bytes).")],
        applies: |operation| operation.takes_body,
    },
    Shared {
        name: "WrongContentType",
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        description: "The body does not have the documented content type",
        codes: &[(Code::BadRequest, "Send the body as JSON, with Content-Type: application/json.")],
        applies: |operation| operation.takes_body,
    },
    Shared {
        name: "WrongHost",
        status: StatusCode::MISDIRECTED_REQUEST,
        description: "The server is not known under the name that the request was sent to",
        codes: &[(Code::BadRequest, "This server is not known as chat.example.org.")],
        applies: |_| true,
    },
    Shared {
        name: "TooManyRequests",
        status: StatusCode::TOO_MANY_REQUESTS,
        description: "A limit is reached. Retry after `retry_ms` milliseconds; the header Retry-After has the same in seconds",
        codes: &[(Code::RateLimited, "Too many requests from this address. Please retry in a moment.")],
        applies: |_| true,
    },
    Shared {
        name: "Unavailable",
        status: StatusCode::SERVICE_UNAVAILABLE,
        description: "It could not be done now; for a change, whether it was done is unknown. Retry after `retry_ms` milliseconds",
        codes: &[
            (Code::Unavailable, "The server cannot reach its database right now. Please retry in a moment."),
            (Code::Overloaded, "Too many requests are waiting. Please retry in a moment."),
        ],
        applies: |_| true,
    },
];

/// Returns the response of an operation that fails with this status and one of these codes; each comes with an example of
/// its `detail`.
pub fn failure(status: StatusCode, description: &str, codes: &[(Code, &str)]) -> Response {
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    for (code, detail) in codes {
        let mut refusal = Refusal::new(*code, *detail);
        if code.is_transient() && *code != Code::Unauthenticated {
            refusal = refusal.retry_in(EXAMPLE_RETRY_MS);
        }
        let body = serde_json::to_value(Problem::with_status(status, refusal).body()).expect("a problem is plain data");
        let name = body["code"].as_str().unwrap_or_default().to_owned();
        content.examples.insert(name, ExampleBuilder::new().value(Some(body)).build().into());
    }
    ResponseBuilder::new().description(description).content(PROBLEM_JSON, content).build()
}

/// Adds the shared errors to the responses that operations refer to.
pub(super) fn define(components: &mut Components) {
    for shared in &SHARED {
        let response = failure(shared.status, shared.description, shared.codes);
        components.responses.insert(shared.name.to_owned(), response.into());
    }
}

/// Adds the errors that an operation can have and does not declare, and the body of those that it declares.
pub(super) fn add(operation: &mut Operation, traits: &Traits) {
    for (status, response) in &mut operation.responses.responses {
        let status = status.parse().ok().filter(|status: &StatusCode| status.as_u16() >= 400);
        if let (Some(status), RefOr::T(response)) = (status, response) {
            add_body(status, response);
        }
    }
    for shared in SHARED.iter().filter(|shared| (shared.applies)(traits)) {
        let responses = &mut operation.responses.responses;
        let reference = || Ref::from_response_name(shared.name).into();
        responses.entry(shared.status.as_str().to_owned()).or_insert_with(reference);
    }
}

/// Gives an error that a handler declares the body of all errors. A body of another form, such as a report of what is
/// wrong, stays beside it.
fn add_body(status: StatusCode, response: &mut Response) {
    if response.content.contains_key(PROBLEM_JSON) {
        return;
    }
    let is_problem = |content: &RefOr<Content>| {
        let RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) = content else { return false };
        schema.ref_location.ends_with("/Problem")
    };
    response.content.retain(|_, content| !is_problem(content));
    let detail = format!("{}.", response.description.trim_end_matches('.'));
    let mut problem = failure(status, "", &[(code_of(status), &detail)]);
    response.content.append(&mut problem.content);
}

/// Returns the code that a status usually stands for.
fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        409 => Code::Conflict,
        413 => Code::TooLarge,
        429 => Code::RateLimited,
        500.. => Code::Unavailable,
        _ => Code::BadRequest,
    }
}
