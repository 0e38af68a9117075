//! Converts the SDK's errors to those of the port: which server was asked, what it answered, and what to do. Never
//! contains a request, because its URL may be signed.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use service::ports::BlobError;

/// Returns the status of the answer, if there was one.
pub fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

/// Adds the place to an error.
pub fn at(place: &str, error: BlobError) -> BlobError {
    match error {
        BlobError::Unavailable(why) => BlobError::Unavailable(format!("{place}: {why}")),
        BlobError::Full(why) => BlobError::Full(format!("{place}: {why}")),
        error => error,
    }
}

/// Converts the error of a failed call.
pub fn failed<E>(error: SdkError<E, HttpResponse>) -> BlobError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = status(&error);
    let code = error.as_service_error().and_then(|error| error.code());
    match (status, code) {
        (_, Some("NoSuchKey" | "NotFound")) | (Some(404), None) => BlobError::NotFound,
        // S3 servers other than Amazon's have disks.
        (Some(507), code) => BlobError::Full(format!("status 507 {}", code.unwrap_or_default())),
        (Some(status), code) => {
            let message = error.as_service_error().and_then(|error| error.message()).unwrap_or_default();
            let said = [code.unwrap_or_default(), message].join(" ");
            BlobError::Unavailable(format!("status {status} {}{}", said.trim(), advice(status, code)))
        }
        (None, _) => BlobError::Unavailable(format!("{}{}", causes(&error), advice_without_answer(&error))),
    }
}

/// Returns what an operator can do about an answer.
fn advice(status: u16, code: Option<&str>) -> &'static str {
    match (status, code) {
        (_, Some("InvalidAccessKeyId" | "SignatureDoesNotMatch")) => {
            ": correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        (_, Some("NoSuchBucket")) => ": run `palaver migrate` to create it, or correct PALAVER_FILES",
        (301 | 307, _) | (_, Some("AuthorizationHeaderMalformed")) => {
            ": it is in another region: set AWS_REGION to that"
        }
        (401 | 403, _) => ": correct the credentials, or allow them to read, write and delete in this bucket",
        _ => "",
    }
}

/// Returns what an operator can do if there was no answer.
fn advice_without_answer<E>(error: &SdkError<E, HttpResponse>) -> &'static str {
    match error {
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            ": start the server, or correct AWS_ENDPOINT_URL_S3; PALAVER_S3_PATH_STYLE=true where buckets have no host of \
             their own"
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            ": are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set, or does this machine have a role?"
        }
        _ => "",
    }
}

/// Returns an error with its causes: that no connection was established, say, and why.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
