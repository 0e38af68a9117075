//! Calls every route as users without access. The routes come from the server's own OpenAPI document, so that a new one
//! cannot be forgotten.

mod roles;
mod strangers;

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Answer, Person, answer};
use tests::server::Server;

use crate::setup::{generous, private_room, say, text};

/// The routes that work without a token: those that issue one, and those that reveal nothing about users.
const OPEN: [&str; 11] = [
    "/api/config",
    "/api/auth/setup",
    "/api/auth/register",
    "/api/auth/login",
    "/api/auth/guest",
    "/api/auth/refresh",
    "/api/auth/logout",
    "/api/auth/reset",
    "/health",
    "/health/live",
    "/health/ready",
];

struct Route {
    method: Method,
    path: String,
}

async fn routes(server: &Server) -> Vec<Route> {
    let document = Person::nobody(server).get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().expect("the document has paths");
    let of_path = |(path, operations): (&String, &Value)| {
        let methods = operations.as_object().expect("a path has operations").keys();
        let route = |method: &String| Route {
            method: method.to_uppercase().parse().expect("an operation is a method"),
            path: path.clone(),
        };
        methods.map(route).collect::<Vec<_>>()
    };
    let routes: Vec<Route> = paths.iter().flat_map(of_path).collect();
    assert!(routes.len() > 50, "only {} routes are documented", routes.len());
    routes
}

/// Calls a route with the given values in its path, and a JSON body.
async fn call(person: &Person, route: &Route, values: &[(&str, &str)]) -> Answer {
    let mut path = route.path.clone();
    for (name, value) in values {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    assert!(!path.contains('{'), "{path}: this test knows no value for the parameter");
    let request = person.request(route.method.clone(), &path);
    answer(if route.method == Method::GET { request } else { request.json(&json!({})) }).await
}

fn values<'a>(room: &'a str, user: &'a str) -> [(&'static str, &'a str); 8] {
    [
        ("room", room),
        ("room_id", room),
        ("user", user),
        ("seq", "1"),
        ("emoji", "x"),
        ("id", "0192f4e0-7c00-7000-8000-000000000001"),
        ("key", user),
        ("session", "0192f4e0-7c00-7000-8000-000000000001"),
    ]
}

#[tokio::test]
async fn every_route_requires_a_token() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let room = private_room(&ada, "Secret").await;
    let nobody = Person::nobody(&server);
    for route in routes(&server).await {
        if OPEN.contains(&route.path.as_str()) {
            continue;
        }
        let answer = call(&nobody, &route, &values(&room, &ada.id)).await;
        let seen = (answer.status.as_u16(), answer.body["code"].as_str());
        assert_eq!(seen, (401, Some("unauthenticated")), "{} {}: {}", route.method, route.path, answer.text());
    }
}

#[tokio::test]
async fn a_private_room_looks_to_a_non_member_like_an_unknown_one() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let eve = Person::register(&server, "eve").await;
    let room = private_room(&ada, "Secret").await;
    say(&ada, &room, "for our eyes only").await;
    let absent = uuid::Uuid::now_v7().to_string();
    let of_a_room = |route: &Route| route.path.contains("{room}") || route.path.contains("{room_id}");
    for route in routes(&server).await.into_iter().filter(of_a_room) {
        let secret = call(&eve, &route, &values(&room, &ada.id)).await;
        let none = call(&eve, &route, &values(&absent, &ada.id)).await;
        let name = format!("{} {}", route.method, route.path);
        assert!(secret.status.is_client_error(), "{name}: {} {}", secret.status, secret.text());
        assert_eq!((secret.status, &secret.body["code"]), (none.status, &none.body["code"]), "{name}");
        assert_eq!(
            text(&secret.body["detail"]).replace(&room, ""),
            text(&none.body["detail"]).replace(&absent, ""),
            "{name}"
        );
    }
}

#[tokio::test]
async fn no_route_fails_on_an_unusual_parameter() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    for route in routes(&server).await {
        // Routes that end the own session would end the test.
        if OPEN.contains(&route.path.as_str()) || !route.path.contains('{') {
            continue;
        }
        for strange in ["%00", "..%2f..%2fetc", "-1", "99999999999999999999", "%F0%9F%A6%80", "'%20OR%201=1--"] {
            let values = values(strange, strange).map(|(name, _)| (name, strange));
            let answer = call(&ada, &route, &values).await;
            assert!(!answer.status.is_server_error(), "{} {} {strange}: {}", route.method, route.path, answer.text());
        }
    }
}

#[tokio::test]
async fn the_docs_need_no_other_host() {
    let server = Server::start().await;
    let nobody = Person::nobody(&server);
    let page = nobody.get("/docs").await;
    let page = if page.status.is_redirection() { nobody.get("/docs/").await } else { page };
    assert!(page.status.is_success(), "{}", page.status);
    let html = page.text();
    for attribute in ["src=\"", "href=\""] {
        for link in html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!link.starts_with("http") && !link.starts_with("//"), "{link} is of another host");
        }
    }
    let document = nobody.get("/openapi.json").await.ok();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{}", document["openapi"]);
    assert!(document["info"]["title"].is_string());
}

#[tokio::test]
async fn the_page_forbids_what_it_does_not_need() {
    let server = Server::start().await;
    let page = Person::nobody(&server).get("/").await;
    let header =
        |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let policy = header("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{part} is missing in {policy:?}");
    }
    assert!(!policy.contains("unsafe-eval"), "{policy}");
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or(&policy);
    assert!(!scripts.contains("unsafe-inline"), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
}
