//! The suite on S3, on two servers, and what only S3 has: parts that must not stay behind, signed requests, buckets.
#![cfg(feature = "s3")]

mod bucket;
mod parts;
mod presigned;
mod server;

use server::Opened;

conformance::blobs!(versitygw, Opened::on_versitygw);
conformance::blobs!(ministack, Opened::on_ministack);
