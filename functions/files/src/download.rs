//! Serves the bytes of a file, in whole or in part, with headers that keep a browser from running them.

use std::ops::{Bound, Range};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::TypedHeader;
use axum_extra::headers;
use domain::File;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use service::Files;
use service::ports::{ByteStream, ServedAs};
use utoipa::ToSchema;
use web::{Caller, Path, Problem};

use crate::file_id;

/// Keeps a file from running anything, even if a browser shows it.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'",
);
/// A browser may cache the file, but must ask each time whether the user may still see it.
const ASK_EACH_TIME: &str = "private, no-cache";

/// The characters of a file's name that are encoded: all except those that RFC 8187 and RFC 3986 both allow.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of a download is valid only for a short time, so the answer is not cached.
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// Bytes of any type, for the OpenAPI document.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "describes the answer in the OpenAPI document")]
struct FileBytes(Vec<u8>);

/// Downloads a file.
///
/// Supports ranges and `If-None-Match`. A large file may be served from another address, valid for some minutes: then
/// the answer is a 302.
#[utoipa::path(
    get, path = "/{id}/download", tag = "files", operation_id = "download_file",
    params(("id" = String, Path, description = "The id of the file")),
    responses(
        (status = 200, description = "The bytes", content_type = "*/*", body = inline(FileBytes)),
        (status = 206, description = "A range of them", content_type = "*/*", body = inline(FileBytes)),
        (status = 302, description = "The bytes are at another address, for some minutes"),
        (status = 304, description = "The client has the current bytes"),
        (status = 416, description = "The file does not have the requested range"),
    )
)]
pub async fn download(
    State(files): State<Arc<Files>>,
    method: Method,
    Caller(actor): Caller,
    Path(id): Path<String>,
    range: Option<TypedHeader<headers::Range>>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let file = files.get(&actor, file_id(&id)?).await?;
    let tag = format!("\"{}\"", file.digest);
    if is_known(&asked, &tag) {
        return Ok(with_headers(StatusCode::NOT_MODIFIED.into_response(), &file, &tag));
    }
    // Only a GET is signed, so a HEAD is answered here.
    if method == Method::GET
        && let Some(elsewhere) = elsewhere(&files, &file).await?
    {
        return Ok(elsewhere);
    }
    // A range of a different version than the client has would not fit. A file never changes, so only another tag can
    // be meant.
    let resumes = asked.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes());
    let range = range.filter(|_| resumes).map(|TypedHeader(range)| satisfy(&range, file.size));
    let response = match range {
        Some(Part::One(range)) => {
            let bytes = files.open(&file, Some(range.clone())).await?;
            let content_range = format!("bytes {}-{}/{}", range.start, range.end - 1, file.size);
            let mut response = stream(bytes, range.end - range.start);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.headers_mut().insert(header::CONTENT_RANGE, ascii(&content_range));
            response
        }
        Some(Part::None) => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            response.headers_mut().insert(header::CONTENT_RANGE, ascii(&format!("bytes */{}", file.size)));
            return Ok(response);
        }
        Some(Part::All) | None => stream(files.open(&file, None).await?, file.size),
    };
    Ok(with_headers(response, &file, &tag))
}

/// Redirects a client to the blob store, with an address that is valid for this one file and for some minutes. That
/// store answers ranges.
async fn elsewhere(files: &Files, file: &File) -> Result<Option<Response>, Problem> {
    let disposition = disposition(file);
    let served_as =
        ServedAs { content_type: &file.content_type, disposition: &disposition, cache_control: ASK_EACH_TIME };
    let Some(link) = files.link(file, served_as).await? else { return Ok(None) };
    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(header::LOCATION, ascii(&link.url));
    response.headers_mut().insert(header::CACHE_CONTROL, NOT_KEPT);
    Ok(Some(response))
}

