//! Tests that a bucket is created once, and that other rules stay.

use aws_sdk_s3::types::{CorsConfiguration, CorsRule};
use blobs::{Extra, S3Blobs, S3Settings, create_bucket};
use reqwest::Method;
use service::ports::{BlobError, Blobs};

use crate::server::{LONG, Opened, PAGE, both};

#[tokio::test]
async fn a_bucket_is_created_once() {
    for (server, opened) in both().await {
        opened.blobs.check().await.expect("it was made");
        let again = create_bucket(&opened.settings, &[PAGE.to_owned()]).await.expect("idempotent");
        assert_eq!((again.created, again.cors), (false, Extra::Set), "{server}");
        let bare = create_bucket(&opened.settings, &[]).await.expect("idempotent");
        assert_eq!(bare.cors, Extra::NotAsked, "{server}");
        println!("{server}: rule for stale uploads: {:?}", again.lifecycle);
    }
}

#[tokio::test]
async fn ministack_gets_a_rule_for_incomplete_uploads() {
    let opened = Opened::on_ministack().await.expect("a bucket");
    let request = opened.client.get_bucket_lifecycle_configuration().bucket(&opened.settings.bucket);
    let rules = request.send().await.expect("there are rules").rules.unwrap_or_default();
    let days = rules.iter().filter_map(|rule| rule.abort_incomplete_multipart_upload()?.days_after_initiation());
    assert_eq!(days.collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn an_operators_own_rules_stay() {
    for (server, opened) in both().await {
        let bucket = &opened.settings.bucket;
        let own = CorsRule::builder().id("theirs").allowed_origins("https://other.example").allowed_methods("GET");
        let rules = CorsConfiguration::builder().cors_rules(own.build().expect("a rule")).build().expect("rules");
        opened.client.put_bucket_cors().bucket(bucket).cors_configuration(rules).send().await.expect("takes rules");
        create_bucket(&opened.settings, &[PAGE.to_owned()]).await.expect("idempotent");
        create_bucket(&opened.settings, &[PAGE.to_owned()]).await.expect("idempotent");
        let rules = opened.client.get_bucket_cors().bucket(bucket).send().await.expect("there are rules").cors_rules;
        let rules = rules.unwrap_or_default();
        let mut origins: Vec<_> = rules.iter().flat_map(|rule| rule.allowed_origins()).map(String::as_str).collect();
        origins.sort();
        assert_eq!(origins, [PAGE, "https://other.example"], "{server}");
    }
}

/// Returns the answer to a browser's preflight request (Fetch standard, CORS-preflight fetch).
#[tokio::test]
async fn only_pages_of_our_origins_may_put() {
    for (server, opened) in both().await {
        let put = opened.blobs.presign_put("k", 3, LONG).await.expect("signs").expect("S3 presigns");
        let ask = async |origin: &str| {
            let request = reqwest::Client::new().request(Method::OPTIONS, &put.url).header("Origin", origin);
            let request = request.header("Access-Control-Request-Method", "PUT");
            let asked = request.header("Access-Control-Request-Headers", "content-type,if-none-match").send().await;
            let answer = asked.expect("answers");
            answer.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
        };
        let ours = ask(PAGE).await;
        assert!(ours.as_deref() == Some(PAGE) || ours.as_deref() == Some("*"), "{server}: {ours:?}");
        if server == "versitygw" {
            assert_eq!(ask("https://evil.example").await, None, "{server}");
        } else {
            println!("{server} answers another origin with {:?}", ask("https://evil.example").await);
        }
    }
}

#[tokio::test]
async fn a_missing_bucket_is_reported() {
    for (server, opened) in both().await {
        let settings = S3Settings { bucket: "never-made".into(), ..opened.settings.clone() };
        let blobs = S3Blobs::open(settings).await.expect("opens");
        let Err(BlobError::Unavailable(why)) = blobs.check().await else { panic!("{server}: it works") };
        let endpoint = opened.settings.endpoint.clone().expect("it has one");
        assert!(why.contains("never-made") && why.contains(&endpoint) && why.contains("palaver migrate"), "{why}");
        let read = blobs.get("k", None).await.map(drop);
        assert!(
            matches!(read, Err(BlobError::Unavailable(_))),
            "{server}: a missing bucket is no missing blob: {read:?}"
        );
    }
}

#[tokio::test]
async fn an_error_has_the_bucket_the_endpoint_and_advice() {
    let opened = Opened::on_versitygw().await.expect("a bucket");
    let report = async |settings: S3Settings| {
        let (bucket, endpoint) = (settings.bucket.clone(), settings.endpoint.clone().expect("it has one"));
        let made = create_bucket(&settings, &[]).await.expect_err("it fails").to_string();
        let blobs = S3Blobs::open(settings).await.expect("opens");
        let checked = blobs.check().await.expect_err("it fails").to_string();
        let read = blobs.get("k", None).await.map(drop).expect_err("it fails").to_string();
        for said in [&made, &checked, &read] {
            assert!(said.contains(&bucket) && said.contains(&endpoint), "{said}");
            assert!(!said.contains("a-secret") && !said.contains("Signature="), "{said}");
        }
        (checked, read)
    };
    let unreachable = format!("http://127.0.0.1:{}", local_servers::free_port());
    let (checked, _) = report(S3Settings { endpoint: Some(unreachable), ..opened.settings.clone() }).await;
    assert!(checked.contains("onnection refused") && checked.contains("AWS_ENDPOINT_URL_S3"), "{checked}");
    let wrong = Some((opened.settings.credentials.clone().expect("it has them").0, "a-secret".to_owned()));
    let (checked, read) = report(S3Settings { credentials: wrong, ..opened.settings.clone() }).await;
    assert!(checked.contains("credentials"), "{checked}");
    assert!(read.contains("AWS_SECRET_ACCESS_KEY"), "{read}");
}
