//! Verifies a signed request. On failure the client learns only the kind of mistake.

use crate::limits::SIGNATURE_SKEW;
use aws_lc_rs::hmac;
use axum::http::{HeaderMap, Method, Uri, header};
use domain::Timestamp;

use super::{ALGORITHM, AccessKeys, DATE_HEADER, PAYLOAD_HEADER, Scope, TERMINATOR, canonical, date, sha256};

const TOKEN_HEADER: &str = "x-amz-security-token";
/// Maximum number of signed headers that are checked; no SDK signs more.
const SIGNED_HEADERS: usize = 64;

/// A request as it arrived.
pub(crate) struct Request<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Why a request is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("Missing Authentication Token")]
    Missing,
    #[error("The Authorization header is not one of AWS Signature Version 4, or does not sign enough.")]
    Malformed,
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Signature expired or not yet valid: the clocks differ by more than five minutes.")]
    Expired,
    #[error("The request signature we calculated does not match the signature you provided.")]
    Mismatch,
}

/// Checks that a key of `keys` signed exactly this request, for `service`, within the last five minutes.
pub(crate) fn verify(keys: &AccessKeys, service: &str, request: &Request<'_>, now: Timestamp) -> Result<(), Denied> {
    let given = request.headers.get(header::AUTHORIZATION).ok_or(Denied::Missing)?;
    let given = given.to_str().ok().and_then(Authorization::parse).ok_or(Denied::Malformed)?;
    let moment = text(request.headers, DATE_HEADER).ok_or(Denied::Malformed)?;
    let signed_at = date::read(moment).ok_or(Denied::Malformed)?;
    let scope = &given.scope;
    if scope.service != service || scope.day != &moment[..8] || !given.signs_enough(request.headers) {
        return Err(Denied::Malformed);
    }
    if now.since(signed_at).max(signed_at.since(now)) > SIGNATURE_SKEW {
        return Err(Denied::Expired);
    }
    let key = keys.of(given.key).ok_or(Denied::UnknownKey)?;
    let payload = sha256(request.body);
    if request.headers.contains_key(PAYLOAD_HEADER) && text(request.headers, PAYLOAD_HEADER) != Some(&payload) {
        return Err(Denied::Mismatch);
    }
    let canonical = canonical::request(request.method, request.uri, request.headers, &given.signed, &payload);
    let to_sign = scope.to_sign(moment, &canonical);
    // Compares in constant time.
    hmac::verify(&scope.key(&key.secret), to_sign.as_bytes(), &given.signature).map_err(|_| Denied::Mismatch)
}

/// Parses the parts of an `Authorization` header.
struct Authorization<'a> {
    key: &'a str,
    scope: Scope<'a>,
    signed: Vec<&'a str>,
    signature: [u8; 32],
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Option<Authorization<'a>> {
        let parts = text.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let part = |name: &str| {
            let mut of_name = parts.split(',').filter_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            of_name.next().filter(|_| of_name.next().is_none())
        };
        // From the right: a key's id may contain a slash.
        let mut credential = part("Credential")?.rsplitn(5, '/');
        if credential.next()? != TERMINATOR {
            return None;
        }
        let (service, region, day) = (credential.next()?, credential.next()?, credential.next()?);
        let key = credential.next()?;
        let signed: Vec<&str> = part("SignedHeaders")?.split(';').collect();
        let mut signature = [0; 32];
        hex::decode_to_slice(part("Signature")?, &mut signature).ok()?;
        Some(Authorization { key, scope: Scope { day, region, service }, signed, signature })
    }

    /// Returns whether the host, the time, and each `x-amz-` header in the request are signed: otherwise an attacker
    /// could replace them. The token of temporary credentials is exempt: some SDKs add it after signing, and it has no
    /// meaning here.
    fn signs_enough(&self, headers: &HeaderMap) -> bool {
        let signs = |name: &str| self.signed.contains(&name);
        let amazon = headers.keys().map(header::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
        let amazon = amazon.filter(|name| *name != TOKEN_HEADER);
        let in_order = self.signed.is_sorted() && self.signed.len() <= SIGNED_HEADERS;
        in_order && signs("host") && signs(DATE_HEADER) && amazon.into_iter().all(signs)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok().map(str::trim)
}
