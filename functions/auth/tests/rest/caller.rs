//! A server of one function and a client of it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use domain::limits::Limits;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use service::auth::{AuthSettings, SigningKeys};
use service::{Admin, Auth, Logs, SystemClock, UserCache};
use store_memory::MemoryStore;
use tower::ServiceExt;
use web::{Hosts, WebSettings};

pub const PASSWORD: &str = "correct horse battery staple";

/// Returns the function with its layers; without a limit on sign-ins.
pub fn server() -> Caller {
    server_with(AuthSettings { sign_ins_per_minute: 0, ..AuthSettings::default() })
}

pub fn server_with(settings: AuthSettings) -> Caller {
    let store = MemoryStore::new().store();
    let clock = Arc::new(SystemClock);
    let logs = Logs::new(store.clone(), clock.clone(), Limits::default());
    let user_cache = UserCache::new(store.clone(), clock.clone());
    let ids = service::Ids::system();
    let auth = Auth::new(
        store.clone(),
        logs.clone(),
        user_cache.clone(),
        clock.clone(),
        ids.clone(),
        SigningKeys::generate(),
        settings,
        None,
    );
    let admin = Admin::new(store, logs, auth.clone(), user_cache, clock, ids);
    let router = auth::router(auth::AuthFunction { auth: auth.clone(), admin, offers: Default::default() })
        .merge(web::docs("/api/auth", auth::openapi()));
    let limits = Limits { requests_per_minute: 0, ..Limits::default() };
    let hosts = Hosts::of(["https://chat.example.org"]);
    let settings = WebSettings { limits, hosts, ..WebSettings::default() };
    let router = web::mount(router, auth.clone(), &settings);
    Caller { router, auth, token: None, headers: Vec::new() }
}

/// A client, signed in or not.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    auth: Arc<Auth>,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Caller {
    /// Returns the same client with another access token.
    pub fn with_token(&self, token: &str) -> Self {
        Caller { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Returns the same client with one more header.
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut caller = self.clone();
        caller.headers.push((name, value.to_owned()));
        caller
    }

    /// Returns the client that this answer signs in.
    pub fn signed_in(&self, answer: &Answer) -> Self {
        self.with_token(answer.text("access_token"))
    }

    pub async fn register(&self, name: &str) -> Answer {
        self.post("/register", json!({ "name": name, "password": PASSWORD })).await.is(201)
    }

    pub async fn login(&self, name: &str, password: &str) -> Answer {
        self.post("/login", json!({ "name": name, "password": password })).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, mut body: Value) -> Answer {
        // The operator's own proof, which the first account needs.
        if path == "/register"
            && let Some(token) = self.auth.accounts.first_token().await.expect("the store is up")
        {
            body.as_object_mut().map(|body| body.insert("first_token".into(), json!(token)));
        }
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = http::Request::builder().method(method).uri(format!("/api/auth{path}"));
        request = request.header("host", "chat.example.org");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).expect("a valid request");
        let (parts, body) = self.router.clone().oneshot(request).await.expect("a router does not fail").into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
        }
    }
}

impl Answer {
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), &self.body["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
    }

    #[track_caller]
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.body))
    }
}
