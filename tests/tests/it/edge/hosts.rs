//! The server answers only under its own names, knows when a call came over TLS, and says when a proxy is not trusted.

use tests::server::{Server, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::addresses::connection;
use super::client;

/// A raw HTTP answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn cookie_is_secure(&self) -> bool {
        let cookie = self.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {}{}", self.head, self.body));
        cookie.split("; ").any(|part| part == "Secure")
    }
}

/// Sends a request with exactly these headers.
async fn send(server: &Server, first_line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = format!("{first_line}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    let mut stream = connection(server, client(1)).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer and the end");
    let answer = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(server, &format!("GET {path} HTTP/1.1"), headers, "").await
}

/// Signs in over a connection with these headers, as the page does.
async fn sign_in(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    send(server, "POST /api/auth/guest HTTP/1.1", &all, r#"{"name":"ada"}"#).await
}

#[tokio::test]
async fn a_foreign_name_that_leads_here_gets_no_page_and_no_api() {
    let server = Server::start().await;
    for (path, accept) in [("/", "text/html,*/*;q=0.8"), ("/r/general", "text/html"), ("/health", "*/*")] {
        let answer = get(&server, path, &[("host", "evil.example:8080"), ("accept", accept)]).await;
        assert_eq!(answer.status, 421, "{path}: {}", answer.body);
        assert!(answer.body.contains("PALAVER_PUBLIC_URL=http://evil.example:8080"), "{}", answer.body);
        let kind = answer.header("content-type").expect("a type");
        let expected = if accept.contains("html") { "text/html" } else { "application/problem+json" };
        assert!(kind.starts_with(expected), "{path}: {kind}");
    }
    // The attack: a page of http://evil.example, whose name now leads here, is of the same origin.
    let rebound = [("host", "evil.example"), ("origin", "http://evil.example")];
    assert_eq!(sign_in(&server, &rebound).await.status, 421);
    let mut upgrade = rebound.to_vec();
    upgrade.extend([("upgrade", "websocket"), ("sec-websocket-version", "13")]);
    upgrade.push(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="));
    assert_eq!(get(&server, "/v1/ws", &upgrade).await.status, 421);
    let absolute = send(&server, "GET http://evil.example/ HTTP/1.1", &[("host", "localhost")], "").await;
    assert_eq!(absolute.status, 421, "the URL of the request wins");
}

#[tokio::test]
async fn addresses_localhost_and_configured_names_are_own() {
    let server = Settings::default()
        .variable("PALAVER_PUBLIC_URL", "https://chat.example.org")
        .variable("PALAVER_ORIGINS", "https://app.example.org:8443")
        .start()
        .await;
    let port = server.address().port();
    for host in [
        "127.0.0.1",
        "192.0.2.7:80",
        "[::1]",
        "[2001:db8::1]:8080",
        &format!("localhost:{port}"),
        "chat.example.org",
        "Chat.Example.org:8080",
        "app.example.org",
    ] {
        assert_eq!(get(&server, "/", &[("host", host)]).await.status, 200, "{host}");
    }
    for host in ["example.org", "chat.example.org.evil.example", "evil.chat.example.org", "127.0.0.1.evil.example"] {
        assert_eq!(get(&server, "/", &[("host", host)]).await.status, 421, "{host}");
    }
    // A browser has checked the certificate of this name.
    let over_tls = [("host", "other.example.org"), ("origin", "https://other.example.org")];
    assert_eq!(sign_in(&server, &over_tls).await.status, 201);
    let mixed = [("host", "other.example.org"), ("origin", "https://else.example.org")];
    assert_eq!(sign_in(&server, &mixed).await.status, 421);
}

#[tokio::test]
async fn a_request_has_exactly_one_host() {
    let server = Server::start().await;
    for headers in [
        &[][..],
        &[("host", "localhost"), ("host", "localhost")],
        &[("host", "localhost"), ("host", "evil.example")],
        &[("host", "")],
        &[("host", "user@localhost")],
        &[("host", "localhost:port")],
    ] {
        let answer = get(&server, "/", headers).await;
        assert_eq!(answer.status, 400, "{headers:?}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{headers:?}");
    }
    assert_eq!(send(&server, "GET / HTTP/1.0", &[], "").await.status, 400);
}

#[tokio::test]
async fn a_page_over_tls_gets_a_secure_cookie_and_is_told_to_stay_there() {
    let server = Settings::default().variable("PALAVER_PUBLIC_URL", "https://chat.example.org").start().await;
    let plain = sign_in(&server, &[("host", "localhost"), ("origin", "http://localhost")]).await;
    assert!(!plain.cookie_is_secure(), "a browser would drop it");
    assert_eq!(plain.header("strict-transport-security"), None);

    let page = sign_in(&server, &[("host", "chat.example.org"), ("origin", "https://chat.example.org")]).await;
    assert!(page.cookie_is_secure());
    assert_eq!(page.header("strict-transport-security"), Some("max-age=31536000"));
    assert!(get(&server, "/", &[("host", "chat.example.org")]).await.header("strict-transport-security").is_some());

    // The proxy sends its own name for the server.
    let behind = sign_in(&server, &[("host", "127.0.0.1:8080"), ("origin", "https://chat.example.org")]).await;
    assert!(behind.cookie_is_secure());
    for host in ["localhost:8443", "127.0.0.1:8443", "[::1]:8443", "192.0.2.7"] {
        let origin = format!("https://{host}");
        let answer = sign_in(&server, &[("host", host), ("origin", &origin)]).await;
        assert!(answer.cookie_is_secure(), "{host}");
        assert_eq!(answer.header("strict-transport-security"), None, "{host}: never for an address or localhost");
    }
    // A page of another origin gets no cookie at all.
    let foreign = sign_in(&server, &[("host", "chat.example.org"), ("origin", "https://evil.example")]).await;
    assert_eq!(foreign.header("set-cookie"), None);
}

#[tokio::test]
async fn a_trusted_proxy_says_that_the_client_uses_tls() {
    let server = Settings::default()
        .variable("PALAVER_TRUSTED_PROXIES", "127.0.0.0/8")
        .variable("PALAVER_PUBLIC_URL", "http://chat.example.org")
        .start()
        .await;
    for (proto, expected) in [("https", true), ("HTTPS", true), ("https, http", true), ("http", false)] {
        let headers =
            [("host", "chat.example.org"), ("origin", "http://chat.example.org"), ("x-forwarded-proto", proto)];
        let answer = sign_in(&server, &headers).await;
        assert_eq!(answer.cookie_is_secure(), expected, "{proto}");
        assert_eq!(answer.header("strict-transport-security").is_some(), expected, "{proto}");
    }
    assert!(!server.log().contains("PALAVER_TRUSTED_PROXIES"), "{}", server.log());
}

#[tokio::test]
async fn an_untrusted_proxy_is_named_once_in_the_log() {
    for header in [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https"), ("forwarded", "for=192.0.2.1")] {
        let server = Server::start().await;
        for _ in 0..3 {
            get(&server, "/", &[("host", "localhost"), header]).await;
        }
        let log = server.log();
        assert_eq!(log.matches("PALAVER_TRUSTED_PROXIES").count(), 1, "{header:?}: {log}");
        assert!(log.contains("WARN"), "{log}");
    }
    let server = Server::start().await;
    get(&server, "/", &[("host", "localhost")]).await;
    assert!(!server.log().contains("PALAVER_TRUSTED_PROXIES"), "a call without a proxy");
}
