//! What the SDK says when something failed, as what the port knows. Never holds a request: its URL may be signed.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use service::ports::BlobError;

/// The status of the answer, if there was one.
pub fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

/// A failed call.
pub fn failed<E>(error: SdkError<E, HttpResponse>) -> BlobError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = status(&error);
    let code = error.as_service_error().and_then(|error| error.code());
    match (status, code) {
        (_, Some("NoSuchKey" | "NotFound")) | (Some(404), None) => BlobError::NotFound,
        (Some(status), Some(code)) => {
            let message = error.as_service_error().and_then(|error| error.message()).unwrap_or_default();
            BlobError::Unavailable(format!("{status} {code}: {message}"))
        }
        (Some(status), None) => BlobError::Unavailable(format!("status {status}")),
        (None, _) => BlobError::Unavailable(causes(&error)),
    }
}

/// An error and what is behind it: that no connection came about, say, and why.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
