//! The few REST calls that a client needs: signing in, a new token, a room, a page of history.

use std::sync::Mutex;

use domain::{RoomKind, Seq};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::UserSelf;
use wire::rest::auth::{GuestBody, LoginBody, RefreshBody, Tokens};
use wire::rest::messages::MessagePage;
use wire::rest::rooms::RoomView;

use crate::{Error, lock};

/// How a client signs in.
#[derive(Clone)]
pub enum Credentials {
    /// With a name only; it gets a suffix.
    Guest {
        /// The wished name.
        name: String,
    },
    /// With a password.
    Password {
        /// The handle, or the address.
        name: String,
        /// The password.
        password: String,
    },
}

impl Credentials {
    /// A guest.
    pub fn guest(name: &str) -> Credentials {
        Credentials::Guest { name: name.to_owned() }
    }

    /// Somebody with an account.
    pub fn password(name: &str, password: &str) -> Credentials {
        Credentials::Password { name: name.to_owned(), password: password.to_owned() }
    }
}

/// Calls as one user.
pub(crate) struct Rest {
    http: reqwest::Client,
    base: String,
    tokens: Mutex<Tokens>,
}

impl Rest {
    pub async fn sign_in(url: &str, credentials: Credentials) -> Result<(Rest, UserSelf), Error> {
        let (http, base) = (reqwest::Client::new(), url.trim_end_matches('/').to_owned());
        let tokens: Tokens = match credentials {
            Credentials::Guest { name } => {
                json(http.post(format!("{base}/api/auth/guest")).json(&GuestBody { name })).await?
            }
            Credentials::Password { name, password } => {
                json(http.post(format!("{base}/api/auth/login")).json(&LoginBody { name, password })).await?
            }
        };
        let user = tokens.user.clone();
        Ok((Rest { http, base, tokens: Mutex::new(tokens) }, user))
    }

    pub fn access_token(&self) -> String {
        lock(&self.tokens).access_token.clone()
    }

    /// The address of the socket: `ws` for `http`, `wss` for `https`.
    pub fn socket(&self) -> String {
        format!("ws{}/v1/ws", self.base.strip_prefix("http").unwrap_or(&self.base))
    }

    /// Gets another access token.
    pub async fn refresh(&self) -> Result<(), Error> {
        let refresh_token = lock(&self.tokens).refresh_token.clone();
        let call = self.http.post(format!("{}/api/auth/refresh", self.base));
        let mut fresh: Tokens = json(call.json(&RefreshBody { refresh_token })).await?;
        let mut tokens = lock(&self.tokens);
        // Left out when the one before goes on.
        fresh.refresh_token = fresh.refresh_token.or_else(|| tokens.refresh_token.take());
        *tokens = fresh;
        Ok(())
    }

    /// A room by its id or slug.
    pub async fn room(&self, room: &str) -> Result<RoomView, Error> {
        self.get(&format!("/api/rooms/{room}"), &()).await
    }

    pub async fn create_room(&self, slug: &str, name: &str) -> Result<String, Error> {
        let body = serde_json::json!({"id": slug, "name": name, "kind": RoomKind::Public});
        let call = self.http.post(format!("{}/api/rooms", self.base)).bearer_auth(self.access_token()).json(&body);
        let room: RoomView = json(call).await?;
        Ok(room.id)
    }

    pub async fn messages(&self, room: &str, before: Option<Seq>, min_seq: Seq) -> Result<MessagePage, Error> {
        #[derive(Serialize)]
        struct Query {
            #[serde(skip_serializing_if = "Option::is_none")]
            before: Option<Seq>,
            min_seq: Seq,
        }
        self.get(&format!("/api/rooms/{room}/messages"), &Query { before, min_seq }).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T, Error> {
        let query = serde_json::to_value(query).unwrap_or_default();
        let pairs = query.as_object().into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
        let query: Vec<String> = pairs.collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{mark}{}", self.base, query.join("&"));
        json(self.http.get(url).bearer_auth(self.access_token())).await
    }
}

async fn json<T: DeserializeOwned>(call: reqwest::RequestBuilder) -> Result<T, Error> {
    let answer = call.send().await?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.json().await?);
    }
    let problem: serde_json::Value = answer.json().await.unwrap_or_default();
    let message = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or_default().to_owned();
    Err(Error::Rest { status: status.as_u16(), message })
}
