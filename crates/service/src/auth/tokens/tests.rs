//! Attacks on access tokens (RFC 8725, OWASP ASVS V9): each changes one part of a valid one.

mod wycheproof_vectors;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::name::UserName;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::ids::Ids;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

struct Forge {
    tokens: Tokens,
    good: String,
}

fn forge() -> Forge {
    let tokens = Tokens::new(SigningKeys::generate(), Vec::new());
    let user = User {
        id: Ids::system().user(),
        name: UserName::parse("ada").expect("valid"),
        display_name: None,
        guest: false,
        role: UserRole::User,
        banned: false,
        deleted: false,
        created_at: NOW,
    };
    let good = tokens.issue(&user, Ids::system().session(), NOW);
    Forge { tokens, good }
}

#[test]
fn a_token_that_was_verified_once_still_expires() {
    let Forge { tokens, good } = forge();
    let grant = tokens.verify(&good, NOW).expect("it is good");
    assert_eq!(tokens.verify(&good, NOW), Some(grant), "from the cache");
    let expired = grant.expires_at + TOKEN_LEEWAY + TOKEN_LEEWAY;
    assert_eq!(tokens.verify(&good, expired), None);
    assert_eq!(tokens.verify(&format!("{good}x"), NOW), None, "the cache knows whole tokens only");
}

impl Forge {
    fn accepts(&self, token: &str) -> bool {
        self.tokens.verify(token, NOW).is_some()
    }

    fn part(&self, index: usize) -> Value {
        let part = self.good.split('.').nth(index).expect("three parts");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
    }

    /// Returns a token with other claims, the right key and the right header.
    fn with_claims(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.part(1);
        change(&mut claims);
        let key = self.tokens.keys.current();
        jsonwebtoken::encode(&key.header, &claims, &key.signs).expect("signed")
    }

