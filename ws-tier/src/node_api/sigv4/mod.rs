//! AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"): signs requests to other nodes, and
//! verifies those of nodes and of the stock SDKs of the API Gateway Management API.
//!
//! Never reads a body itself and never reads the clock.

mod canonical;
mod date;
mod sign;
mod verify;

use std::fmt;

use aws_lc_rs::{digest, hmac};

pub(crate) use sign::sign;
pub(crate) use verify::{Denied, Request, verify};

/// The name of the service in a credential's scope, as the SDKs use it for `@connections`.
pub(crate) const SERVICE: &str = "execute-api";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of a credential's scope.
const TERMINATOR: &str = "aws4_request";
const DATE_HEADER: &str = "x-amz-date";
const PAYLOAD_HEADER: &str = "x-amz-content-sha256";

/// A key's id and its secret.
#[derive(Clone)]
struct AccessKey {
    id: String,
    secret: String,
}

/// The keys whose signatures are accepted. The first one belongs to the nodes: it signs their requests, and only it may
/// forward changes, which are trusted. The others may post to sockets.
#[derive(Clone)]
pub struct AccessKeys(Vec<AccessKey>);

impl AccessKeys {
    /// Creates keys from ids and secrets. `None` if there are none.
    pub fn new(keys: impl IntoIterator<Item = (String, String)>) -> Option<AccessKeys> {
        let keys: Vec<AccessKey> = keys.into_iter().map(|(id, secret)| AccessKey { id, secret }).collect();
        (!keys.is_empty()).then_some(AccessKeys(keys))
    }

    fn of(&self, id: &str) -> Option<&AccessKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Returns only the key that nodes sign with.
    pub(super) fn of_nodes(&self) -> AccessKeys {
        AccessKeys(vec![self.first().clone()])
    }

    fn first(&self) -> &AccessKey {
        &self.0[0]
    }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

/// The scope of a signature: a day, a region and a service.
struct Scope<'a> {
    day: &'a str,
    region: &'a str,
    service: &'a str,
}

impl Scope<'_> {
    /// Returns the HMAC key derived for this scope.
    fn key(&self, secret: &str) -> hmac::Key {
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
        for part in [self.day, self.region, self.service, TERMINATOR] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        key
    }

    /// Returns the string to sign for a canonical request at this time.
    fn to_sign(&self, moment: &str, canonical: &str) -> String {
        let Scope { day, region, service } = self;
        let hash = sha256(canonical.as_bytes());
        format!("{ALGORITHM}\n{moment}\n{day}/{region}/{service}/{TERMINATOR}\n{hash}")
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

#[cfg(test)]
mod tests;
