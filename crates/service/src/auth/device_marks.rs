//! The mark of a device that an account has signed in from: `user.issued.nonce.mac`. With it, wrong guesses of others
//! cannot keep the account's owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It signs nobody
//! in, so it is not a secret like a refresh token, and a forged one counts as none.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Timestamp, UserId};
use uuid::Uuid;

use super::keys::SigningKeys;
use super::signed_text::{sign, verified};
use crate::limits::{DEVICE_MARK_CHARS, DEVICE_MARK_LIFE};

/// Creates and reads marks.
pub(super) struct DeviceMarks(Vec<hmac::Key>);

/// A mark that this installation issued and that has not expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeviceMark {
    pub(super) user: UserId,
    nonce: [u8; 16],
}

impl DeviceMark {
    /// Returns a mark for another device.
    pub(super) fn new(user: UserId, nonce: [u8; 16]) -> Self {
        DeviceMark { user, nonce }
    }

    /// Returns the key under which this device's attempts are counted.
    pub(super) fn key(&self) -> String {
        format!("{}.{}", self.user.0.simple(), hex::encode(self.nonce))
    }
}

impl DeviceMarks {
    pub(super) fn new(keys: &SigningKeys) -> Self {
        DeviceMarks(keys.derive("device mark"))
    }

    /// Returns the text of a mark, which works for [`DEVICE_MARK_LIFE`] from now.
    pub(super) fn text(&self, mark: DeviceMark, now: Timestamp) -> String {
        let payload =
            format!("{}.{}.{}", mark.user.0.simple(), now.0.max(0) / 1_000, URL_SAFE_NO_PAD.encode(mark.nonce));
        sign(self.0.first().expect("there is at least one key"), &payload)
    }

    /// Reads a mark. Returns `None` for any text that is not a valid one.
    pub(super) fn read(&self, text: &str, now: Timestamp) -> Option<DeviceMark> {
        if text.len() > DEVICE_MARK_CHARS {
            return None;
        }
        let mut parts = verified(&self.0, text)?.split('.');
        let user = UserId(Uuid::try_parse(parts.next()?).ok()?);
        let issued: i64 = parts.next()?.parse().ok()?;
        let nonce = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
        let is_young = Timestamp(issued.saturating_mul(1_000)) + DEVICE_MARK_LIFE > now;
        is_young.then_some(DeviceMark { user, nonce })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_can_be_read_back_until_it_expires_and_a_changed_one_cannot() {
        let marks = DeviceMarks::new(&SigningKeys::generate());
        let mark = DeviceMark::new(UserId(Uuid::from_u128(7)), [9; 16]);
        let now = Timestamp(1_790_000_000_000);
        let text = marks.text(mark, now);
        assert!(text.len() <= DEVICE_MARK_CHARS, "{}", text.len());
        assert_eq!(marks.read(&text, now), Some(mark));
        assert_eq!(marks.read(&text, now + DEVICE_MARK_LIFE), None, "expired");

        let other = Uuid::from_u128(8).simple().to_string();
        let forged = text.replacen(&mark.user.0.simple().to_string(), &other, 1);
        let long = format!("{text}{}", "A".repeat(1_000));
        for bad in ["", ".", "a.b.c.d", "...", forged.as_str(), &text[..text.len() - 1], &long] {
            assert_eq!(marks.read(bad, now), None, "{bad}");
        }
        assert_eq!(DeviceMarks::new(&SigningKeys::generate()).read(&text, now), None, "made by another installation");
    }
}
