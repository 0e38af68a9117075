//! Limits of the HTTP server and of the Lambda runtime.

use std::time::Duration;

/// Bytes of a body that a Lambda function takes or gives: Lambda's own 6 MB hold it in base64, with the event around it.
pub const LAMBDA_BODY: u64 = 4_000_000;
/// The headers of a call, in bytes.
pub const HEADER_BYTES: usize = 16 * 1024;
/// How long the headers of a call may take to arrive.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// HTTP connections of one process, sockets among them.
pub const HTTP_CONNECTIONS: usize = 16_384;
