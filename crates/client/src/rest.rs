//! The few REST calls that a client needs: signing in, renewing the token, a room, a page of history.

use domain::{RoomKind, Seq};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::UserSelf;
use wire::rest::auth::{GuestBody, LoginBody, RefreshBody, Tokens};
use wire::rest::messages::MessagePage;
use wire::rest::rooms::RoomView;

use crate::Error;

/// How a client signs in.
#[derive(Clone)]
pub enum Credentials {
    /// As a guest, with only a name; the server adds a suffix.
    Guest {
        /// The requested name.
        name: String,
    },
    /// With a password.
    Password {
        /// The handle.
        name: String,
        /// The password.
        password: String,
    },
}

impl Credentials {
    /// Returns the credentials of a guest.
    pub fn guest(name: &str) -> Credentials {
        Credentials::Guest { name: name.to_owned() }
    }

    /// Returns the credentials of a user with an account.
    pub fn password(name: &str, password: &str) -> Credentials {
        Credentials::Password { name: name.to_owned(), password: password.to_owned() }
    }
}

/// The address of a server.
#[derive(Clone, Debug)]
pub struct Address {
    base: String,
    sockets: String,
}

impl Address {
    /// Returns the address of a server at `url` (`http://host:port`), with its sockets below the same one: `ws` for
    /// `http`, `wss` for `https`.
    pub fn new(url: &str) -> Address {
        let base = url.trim_end_matches('/').to_owned();
        let sockets = format!("ws{}/v1/ws", base.strip_prefix("http").unwrap_or(&base));
        Address { base, sockets }
    }

    /// Sets another URL for the sockets (`wss://…`), such as that of an API Gateway.
    #[must_use]
    pub fn with_sockets(self, url: &str) -> Address {
        Address { sockets: url.to_owned(), ..self }
    }
}

impl From<&str> for Address {
    fn from(url: &str) -> Address {
        Address::new(url)
    }
}

impl From<&String> for Address {
    fn from(url: &String) -> Address {
        Address::new(url)
    }
}

/// Makes REST calls as one user.
pub(crate) struct Rest {
    http: reqwest::Client,
    address: Address,
    tokens: Mutex<Tokens>,
}

impl Rest {
    pub async fn sign_in(address: Address, credentials: Credentials) -> Result<(Rest, UserSelf), Error> {
        let (http, base) = (reqwest::Client::new(), &address.base);
        let tokens: Tokens = match credentials {
            Credentials::Guest { name } => {
                json(http.post(format!("{base}/api/auth/guest")).json(&GuestBody { name })).await?
            }
            Credentials::Password { name, password } => {
                json(http.post(format!("{base}/api/auth/login")).json(&LoginBody { name, password, device_mark: None }))
                    .await?
            }
        };
        let user = tokens.user.clone();
        Ok((Rest { http, address, tokens: Mutex::new(tokens) }, user))
    }

    pub fn access_token(&self) -> String {
        self.tokens.lock().access_token.clone()
    }

    /// Returns the URL of the sockets.
    pub fn sockets(&self) -> &str {
        &self.address.sockets
    }

    /// Renews the access token.
    pub async fn refresh(&self) -> Result<(), Error> {
        let refresh_token = self.tokens.lock().refresh_token.clone();
        let call = self.http.post(format!("{}/api/auth/refresh", self.address.base));
        let mut fresh: Tokens = json(call.json(&RefreshBody { refresh_token })).await?;
        let mut tokens = self.tokens.lock();
        // The answer leaves it out if the previous one stays valid.
        fresh.refresh_token = fresh.refresh_token.or_else(|| tokens.refresh_token.take());
        *tokens = fresh;
        Ok(())
    }

    /// Returns a room by its id or slug.
    pub async fn room(&self, room: &str) -> Result<RoomView, Error> {
        self.get(&format!("/api/rooms/{room}"), &()).await
    }

    pub async fn create_room(&self, slug: &str, name: &str) -> Result<String, Error> {
        let body = serde_json::json!({"id": slug, "name": name, "kind": RoomKind::Public});
        let call =
            self.http.post(format!("{}/api/rooms", self.address.base)).bearer_auth(self.access_token()).json(&body);
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
        let url = format!("{}{path}{mark}{}", self.address.base, query.join("&"));
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
