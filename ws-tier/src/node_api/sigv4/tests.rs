//! Tests against the vectors that AWS publishes with its SDKs (aws-c-auth's signing test suite), and against forgeries.

mod sdk;

use axum::http::{HeaderName, HeaderValue};
use domain::Timestamp;

use super::*;

/// Signed requests of the suite, without those whose path no HTTP library can carry, and without S3's own rules.
const VECTORS: &str = include_str!("vectors.txt");
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z
const THEN: Timestamp = Timestamp(1_440_938_160_000);

struct Sent {
    method: axum::http::Method,
    uri: axum::http::Uri,
    headers: axum::http::HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn parse(text: &str) -> Sent {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let mut words = lines.next().expect("a request line").split(' ');
        let method = words.next().expect("a method").parse().expect("a method");
        let uri = words.next().expect("a path").parse().expect("a path");
        let mut headers = axum::http::HeaderMap::new();
        let mut folded: Vec<(String, String)> = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) if !line.starts_with(' ') => folded.push((name.into(), value.trim().into())),
                // A folded header (RFC 7230 §3.2.4): servers join its lines with a space.
                _ => folded.last_mut().expect("a header before").1.push_str(&format!(" {}", line.trim())),
            }
        }
        for (name, value) in folded {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        Sent { method, uri, headers, body: body.as_bytes().to_vec() }
    }

    fn verify(&self, now: Timestamp) -> Result<(), Denied> {
        self.verify_for("service", now)
    }

    fn verify_for(&self, service: &str, now: Timestamp) -> Result<(), Denied> {
        let Sent { method, uri, headers, body } = self;
        verify(&keys(), service, &Request { method, uri, headers, body }, now)
    }

    fn of_ours(uri: &str, body: &[u8]) -> Sent {
        let (method, uri) = (axum::http::Method::POST, uri.parse().expect("a URI"));
        let mut headers = axum::http::HeaderMap::new();
        sign(&keys(), &method, &uri, body, THEN).expect("it has a host").into_headers(&mut headers);
        // A server receives only the path.
        let uri = uri.path_and_query().expect("a path").as_str().parse().expect("a path");
        Sent { method, uri, headers, body: body.to_vec() }
    }
}

fn keys() -> AccessKeys {
    let key = |id: &str, secret: &str| (id.to_owned(), secret.to_owned());
    AccessKeys::new([key("AKIDEXAMPLE", SECRET), key("other/key", "another secret")]).expect("two keys")
}

fn vectors() -> impl Iterator<Item = (&'static str, Sent)> {
    VECTORS.split("=== ").skip(1).map(|vector| {
        let (name, request) = vector.split_once('\n').expect("a name");
        (name, Sent::parse(request.strip_suffix('\n').unwrap_or(request).trim_end_matches('\n')))
    })
}

