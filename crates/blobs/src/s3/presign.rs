//! Signs requests that clients make themselves. What is signed cannot be changed: the key, the length and the type of
//! an upload, and that the key must be empty; the type and the disposition of a download.
//!
//! Never logs a URL, because anyone who has it can use it.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use service::ports::{BlobError, Presigned, ServedAs};

use super::error::failed;
use super::{S3Settings, STORED_AS};

/// Signs requests for one bucket.
pub struct Signer {
    client: Client,
    bucket: String,
    origin: String,
}

impl Signer {
    /// Returns a signer for the address at which clients reach the bucket.
    pub async fn new(settings: &S3Settings, client: &Client) -> Result<Self, BlobError> {
        let client = match &settings.public_endpoint {
            Some(endpoint) => settings.client(Some(endpoint)).await,
            None => client.clone(),
        };
        let mut signer = Signer { client, bucket: settings.bucket.clone(), origin: String::new() };
        // Only a signed URL shows what the SDK makes of endpoint, region, bucket and style.
        let probe = signer.put("origin", 1, Duration::from_secs(1)).await?;
        signer.origin = origin(&probe.url).ok_or_else(|| unusable("the endpoint is not an http:// or https:// URL"))?;
        Ok(signer)
    }

    /// Returns the origin that signed requests are sent to.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Signs an upload to a key that must be empty.
    pub async fn put(&self, key: &str, length: u64, life: Duration) -> Result<Presigned, BlobError> {
        let length = i64::try_from(length).map_err(|_| unusable("an object cannot be that long"))?;
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let request = request.content_length(length).content_type(STORED_AS).if_none_match("*");
        request.presigned(lasting(life)?).await.map(|signed| presigned("PUT", &signed)).map_err(failed)
    }

    /// Signs a download.
    pub async fn get(&self, key: &str, served_as: ServedAs<'_>, life: Duration) -> Result<Presigned, BlobError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let request = request
            .response_content_type(served_as.content_type)
            .response_content_disposition(served_as.disposition)
            .response_cache_control(served_as.cache_control);
        request.presigned(lasting(life)?).await.map(|signed| presigned("GET", &signed)).map_err(failed)
    }
}

fn unusable(why: &str) -> BlobError {
    BlobError::Unavailable(why.to_owned())
}

fn lasting(life: Duration) -> Result<PresigningConfig, BlobError> {
    PresigningConfig::expires_in(life).map_err(|error| unusable(&error.to_string()))
}

fn presigned(method: &'static str, signed: &PresignedRequest) -> Presigned {
    // Every client sends these two itself, and a browser does not allow scripts to set them.
    let own = |name: &str| !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("content-length");
    let headers = signed.headers().filter(|(name, _)| own(name));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Presigned { method, url: signed.uri().to_owned(), headers }
}

/// Returns the scheme, host and port of a URL (RFC 6454).
pub fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?']).next().filter(|host| !host.is_empty() && !host.contains('@'))?;
    matches!(scheme, "http" | "https").then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(path_style: bool, public: Option<&str>) -> S3Settings {
        S3Settings {
            path_style,
            endpoint: Some("http://127.0.0.1:9".into()),
            public_endpoint: public.map(str::to_owned),
            credentials: Some(("id".into(), "very-secret".into())),
            region: Some("eu-central-1".into()),
            ..S3Settings::new("bytes")
        }
    }

    async fn signer(settings: &S3Settings) -> Signer {
        Signer::new(settings, &settings.client(None).await).await.expect("signs without a server")
    }

    #[tokio::test]
    async fn the_length_type_and_condition_are_signed() {
        let put = signer(&settings(true, None)).await.put("k", 5, Duration::from_secs(300)).await.expect("signs");
        for part in ["/bytes/k?", "X-Amz-Expires=300", "content-length%3Bcontent-type%3Bhost%3Bif-none-match"] {
            assert!(put.url.contains(part), "{part} is not in {}", put.url);
        }
        assert!(!put.url.contains("checksum"), "not every server knows them: {}", put.url);
        let mut headers = put.headers.clone();
        headers.sort();
        assert_eq!(headers, [("content-type".into(), STORED_AS.into()), ("if-none-match".into(), "*".into())]);
        assert!(!format!("{put:?}").contains("Signature"), "a secret is shown");
        assert!(!format!("{:?}", settings(true, None)).contains("very-secret"), "a secret is shown");
    }

    #[tokio::test]
    async fn clients_use_the_public_endpoint() {
        assert_eq!(signer(&settings(true, None)).await.origin(), "http://127.0.0.1:9");
        let public = "https://files.example.org";
        assert_eq!(signer(&settings(true, Some(public))).await.origin(), public);
        assert_eq!(signer(&settings(false, Some(public))).await.origin(), "https://bytes.files.example.org");
        let amazon = S3Settings { endpoint: None, ..settings(false, None) };
        assert_eq!(signer(&amazon).await.origin(), "https://bytes.s3.eu-central-1.amazonaws.com");
    }

    #[tokio::test]
    async fn the_type_and_disposition_of_a_download_are_signed() {
        let served_as = ServedAs {
            content_type: "text/plain",
            disposition: "attachment; filename=\"a\"",
            cache_control: "no-store",
        };
        let get =
            signer(&settings(true, None)).await.get("k", served_as, Duration::from_secs(60)).await.expect("signs");
        for part in
            ["response-content-type=text%2Fplain", "response-content-disposition=attachment", "X-Amz-Signature="]
        {
            assert!(get.url.contains(part), "{part} is not in {}", get.url);
        }
        assert_eq!((get.method, get.headers.len()), ("GET", 0));
    }
}
