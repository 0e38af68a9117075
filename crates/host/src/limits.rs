//! Limits of the HTTP server and of the Lambda runtime.

use std::time::Duration;

/// Maximum body size of a Lambda function, in and out, in bytes: Lambda's own 6 MB hold it in base64, with the event
/// around it.
pub const LAMBDA_BODY: u64 = 4_000_000;
/// Maximum size of a request's headers, in bytes.
pub const HEADER_BYTES: usize = 16 * 1024;
/// How long the headers of a request may take to arrive.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of HTTP connections of one process, sockets included.
pub const HTTP_CONNECTIONS: usize = 16_384;
/// Descriptors of a process that clients' connections never take: those of the database, of files and of other servers.
/// Half of all if the process has fewer than twice as many.
pub const RESERVED_DESCRIPTORS: usize = 128;
/// Connections to a private port, at least and at most: a share of the descriptors lies in between.
pub const PRIVATE_CONNECTIONS: std::ops::RangeInclusive<usize> = 8..=1_024;
/// Connections that wait to be accepted, if the system allows as many. When all clients of a node reconnect at once, those
/// beyond it connect later, after seconds.
pub const LISTEN_BACKLOG: u32 = 4_096;
