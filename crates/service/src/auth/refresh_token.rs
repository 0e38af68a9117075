//! Refresh tokens: `session.count.seed.mac`. The MAC lets a forged token be refused without a read, and without ending
//! the session that it names. Every token follows from the previous one and the installation's key, so that a client
//! that lost the answer to a refresh gets the same answer again (RFC 9700 §4.14.2) although only hashes are stored.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::SessionId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::keys::SigningKeys;
use super::signed_text::{sign, verified};

/// Creates and reads refresh tokens.
pub(super) struct RefreshTokens(Vec<hmac::Key>);

/// A refresh token that this installation issued. Only the store knows whether it is still valid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) session: SessionId,
    count: u64,
    seed: [u8; 16],
}

impl RefreshTokens {
    pub(super) fn new(keys: &SigningKeys) -> Self {
        RefreshTokens(keys.derive("refresh token"))
    }

    /// Returns the first token of a session. The seed is random.
    pub(super) fn first(&self, session: SessionId, seed: [u8; 16]) -> RefreshToken {
        RefreshToken { session, count: 1, seed }
    }

    /// Returns the token after this one, which is always the same.
    pub(super) fn after(&self, token: RefreshToken) -> RefreshToken {
        RefreshToken { count: token.count.saturating_add(1), ..token }
    }

    /// Returns the token that replaces the one with this hash without having seen it: the first of a new chain, which is
    /// always the same.
    pub(super) fn restarted(&self, session: SessionId, replaced: [u8; 32]) -> RefreshToken {
        restarted_by(self.key(), session, replaced)
    }

    /// Returns the text of the successor of a token, if the successor has this hash: of the one that follows it, or of
    /// the one that replaced it when the session was restarted. An older key may have made either.
    pub(super) fn successor(&self, of: RefreshToken, presented: [u8; 32], wanted: [u8; 32]) -> Option<String> {
        let candidates = self.0.iter().flat_map(|key| {
            let restarted = restarted_by(key, of.session, presented);
            [text_by(key, self.after(of)), text_by(key, restarted)]
        });
        candidates.into_iter().find(|text| hash(text) == wanted)
    }

    pub(super) fn text(&self, token: RefreshToken) -> String {
        text_by(self.key(), token)
    }

    fn key(&self) -> &hmac::Key {
        self.0.first().expect("there is at least one key")
    }

    pub(super) fn read(&self, text: &str) -> Option<RefreshToken> {
        let mut parts = verified(&self.0, text)?.split('.');
        let session = SessionId(Uuid::try_parse(parts.next()?).ok()?);
        let count = parts.next()?.parse().ok()?;
        let seed = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
        Some(RefreshToken { session, count, seed })
    }
}

fn restarted_by(key: &hmac::Key, session: SessionId, replaced: [u8; 32]) -> RefreshToken {
    let mut context = hmac::Context::with_key(key);
    for part in [b"restarted".as_slice(), session.0.as_bytes(), &replaced] {
        context.update(part);
    }
    let mut seed = [0; 16];
    seed.copy_from_slice(&context.sign().as_ref()[..16]);
    RefreshToken { session, count: 1, seed }
}

fn text_by(key: &hmac::Key, token: RefreshToken) -> String {
    let RefreshToken { session, count, seed } = token;
    sign(key, &format!("{}.{count}.{}", session.0.simple(), URL_SAFE_NO_PAD.encode(seed)))
}

/// Returns the hash that the store keeps of a token or a ticket.
pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_read_back_and_a_changed_one_cannot() {
        let tokens = RefreshTokens::new(&SigningKeys::generate());
        let token = tokens.first(SessionId(Uuid::from_u128(7)), [9; 16]);
        let text = tokens.text(token);
        assert!(tokens.read(&text) == Some(token));
        assert_eq!(tokens.text(tokens.after(token)), tokens.text(tokens.after(token)), "the next one follows");
        assert_ne!(text, tokens.text(tokens.after(token)));
        let forged = text.replacen(".1.", ".2.", 1);
        for bad in ["", ".", "a.b.c.d", forged.as_str(), &text[..text.len() - 1]] {
            assert!(tokens.read(bad).is_none(), "{bad}");
        }
        assert!(RefreshTokens::new(&SigningKeys::generate()).read(&text).is_none(), "made by another installation");
    }

    #[test]
    fn a_successor_is_found_by_its_hash_whichever_way_and_key_made_it() {
        let old_key = SigningKeys::generate().to_pem();
        let old = RefreshTokens::new(&SigningKeys::from_pem(&old_key).expect("as written"));
        let both = format!("{}{old_key}", SigningKeys::generate().to_pem());
        let new = RefreshTokens::new(&SigningKeys::from_pem(&both).expect("as written"));
        let token = old.first(SessionId(Uuid::from_u128(7)), [9; 16]);
        let presented = hash(&old.text(token));

        let next = old.text(old.after(token));
        let restarted = old.text(old.restarted(token.session, presented));
        for successor in [next, restarted] {
            for tokens in [&old, &new] {
                assert_eq!(tokens.successor(token, presented, hash(&successor)).as_ref(), Some(&successor));
            }
        }
        assert_eq!(new.successor(token, presented, [0; 32]), None, "some other token");
        let other = old.restarted(token.session, [0; 32]);
        assert!(other != old.restarted(token.session, presented), "each token has its own successor");
    }
}
