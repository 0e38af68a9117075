//! Access tokens: EdDSA JWTs that name a user, a session and two flags (RFC 9068, RFC 8725). Verified without a read of
//! the store.

use crate::limits::{ACCESS_TOKEN_BYTES, ACCESS_TOKEN_LIFE, TOKEN_LEEWAY, VERIFIED_TOKENS};
use domain::{Actor, SessionId, Timestamp, User, UserId, UserRole};
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::keys::SigningKeys;
use super::settings::ServiceToken;

/// The issuer of the tokens.
const ISSUER: &str = "palaver";
/// The audience of the tokens.
const AUDIENCE: &str = "palaver-api";

/// What an access token or a ticket grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The actor to whom it is granted.
    pub actor: Actor,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Signs and verifies access tokens, and knows the tokens of services.
pub struct Tokens {
    keys: SigningKeys,
    services: Vec<ServiceToken>,
    validation: Validation,
    /// What tokens say whose signature was verified, by the token's hash. Their times are checked at each use.
    verified: Cache<[u8; 32], Verified>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    adm: bool,
    gst: bool,
    /// Whether the token was issued for clients of the older contract.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    compat: bool,
}

/// What a token says, apart from what is the same in all of them.
#[derive(Clone, Copy)]
struct Verified {
    actor: Actor,
    /// When it was issued and when it expires, in seconds.
    iat: i64,
    exp: i64,
    compat: bool,
}

impl Tokens {
    pub(super) fn new(keys: SigningKeys, services: Vec<ServiceToken>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked below, with the service's own clock.
        validation.validate_exp = false;
        Tokens { keys, services, validation, verified: Cache::new(VERIFIED_TOKENS) }
    }

    pub(super) fn issue(&self, user: &User, session: SessionId, now: Timestamp) -> String {
        let admin = user.role == UserRole::Admin;
        self.sign(Actor { user: user.id, session: Some(session), admin, guest: user.guest }, session, now, false)
    }

    /// Issues a token for the actor's session that clients of the older contract use: calls with it are answered in the
    /// shape of that contract.
    pub(super) fn issue_for_compat(&self, actor: Actor, session: SessionId, now: Timestamp) -> String {
        self.sign(actor, session, now, true)
    }

    fn sign(&self, actor: Actor, session: SessionId, now: Timestamp, compat: bool) -> String {
        let iat = now.0.div_euclid(1000);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: actor.user,
            sid: session,
            iat,
            exp: iat + ACCESS_TOKEN_LIFE.as_secs() as i64,
            adm: actor.admin,
            gst: actor.guest,
            compat,
        };
        let key = self.keys.current();
        jsonwebtoken::encode(&key.header, &claims, &key.signs).expect("an Ed25519 key signs plain claims")
    }

    /// Returns the actor a token names and when it expires, if this installation signed it and it has not expired. Does
    /// not check whether the session is still valid.
    pub(super) fn verify(&self, token: &str, now: Timestamp) -> Option<Grant> {
        if token.len() > ACCESS_TOKEN_BYTES {
            return None;
        }
        let Verified { actor, iat, exp, .. } = self.verified(token)?;
        let (now, leeway) = (now.0.div_euclid(1000), TOKEN_LEEWAY.as_secs() as i64);
        let longest = ACCESS_TOKEN_LIFE.as_secs() as i64;
        let in_time = iat <= now + leeway && now < exp.saturating_add(leeway);
        let sane = iat < exp && exp <= iat.saturating_add(longest);
        (in_time && sane).then(|| Grant { actor, expires_at: Timestamp(exp * 1000) })
    }

    /// Returns whether this installation signed the token for clients of the older contract, be it expired or not.
    pub fn is_for_compat(&self, token: &str) -> bool {
        token.len() <= ACCESS_TOKEN_BYTES && self.verified(token).is_some_and(|verified| verified.compat)
    }

    /// Returns what a token says that this installation signed.
    fn verified(&self, token: &str) -> Option<Verified> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(verified) = self.verified.get(&hash) {
            return Some(verified);
        }
        let (header, _) = token.split_once('.')?;
        let key = self.keys.by_header(header)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifies, &self.validation).ok()?.claims;
        let actor = Actor { user: claims.sub, session: Some(claims.sid), admin: claims.adm, guest: claims.gst };
        let verified = Verified { actor, iat: claims.iat, exp: claims.exp, compat: claims.compat };
        self.verified.insert(hash, verified);
        Some(verified)
    }

    /// Returns the service actor if this is a token of a service that the operator configured.
    pub fn verify_service(&self, token: &str) -> Option<Actor> {
        // All are compared, so that the time does not reveal which one was close.
        let matches = self.services.iter().filter(|service| service.is(token)).count();
        (matches > 0).then_some(Actor::SYSTEM)
    }
}

#[cfg(test)]
mod tests;