    /// Returns a token with another header, signed with the right key.
    fn with_header(&self, change: impl FnOnce(&mut Header)) -> String {
        let key = self.tokens.keys.current();
        let mut header = key.header.clone();
        change(&mut header);
        jsonwebtoken::encode(&header, &self.part(1), &key.signs).expect("signed")
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_valid_token_is_accepted_until_it_expires() {
    let forge = forge();
    let at = |seconds: i64| forge.tokens.verify(&forge.good, Timestamp(NOW.0 + seconds * 1000));
    let life = ACCESS_TOKEN_LIFE.as_secs() as i64;
    let grant = at(0).expect("good");
    assert_eq!(grant.expires_at, Timestamp(NOW.0 + life * 1000));
    assert!(at(life + 59).is_some(), "clocks of nodes differ");
    assert!(at(life + 60).is_none());
    assert!(at(-60).is_some() && at(-61).is_none(), "not from the future");
}

#[test]
fn no_other_algorithm_is_accepted() {
    let forge = forge();
    let (claims, public) = (forge.part(1), forge.tokens.keys.current().verifies.clone());
    let signature = forge.good.rsplit('.').next().expect("three parts");
    for name in ["none", "None", "NONE", "HS256", "RS256", "ES256", "EdDSA "] {
        let mut header = forge.part(0);
        header["alg"] = json!(name);
        for signature in ["", signature] {
            let token = format!("{}.{}.{signature}", encoded(&header), encoded(&claims));
            assert!(!forge.accepts(&token), "{name}");
        }
    }
    // The classic attack: the public key as the secret of a MAC.
    let secret = EncodingKey::from_secret(public.try_get_as_bytes().expect("raw bytes"));
    for typ in [Some("at+jwt".to_owned()), Some("JWT".to_owned()), None] {
        let header = Header { typ, kid: forge.tokens.keys.current().header.kid.clone(), ..Header::default() };
        let token = jsonwebtoken::encode(&header, &claims, &secret).expect("signed");
        assert!(!forge.accepts(&token));
    }
}

#[test]
fn a_header_cannot_choose_the_key() {
    let forge = forge();
    assert!(forge.accepts(&forge.with_header(|_| {})));
    let attacks: [fn(&mut Header); 7] = [
        |header| header.jku = Some("https://evil.example/keys".into()),
        |header| header.x5u = Some("https://evil.example/cert".into()),
        |header| header.kid = Some("../../../../dev/null".into()),
        |header| header.kid = Some("' UNION SELECT 'x".into()),
        |header| header.kid = None,
        |header| header.crit = Some(vec!["exp".into()]),
        |header| header.extras.insert("jwk", json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" })),
    ];
    for (index, attack) in attacks.into_iter().enumerate() {
        assert!(!forge.accepts(&forge.with_header(attack)), "attack {index}");
    }
}

#[test]
fn a_token_of_another_type_is_refused() {
    let forge = forge();
    for typ in [Some("JWT"), Some("at+JWT2"), Some("logout+jwt"), None] {
        assert!(!forge.accepts(&forge.with_header(|header| header.typ = typ.map(str::to_owned))), "{typ:?}");
    }
}

#[test]
fn a_token_signed_by_another_key_is_refused() {
    let (forge, other) = (forge(), forge().tokens);
    let theirs = jsonwebtoken::encode(&other.keys.current().header, &forge.part(1), &other.keys.current().signs);
    assert!(!forge.accepts(&theirs.expect("signed")));
    // Signed with another key under our key's name.
    let ours = jsonwebtoken::encode(&forge.tokens.keys.current().header, &forge.part(1), &other.keys.current().signs);
    assert!(!forge.accepts(&ours.expect("signed")));
}

#[test]
fn every_claim_is_required_and_has_its_type() {
    let forge = forge();
    assert!(forge.accepts(&forge.with_claims(|_| {})));
    for claim in ["iss", "aud", "exp", "iat", "sub", "sid", "adm", "gst"] {
        let without = forge.with_claims(|claims| drop(claims.as_object_mut().expect("claims").remove(claim)));
        assert!(!forge.accepts(&without), "without {claim}");
        for value in [json!(null), json!([]), json!({})] {
            assert!(!forge.accepts(&forge.with_claims(|claims| claims[claim] = value.clone())), "{claim} {value}");
        }
    }
    let far = NOW.0 / 1000 + 600;
    for exp in [json!(far.to_string()), json!(far as f64 + 0.5), json!(-1), json!(1e30), json!(u64::MAX), json!(true)] {
        assert!(!forge.accepts(&forge.with_claims(|claims| claims["exp"] = exp.clone())), "exp {exp}");
    }
}

#[test]
fn issuer_audience_and_times_must_fit() {
    let forge = forge();
    let now = NOW.0 / 1000;
    for (claim, value) in [
        ("iss", json!("evil")),
        ("iss", json!("Palaver")),
        ("aud", json!("another-api")),
        ("aud", json!(["another-api"])),
        ("exp", json!(now - 61)),
        ("exp", json!(now + 365 * 86_400)),
        ("iat", json!(now + 120)),
        ("iat", json!(i64::MIN)),
        ("sub", json!("not a uuid")),
        ("sid", json!("")),
        ("adm", json!("true")),
    ] {
        assert!(!forge.accepts(&forge.with_claims(|claims| claims[claim] = value.clone())), "{claim} {value}");
    }
}

#[test]
fn a_changed_or_truncated_token_is_refused() {
    let forge = forge();
    let [header, claims, signature] = forge.good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let mut admin = forge.part(1);
    admin["adm"] = json!(true);
    for token in [
        format!("{header}.{}.{signature}", encoded(&admin)),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.x"),
        format!("{header}..{signature}"),
        format!("{header}.{claims}.{}", "A".repeat(signature.len())),
        format!("{header}=.{claims}.{signature}"),
        format!(" {}", forge.good),
        format!("{}{}", forge.good, "A".repeat(ACCESS_TOKEN_BYTES)),
        String::new(),
        "..".to_owned(),
    ] {
        assert!(!forge.accepts(&token), "{token}");
    }
}
