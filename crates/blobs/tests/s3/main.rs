//! Runs the suite on S3, on two servers, and tests what only S3 has: multipart uploads, signed requests, buckets.
#![cfg(feature = "s3")]

mod bucket;
mod parts;
mod presigned;
mod server;

use server::Opened;

conformance::blobs!(versitygw, Opened::on_versitygw);
conformance::blobs!(ministack, Opened::on_ministack);
