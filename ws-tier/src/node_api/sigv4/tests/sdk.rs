//! Random requests, signed by the AWS SDK's own crate: each must be accepted, and rejected after any change.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{SECRET, Sent, THEN};
use crate::node_api::sigv4::{DATE_HEADER, Denied, PAYLOAD_HEADER, SERVICE};

const REQUESTS: u64 = 1_000;

/// Returns a text of characters that some part of a request treats specially.
fn text(random: &mut StdRng, most: usize) -> String {
    let characters: Vec<char> = "abzAZ09-._~ +/=&%?#;:@!$'()*,\"<>[]{}|\\^`é👋".chars().collect();
    (0..random.random_range(0..=most)).map(|_| *characters.choose(random).expect("there are some")).collect()
}

/// Returns a text as an SDK writes it into a path or a query.
fn encoded(random: &mut StdRng, most: usize) -> String {
    utf8_percent_encode(&text(random, most), NON_ALPHANUMERIC).to_string()
}

/// Returns segments, some of them empty, dots, or written by a sender that encodes no more than necessary.
fn path(random: &mut StdRng) -> String {
    let segments = (0..random.random_range(0..6)).map(|_| match random.random_range(0..8) {
        0 => String::new(),
        1 => ".".to_owned(),
        2 => "..".to_owned(),
        3 => "@connections".to_owned(),
        4 => "a:b,c=d+e~f".to_owned(),
        _ => encoded(random, 8),
    });
    format!("/{}", segments.collect::<Vec<_>>().join("/"))
}

fn query(random: &mut StdRng) -> String {
    let parameters = (0..random.random_range(0..5)).map(|_| match random.random_range(0..4) {
        0 => encoded(random, 4),
        _ => format!("{}={}", encoded(random, 4), encoded(random, 6)),
    });
    parameters.filter(|parameter| !parameter.is_empty()).collect::<Vec<_>>().join("&")
}

/// Returns header names and values: several of one name, and runs of spaces.
fn headers(random: &mut StdRng) -> Vec<(String, String)> {
    let names = ["x-amz-target", "x-amz-meta-a", "content-type", "my-header", "accept"];
    let values = ["a", "a  b   c", "  padded ", "\"quoted  spaces\"", "a,b", "application/json; q=1"];
    let pick = |random: &mut StdRng, of: &[&str]| (*of.choose(random).expect("there are some")).to_owned();
    (0..random.random_range(0..5)).map(|_| (pick(random, &names), pick(random, &values))).collect()
}

/// Returns a request that the SDK's crate signed, as it arrives.
fn signed(random: &mut StdRng) -> Sent {
    let method: Method = ["GET", "POST", "DELETE", "PUT"].choose(random).expect("four").parse().expect("a method");
    let (path, query, body) = (path(random), query(random), text(random, 40).into_bytes());
    let target = if query.is_empty() { path } else { format!("{path}?{query}") };
    let host = ["10.0.0.7:9000", "abc.execute-api.eu-west-1.amazonaws.com"].choose(random).expect("two");
    let mut headers = headers(random);

    let mut settings = SigningSettings::default();
    if random.random_bool(0.3) {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let token = random.random_bool(0.3).then(|| "a+session/token==".to_owned());
    let (id, secret) = *[("AKIDEXAMPLE", SECRET), ("other/key", "another secret")].choose(random).expect("two");
    let identity = Credentials::new(id, secret, token, None, "test").into();
    let moment = u64::try_from(THEN.0 + random.random_range(-299_000..299_000)).expect("after 1970");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(["eu-west-1", "local"].choose(random).expect("two"))
        .name(SERVICE)
        .time(UNIX_EPOCH + Duration::from_millis(moment))
        .settings(settings)
        .build()
        .expect("nothing is missing")
        .into();

    let uri = format!("http://{host}{target}");
    let given = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signable = SignableRequest::new(method.as_str(), &*uri, given, SignableBody::Bytes(&body)).expect("valid");
    let (signing, _) = aws_sigv4::http_request::sign(signable, &parameters).expect("it can be signed").into_parts();
    headers.extend(signing.headers().map(|(name, value)| (name.to_owned(), value.to_owned())));
    headers.push(("host".into(), (*host).into()));

    let mut arrived = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::try_from(name).expect("a name");
        arrived.append(name, HeaderValue::from_str(value.trim()).expect("a value"));
    }
    // A server receives only the path.
    Sent { method, uri: target.parse().expect("a path"), headers: arrived, body }
}

