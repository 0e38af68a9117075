//! A user who calls the REST API. Owns a token and the calls that most tests need; a test checks the answers itself.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::Server;
use crate::socket::Socket;

/// The server's answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    /// The body; null if it is not JSON.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Returns the body of a success.
    ///
    /// # Panics
    /// If it is not a success; the answer is shown.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        self.body
    }

    /// Checks that this is an error in the protocol's form: problem+json with this code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.text());
        let kind = self.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"));
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// A caller, signed in or not.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub token: Option<String>,
    pub refresh: Option<String>,
    base: String,
    websocket: String,
    http: reqwest::Client,
}

/// The password of every user who registers in a test.
pub const PASSWORD: &str = "correct horse battery staple";

impl Person {
    /// Returns a caller without a token.
    pub fn nobody(server: &Server) -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            token: None,
            refresh: None,
            base: server.http(""),
            websocket: server.websocket(),
            http: reqwest::Client::new(),
        }
    }

    /// Registers a user with [`PASSWORD`].
    pub async fn register(server: &Server, name: &str) -> Self {
        let answer = Self::registration(server, json!({ "name": name, "password": PASSWORD })).await;
        Self::nobody(server).with(&answer.ok())
    }

    /// Returns the answer to a registration: of the first user with the token that the server printed, if it asks for it.
    pub async fn registration(server: &Server, mut body: Value) -> Answer {
        let nobody = Self::nobody(server);
        let answer = nobody.post("/api/auth/register", body.clone()).await;
        if answer.status != 403 || !answer.text().contains("first-token") {
            return answer;
        }
        body["first_token"] = json!(server.first_token().await);
        nobody.post("/api/auth/register", body).await
    }

    /// Signs in as a guest; the server adds a suffix to the name.
    pub async fn guest(server: &Server, name: &str) -> Self {
        Self::nobody(server).signed_in("/api/auth/guest", json!({ "name": name })).await
    }

    /// Returns this user after an answer that signs in.
    #[track_caller]
    pub fn with(mut self, answer: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.id = text(&answer["user"]["id"]).expect("the answer has the user's id");
        self.name = text(&answer["user"]["name"]).expect("the answer has the user's name");
        self.token = Some(text(&answer["access_token"]).expect("the answer has a token"));
        self.refresh = text(&answer["refresh_token"]);
        self
    }

    async fn signed_in(self, path: &str, body: Value) -> Self {
        let answer = self.post(path, body).await.ok();
        self.with(&answer)
    }

    /// Returns the same user with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Returns the same user, calling another node.
    #[must_use]
    pub fn at(&self, server: &Server) -> Self {
        Self { base: server.http(""), websocket: server.websocket(), ..self.clone() }
    }

    /// Returns the request, to which a test can add more.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Connects a socket, sends hello and waits for the welcome.
    pub async fn connect(&self) -> Socket {
        let token = self.token.as_deref().expect("only a signed-in user connects");
        Socket::welcomed(&self.websocket, token).await
    }

    /// Uploads bytes under a name, like a browser's form.
    pub async fn upload(&self, room: &str, name: &str, mime: &str, bytes: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let part = part.mime_str(mime).expect("a test uses a valid type");
        // The room comes first: the server streams the file and must know the room before.
        let form = reqwest::multipart::Form::new().text("room_id", room.to_owned()).part("file", part);
        answer(self.request(Method::POST, "/api/files/upload").multipart(form)).await
    }

    /// Uploads a file that is to be stored as it is.
    ///
    /// # Panics
    /// If the server does not answer.
    pub async fn upload_original(&self, room: &str, name: &str, bytes: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().text("room_id", room.to_owned()).text("original", "true");
        answer(self.request(Method::POST, "/api/files/upload").multipart(form.part("file", part))).await
    }
}

/// Sends a request and reads the whole answer.
///
/// # Panics
/// If the server does not answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("the answer has an end").to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status, headers, body, bytes }
}
