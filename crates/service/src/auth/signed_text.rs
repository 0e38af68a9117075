//! Texts that only this installation can make: `payload.mac`. A forged one is recognized without a read.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Returns a payload with its MAC.
pub(super) fn sign(key: &hmac::Key, payload: &str) -> String {
    format!("{payload}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(key, payload.as_bytes())))
}

/// Returns the payload of a text that was signed with one of these keys.
pub(super) fn verified<'t>(keys: &[hmac::Key], text: &'t str) -> Option<&'t str> {
    let (payload, mac) = text.rsplit_once('.')?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    // `verify` compares in constant time.
    keys.iter().any(|key| hmac::verify(key, payload.as_bytes(), &mac).is_ok()).then_some(payload)
}
