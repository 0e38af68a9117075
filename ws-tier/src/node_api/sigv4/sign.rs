//! Signs requests of this node.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use domain::Timestamp;

use super::{ALGORITHM, AccessKeys, DATE_HEADER, SERVICE, Scope, TERMINATOR, canonical, date, sha256};

/// The region of signatures between nodes; verification accepts any.
const REGION: &str = "local";

/// The headers of a signed request.
pub(crate) struct Signed {
    pub host: HeaderValue,
    pub date: HeaderValue,
    pub authorization: HeaderValue,
}

impl Signed {
    /// Adds their names and values to a request's headers.
    pub fn into_headers(self, headers: &mut HeaderMap) {
        headers.insert(header::HOST, self.host);
        headers.insert(DATE_HEADER, self.date);
        headers.insert(header::AUTHORIZATION, self.authorization);
    }
}

/// Signs a request to an absolute `uri`. `None` if that has no host.
pub(crate) fn sign(keys: &AccessKeys, method: &Method, uri: &Uri, body: &[u8], now: Timestamp) -> Option<Signed> {
    let key = keys.first();
    let moment = date::write(now);
    let host = HeaderValue::from_str(uri.authority()?.as_str()).ok()?;
    let moment_header = HeaderValue::from_str(&moment).expect("digits and letters");
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, host.clone());
    headers.insert(DATE_HEADER, moment_header.clone());
    let signed = ["host", DATE_HEADER];
    let canonical = canonical::request(method, uri, &headers, &signed, &sha256(body));
    let scope = Scope { day: &moment[..8], region: REGION, service: SERVICE };
    let to_sign = scope.to_sign(&moment, &canonical);
    let signature = hex::encode(hmac::sign(&scope.key(&key.secret), to_sign.as_bytes()));
    let credential = format!("{}/{}/{REGION}/{SERVICE}/{TERMINATOR}", key.id, scope.day);
    let authorization =
        format!("{ALGORITHM} Credential={credential}, SignedHeaders={}, Signature={signature}", signed.join(";"));
    let authorization = HeaderValue::from_str(&authorization).ok()?;
    Some(Signed { host, date: moment_header, authorization })
}
