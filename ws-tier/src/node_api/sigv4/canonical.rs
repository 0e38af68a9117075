//! Builds the canonical form of a request: both sides must compute the same text, however the request was changed in
//! transit.

use axum::http::{HeaderMap, Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// RFC 3986 §2.3: all but the unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns the canonical request; `signed` are names of headers in lower case, in their order.
pub(super) fn request(method: &Method, uri: &Uri, headers: &HeaderMap, signed: &[&str], payload_hash: &str) -> String {
    let mut text = format!("{method}\n{}\n{}\n", path(uri.path()), query(uri.query().unwrap_or("")));
    for name in signed {
        text.push_str(name);
        text.push(':');
        text.push_str(&values(uri, headers, name));
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&signed.join(";"));
    text.push('\n');
    text.push_str(payload_hash);
    text
}

/// Returns the path as it was sent, without `.` and `..`, and encoded once more: all services but S3 require this.
fn path(sent: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in sent.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(segment);
        }
    }
    let directory = ["/", "/.", "/.."].iter().any(|end| sent.ends_with(end));
    let mut path = String::from("/");
    path.push_str(&segments.iter().map(|segment| encode(segment.as_bytes())).collect::<Vec<_>>().join("/"));
    if directory && !segments.is_empty() {
        path.push('/');
    }
    path
}

/// Returns the parameters sorted by their encoded names and values.
fn query(sent: &str) -> String {
    let mut parameters: Vec<(String, String)> = sent
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (encode(&decode(name)), encode(&decode(value))))
        .collect();
    parameters.sort();
    let parameters: Vec<String> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.join("&")
}

/// Returns all values of a header, each trimmed and with runs of spaces collapsed.
fn values(uri: &Uri, headers: &HeaderMap, name: &str) -> String {
    let values: Vec<String> = headers.get_all(name).iter().map(|value| single_spaced(value.as_bytes())).collect();
    match (values.is_empty(), uri.authority()) {
        // HTTP/2 has no such header; the authority has the same value.
        (true, Some(authority)) if name == "host" => authority.to_string(),
        _ => values.join(","),
    }
}

fn single_spaced(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).to_string()
}

fn decode(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}
