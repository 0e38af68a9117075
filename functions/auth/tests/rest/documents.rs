//! Tests the function's documentation.

use crate::caller::server;

#[tokio::test]
async fn every_route_is_in_the_document() {
    let document = server().get("/openapi.json").await.is(200).body;
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        routes.extend(item.as_object().expect("methods").keys().map(|method| format!("{method} {path}")));
    }
    routes.sort();
    assert_eq!(
        routes,
        [
            "delete /api/admin/rooms/{room}",
            "delete /api/admin/users/{user}",
            "delete /api/auth/me",
            "delete /api/auth/sessions/{id}",
            "get /api/admin/audit",
            "get /api/admin/users",
            "get /api/admin/users/{user}",
            "get /api/auth/me",
            "get /api/auth/sessions",
            "get /api/auth/setup",
            "get /api/auth/users",
            "get /api/config",
            "get /health",
            "get /health/live",
            "get /health/ready",
            "patch /api/admin/users/{user}",
            "patch /api/auth/me",
            "post /api/admin/users/{user}/ban",
            "post /api/admin/users/{user}/grant",
            "post /api/admin/users/{user}/reset-link",
            "post /api/admin/users/{user}/revoke",
            "post /api/admin/users/{user}/sign-out",
            "post /api/admin/users/{user}/unban",
            "post /api/auth/guest",
            "post /api/auth/login",
            "post /api/auth/logout",
            "post /api/auth/refresh",
            "post /api/auth/register",
            "post /api/auth/reset",
            "post /api/auth/ticket",
            "put /api/admin/users/{user}/password",
        ]
    );
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    // Each reference has a target.
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is not defined");
    }
}

#[tokio::test]
async fn the_docs_page_works_offline_and_under_a_strict_policy() {
    let server = server();
    server.get("/docs").await.is(303);
    let page = server.get("/docs/").await.is(200);
    let html = page.body.as_str().expect("a page").to_owned();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let policy = page.headers["content-security-policy"].to_str().expect("visible ASCII");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(!html.contains("<script>"), "an inline script would not run: {html}");
    let sources: Vec<&str> = html.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!sources.is_empty());
    for source in sources {
        server.get(&format!("/docs/{}", source.trim_start_matches("./"))).await.is(200);
    }
}