/// Returns changed copies of a request; its signature covers each change.
fn changes(sent: &Sent, random: &mut StdRng) -> Vec<(&'static str, Sent)> {
    let with_uri = |uri: String| Sent { uri: uri.parse().expect("a path"), ..sent.clone() };
    let (path, query) = (sent.uri.path(), sent.uri.query().unwrap_or(""));
    let (mut more, mut less, mut flipped) = (sent.clone(), sent.clone(), sent.clone());
    more.body.push(b'x');
    less.body.pop();
    if let Some(bit) = (flipped.body.len() * 8).checked_sub(1).map(|most| random.random_range(0..=most)) {
        flipped.body[bit / 8] ^= 1 << (bit % 8);
    }
    let mut changed = vec![
        ("a longer body", more),
        ("another method", Sent { method: Method::PATCH, ..sent.clone() }),
        ("another path", with_uri(format!("{path}/y?{query}"))),
        ("another query", with_uri(format!("{path}?{query}&y=1"))),
    ];
    if !sent.body.is_empty() {
        changed.extend([("a shorter body", less), ("another body", flipped)]);
    }

    let covered = sent.headers.keys().filter(|name| *name != "authorization" && *name != "x-amz-security-token");
    for name in covered {
        let mut other = sent.clone();
        other.headers.append(name, HeaderValue::from_static("y"));
        changed.push(("one more value of a header", other));
        let mut other = sent.clone();
        other.headers.remove(name);
        changed.push(("a header less", other));
    }
    let mut later = sent.clone();
    later.headers.insert(DATE_HEADER, HeaderValue::from_static("20150830T123601Z"));
    if later.headers[DATE_HEADER] != sent.headers[DATE_HEADER] {
        changed.push(("another moment", later));
    }
    let mut other = sent.clone();
    other.headers.insert(PAYLOAD_HEADER, HeaderValue::from_static("UNSIGNED-PAYLOAD"));
    changed.push(("a payload that is said to be unsigned", other));

    let authorization = sent.headers["authorization"].to_str().expect("text").to_owned();
    let digit = authorization.len() - random.random_range(1..=64);
    let turned = if &authorization[digit..=digit] == "0" { "1" } else { "0" };
    let mut forged = authorization.clone();
    forged.replace_range(digit..=digit, turned);
    let key = if authorization.contains("AKIDEXAMPLE") { "other/key" } else { "AKIDEXAMPLE" };
    let texts = [
        ("another signature", forged),
        ("another key", authorization.replace("AKIDEXAMPLE", "other/key").replace("other/key", key)),
        ("another region", authorization.replace("eu-west-1", "us-east-1").replace("/local/", "/us-east-1/")),
        ("another service", authorization.replace("execute-api", "s3")),
    ];
    for (what, text) in texts {
        let mut other = sent.clone();
        other.headers.insert("authorization", HeaderValue::try_from(text).expect("text"));
        changed.push((what, other));
    }
    changed
}

#[test]
fn requests_signed_by_the_sdk_are_accepted_and_changed_ones_are_not() {
    for seed in 0..REQUESTS {
        let mut random = StdRng::seed_from_u64(seed);
        let sent = signed(&mut random);
        let Sent { method, uri, headers, .. } = &sent;
        assert_eq!(sent.verify_for(SERVICE, THEN), Ok(()), "seed {seed}: {method} {uri} {headers:?}");
        for (what, changed) in changes(&sent, &mut random) {
            let refused = changed.verify_for(SERVICE, THEN);
            assert!(refused.is_err(), "seed {seed}: {what}: {method} {uri} {headers:?}");
        }
        let late = THEN + Duration::from_secs(601);
        assert_eq!(sent.verify_for(SERVICE, late), Err(Denied::Expired), "seed {seed}");
    }
}