/// Returns a thumbnail: at most 480 pixels on its longer side.
#[utoipa::path(
    get, path = "/{id}/thumbnail", tag = "files", operation_id = "download_thumbnail",
    params(("id" = String, Path, description = "The id of the file")),
    responses(
        (status = 200, description = "A JPEG or PNG", content_type = "image/*", body = inline(FileBytes)),
        (status = 304, description = "The client has the current bytes"),
        (status = 404, description = "There is no such file, the caller may not see it, or it has no thumbnail"),
    )
)]
pub async fn thumbnail(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let file = files.get(&actor, file_id(&id)?).await?;
    let tag = format!("\"{}-thumb\"", file.digest);
    if is_known(&asked, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        secure(response.headers_mut(), &tag);
        return Ok(response);
    }
    let (bytes, content_type) = files.thumbnail(&file).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    secure(headers, &tag);
    Ok(response)
}

/// The part of a file that was requested.
enum Part {
    All,
    One(Range<u64>),
    None,
}

/// Serves a single range; several are answered with the whole file, as RFC 9110 §14.2 allows.
fn satisfy(range: &headers::Range, size: u64) -> Part {
    let ranges: Vec<_> = range.satisfiable_ranges(size).collect();
    let [(start, end)] = ranges[..] else { return if ranges.is_empty() { Part::None } else { Part::All } };
    let start = match start {
        Bound::Included(at) => at,
        Bound::Excluded(at) => at + 1,
        Bound::Unbounded => 0,
    };
    let end = match end {
        Bound::Included(at) => at.saturating_add(1).min(size),
        Bound::Excluded(at) => at.min(size),
        Bound::Unbounded => size,
    };
    if start < end { Part::One(start..end) } else { Part::None }
}

pub(crate) fn stream(bytes: ByteStream, length: u64) -> Response {
    let mut response = Body::from_stream(bytes).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*")
}

pub(crate) fn with_headers(mut response: Response, file: &File, tag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, ascii(&file.content_type));
    headers.insert(header::CONTENT_DISPOSITION, ascii(&disposition(file)));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    secure(headers, tag);
    response
}

fn secure(headers: &mut HeaderMap, tag: &str) {
    headers.insert(header::ETAG, ascii(tag));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_EACH_TIME));
    headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
}

/// Returns the Content-Disposition: pictures, sound and video may be shown inline, everything else is only saved (RFC
/// 6266; the name as RFC 8187 defines it, and also plain for clients that do not support that).
fn disposition(file: &File) -> String {
    let shown = (file.content_type.starts_with("image/") && file.picture.is_some())
        || file.content_type.starts_with("audio/")
        || file.content_type.starts_with("video/");
    let kind = if shown { "inline" } else { "attachment" };
    let plain: String = file
        .name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '/' | '%' | ';') || c == ' ' { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(&file.name, NAME);
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("made of visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(header: &str, size: u64) -> Option<Range<u64>> {
        let value = HeaderValue::from_str(header).expect("visible");
        let range = headers::Header::decode(&mut [&value].into_iter()).expect("a range");
        match satisfy(&range, size) {
            Part::One(range) => Some(range),
            _ => None,
        }
    }

    #[test]
    fn ranges_are_clamped_to_the_file() {
        assert_eq!(part("bytes=100-199", 10_000), Some(100..200));
        assert_eq!(part("bytes=-50", 10_000), Some(9_950..10_000));
        assert_eq!(part("bytes=9990-99999", 10_000), Some(9_990..10_000));
        assert_eq!(part("bytes=0-", 10), Some(0..10));
        assert_eq!(part("bytes=20000-", 10_000), None);
        assert_eq!(part("bytes=0-", 0), None);
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        let file = File {
            id: domain::FileId(Default::default()),
            room: domain::RoomId(Default::default()),
            user: domain::UserId(Default::default()),
            seq: None,
            state: domain::FileState::Unsent,
            at: domain::Timestamp(0),
            name: "a\"b;\\ é/..\r\nx: y".into(),
            content_type: "text/html".into(),
            size: 0,
            digest: String::new(),
            picture: None,
            metadata: None,
            counted: true,
        };
        let header = disposition(&file);
        assert!(header.starts_with("attachment; filename=\"a_b__ __..__x: y\""), "{header}");
        assert!(header.ends_with("filename*=UTF-8''a%22b%3B%5C%20%C3%A9%2F..%0D%0Ax%3A%20y"), "{header}");
        assert!(HeaderValue::from_str(&header).is_ok());
    }
}
