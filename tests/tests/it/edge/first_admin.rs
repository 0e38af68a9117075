//! Only the operator becomes the first admin: with the token that the server shows, or from the server's own machine.

use serde_json::{Value, json};
use tests::person::PASSWORD;
use tests::server::{Server, Settings};

/// The words before the token in the server's output.
const SHOWN: &str = "Register it with this token: ";

/// Calls with these headers, as a client behind a proxy or under another name does.
async fn call(server: &Server, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> (u16, Value) {
    let http = reqwest::Client::new();
    let request = match body {
        Some(body) => http.post(server.http(path)).json(&body),
        None => http.get(server.http(path)),
    };
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.expect("the server answers");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn register(server: &Server, headers: &[(&str, &str)], name: &str, token: Option<&str>) -> (u16, Value) {
    let mut body = json!({ "name": name, "password": PASSWORD });
    if let Some(token) = token {
        body["first_token"] = json!(token);
    }
    call(server, "/api/auth/register", headers, Some(body)).await
}

async fn needs_token(server: &Server, headers: &[(&str, &str)]) -> bool {
    let (status, setup) = call(server, "/api/auth/setup", headers, None).await;
    assert_eq!(status, 200, "{setup}");
    setup["needs_first_token"].as_bool().expect("a boolean")
}

/// Returns the token that the server has shown.
fn shown(server: &Server) -> String {
    let log = server.log();
    let token = log.lines().find_map(|line| line.split_once(SHOWN)).expect("the token is shown").1;
    token.trim().to_owned()
}

/// Runs `palaver admin first-token` on the server's data.
fn first_token(server: &Server) -> std::process::Output {
    let mut command = Settings::default().command();
    command.args(["admin", "first-token", "--data"]).arg(server.data()).output().expect("palaver runs")
}

#[tokio::test]
async fn a_call_that_was_forwarded_or_names_another_host_needs_the_token() {
    let server = Settings::default().variable("PALAVER_PUBLIC_URL", "https://chat.example.org").start().await;
    let token = shown(&server);
    let printed = first_token(&server);
    assert!(printed.status.success());
    assert_eq!(String::from_utf8_lossy(&printed.stdout).trim(), token, "the command prints the same token");

    for headers in [
        &[("x-forwarded-for", "192.0.2.1")][..],
        &[("x-forwarded-proto", "http")],
        &[("x-forwarded-host", "localhost")],
        &[("x-real-ip", "127.0.0.1")],
        &[("forwarded", "for=127.0.0.1")],
        &[("host", "chat.example.org")],
        &[("host", "192.0.2.7:8080")],
        &[("host", "other.example.org"), ("origin", "https://other.example.org")],
    ] {
        assert!(needs_token(&server, headers).await, "{headers:?}");
        for wrong in [None, Some(""), Some("0000-0000-0000-0000-0000")] {
            let (status, answer) = register(&server, headers, "eve", wrong).await;
            assert_eq!(status, 403, "{headers:?} {wrong:?}: {answer}");
            assert!(
                answer["detail"].as_str().is_some_and(|text| text.contains("palaver admin first-token")),
                "{answer}"
            );
        }
    }
    let forwarded = [("x-forwarded-for", "192.0.2.1")];
    let (status, answer) = register(&server, &forwarded, "ada", Some(&token.to_uppercase())).await;
    assert_eq!((status, &answer["user"]["admin"]), (201, &json!(true)), "{answer}");

    assert!(!needs_token(&server, &forwarded).await);
    let (status, answer) = register(&server, &forwarded, "bob", None).await;
    assert_eq!((status, &answer["user"]["admin"]), (201, &json!(false)), "{answer}");
    assert!(!first_token(&server).status.success(), "there is nothing to claim any more");
}

#[tokio::test]
async fn on_the_servers_own_machine_no_token_is_needed() {
    for host in ["localhost", "127.0.0.1:8080", "[::1]"] {
        let server = Server::start().await;
        assert!(!needs_token(&server, &[("host", host)]).await);
        let (status, answer) = register(&server, &[("host", host)], "ada", None).await;
        assert_eq!((status, &answer["user"]["admin"]), (201, &json!(true)), "{host}: {answer}");
    }
}

#[tokio::test]
async fn a_server_that_others_can_reach_needs_the_token_from_everybody() {
    let mut server = Settings::default().listen_everywhere().start().await;
    assert!(needs_token(&server, &[]).await);
    assert_eq!(register(&server, &[], "eve", None).await.0, 403);
    let token = shown(&server);
    // A guest needs none, and does not become the first account by registering either.
    let (status, guest) = call(&server, "/api/auth/guest", &[], Some(json!({ "name": "eve" }))).await;
    assert_eq!(status, 201, "{guest}");
    let bearer = format!("Bearer {}", guest["access_token"].as_str().expect("a token"));
    assert_eq!(register(&server, &[("authorization", &bearer)], "eve", None).await.0, 403);

    server.kill();
    server.start_again().await;
    assert_eq!(register(&server, &[], "ada", Some(&token)).await.1["user"]["admin"], true, "it outlives a restart");
    let logged = server.log().lines().filter(|line| line.starts_with('{') && line.contains(&token)).count();
    assert_eq!(logged, 0, "a secret is in no line of the log");
}

#[tokio::test]
async fn an_admin_of_bootstrap_makes_the_token_useless() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let mut bootstrap = Settings::default().variable("PALAVER_ADMIN_PASSWORD", PASSWORD).command();
    let output = bootstrap.args(["bootstrap", "--admin", "ada", "--data"]).arg(&data).output().expect("palaver runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let server = Settings::default().listen_everywhere().data(&data).start().await;
    assert!(!server.log().contains(SHOWN));
    assert!(!needs_token(&server, &[]).await);
    assert_eq!(register(&server, &[], "bob", None).await.1["user"]["admin"], false);
}
