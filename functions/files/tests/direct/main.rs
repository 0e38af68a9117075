//! Tests uploads and downloads that bypass the server, as a caller sees them: the routes on the store in memory, with
//! the bytes in S3 on two servers.

mod downloads;
mod photos;
mod uploads;
mod world;