#[test]
fn every_published_vector_is_accepted() {
    let mut count = 0;
    for (name, sent) in vectors() {
        assert_eq!(sent.verify(THEN), Ok(()), "{name}");
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn only_the_first_key_belongs_to_the_nodes() {
    let sent = Sent::of_ours("http://node:9000/forward", b"{}");
    let by = |keys: &AccessKeys| {
        let Sent { method, uri, headers, body } = &sent;
        verify(keys, "execute-api", &Request { method, uri, headers, body }, THEN)
    };
    let other = ("other/key".to_owned(), "another secret".to_owned());
    let turned = AccessKeys::new([other, ("AKIDEXAMPLE".to_owned(), SECRET.to_owned())]).expect("two keys");
    assert_eq!((by(&keys()), by(&turned)), (Ok(()), Ok(())));
    assert_eq!((by(&keys().of_nodes()), by(&turned.of_nodes())), (Ok(()), Err(Denied::UnknownKey)));
}

#[test]
fn any_change_of_a_signed_request_is_refused() {
    for (name, sent) in vectors() {
        let mut other = Sent { body: [&sent.body[..], b"x"].concat(), headers: sent.headers.clone(), ..sent.clone() };
        assert_eq!(other.verify(THEN), Err(Denied::Mismatch), "{name}: another body");
        other = Sent { method: axum::http::Method::PUT, ..sent.clone() };
        assert_eq!(other.verify(THEN), Err(Denied::Mismatch), "{name}: another method");
        other = Sent { uri: "/elsewhere".parse().expect("a path"), ..sent.clone() };
        assert_eq!(other.verify(THEN), Err(Denied::Mismatch), "{name}: another path");
        other = sent.clone();
        other.headers.insert("host", HeaderValue::from_static("evil.example.com"));
        assert_eq!(other.verify(THEN), Err(Denied::Mismatch), "{name}: another host");
    }
}

impl Clone for Sent {
    fn clone(&self) -> Sent {
        let Sent { method, uri, headers, body } = self;
        Sent { method: method.clone(), uri: uri.clone(), headers: headers.clone(), body: body.clone() }
    }
}

#[test]
fn a_signature_lasts_five_minutes() {
    let sent = vectors().next().expect("there are some").1;
    let five = std::time::Duration::from_secs(300);
    assert_eq!(sent.verify(THEN + five), Ok(()));
    assert_eq!(sent.verify(Timestamp(THEN.0 - 300_000)), Ok(()));
    assert_eq!(sent.verify(Timestamp(THEN.0 + 301_000)), Err(Denied::Expired));
    assert_eq!(sent.verify(Timestamp(THEN.0 - 301_000)), Err(Denied::Expired));
}

#[test]
fn a_signature_that_covers_too_little_is_refused() {
    let (_, vanilla) = vectors().find(|(name, _)| *name == "get-vanilla").expect("it is there");
    let with = |from: &str, to: &str| {
        let mut sent = vanilla.clone();
        let given = sent.headers["authorization"].to_str().expect("text").replace(from, to);
        sent.headers.insert("authorization", HeaderValue::try_from(given).expect("text"));
        sent.verify(THEN)
    };
    assert_eq!(with("", ""), Ok(()));
    assert_eq!(with("SignedHeaders=host;x-amz-date", "SignedHeaders=x-amz-date"), Err(Denied::Malformed));
    assert_eq!(with("SignedHeaders=host;x-amz-date", "SignedHeaders=host"), Err(Denied::Malformed));
    assert_eq!(with("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), Err(Denied::Malformed));
    assert_eq!(with("20150830/us-east-1", "20150831/us-east-1"), Err(Denied::Malformed));
    assert_eq!(with("aws4_request", "aws5_request"), Err(Denied::Malformed));
    assert_eq!(with("us-east-1", "eu-west-1"), Err(Denied::Mismatch));
    assert_eq!(with("AKIDEXAMPLE", "other/key"), Err(Denied::Mismatch), "another key's name");
    assert_eq!(with("AKIDEXAMPLE", "unknown"), Err(Denied::UnknownKey));
    assert_eq!(with("Signature=", "Signature=00"), Err(Denied::Malformed));
    assert_eq!(vanilla.verify_for("execute-api", THEN), Err(Denied::Malformed), "another service's");
    let mut sent = vanilla.clone();
    sent.headers.insert("x-amz-target", HeaderValue::from_static("unsigned"));
    assert_eq!(sent.verify(THEN), Err(Denied::Malformed), "an Amazon header that is not signed");
    sent.headers.remove("authorization");
    assert_eq!(sent.verify(THEN), Err(Denied::Missing));
}

#[test]
fn our_requests_are_accepted_and_a_wrong_payload_hash_is_not() {
    let sent = Sent::of_ours("http://10.0.0.7:9000/prod/@connections/n1-c%3D%2B?x=%20y&a=1", b"hello");
    assert_eq!(sent.verify_for(SERVICE, THEN), Ok(()));
    let mut other = sent.clone();
    other.body = b"hellO".to_vec();
    assert_eq!(other.verify_for(SERVICE, THEN), Err(Denied::Mismatch));
}

#[test]
fn timestamps_are_parsed_in_one_form_only() {
    assert_eq!(date::write(THEN), "20150830T123600Z");
    assert_eq!(date::read("20150830T123600Z"), Some(THEN));
    for bad in ["", "20150830", "20150830T123600", "20151330T123600Z", "+0150830T123600Z", "2015083éT12360Z"] {
        assert_eq!(date::read(bad), None, "{bad}");
    }
    assert!(!format!("{:?}", keys()).contains("wJalr"), "the secret is not printed");
}
