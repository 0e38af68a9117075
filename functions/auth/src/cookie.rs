//! Decides how the refresh token travels. A page of this server receives it as a cookie that no script can read; other
//! clients (apps, bots, pages of other origins, to which a browser would not send the cookie) receive it in the body.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal};
use http::request::Parts;
use service::auth::{Device, FirstAccount, SignedIn};
use service::limits::{DEVICE_MARK_LIFE, SESSION_LIFE};
use web::{Client, Cookies, Json, Origin, Problem, SetCookie};
use wire::rest::auth::Tokens;

/// The cookie's name.
const NAME: &str = "palaver_refresh";
/// The cookie is only sent to paths that start with this.
const PATH: &str = "/api/auth";
/// The cookie by which a browser is known to an account that has signed in from it. It stays after a sign-out.
const DEVICE: &str = "palaver_device";

/// How the caller receives its refresh token, and where it calls from.
#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    cookie: Option<String>,
    /// The device that signs in, for the list of sessions.
    pub(crate) device: Device,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let client = Client::from_request_parts(parts, state).await?;
        let Ok(cookies) = Cookies::from_request_parts(parts, state).await;
        let agent = parts.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let device = Device::new(agent.unwrap_or_default(), client.network());
        let mark = cookies.get(DEVICE).filter(|_| client.origin.is_trusted()).map(str::to_owned);
        let device = device.with_mark(mark);
        Ok(Visitor { client, cookie: cookies.get(NAME).map(str::to_owned), device })
    }
}

impl Visitor {
    /// Returns the refresh token that the call presents. The cookie counts only if the calling page is known and
    /// allowed: a browser sends cookies even if a page of another origin makes the call (CSRF).
    pub(crate) fn presented(&self, body: Option<String>) -> Result<Option<String>, Refusal> {
        if body.is_some() || self.cookie.is_none() {
            return Ok(body);
        }
        match self.client.origin.is_trusted() {
            true => Ok(self.cookie.clone()),
            false => Err(Refusal::new(Code::Forbidden, "This page cannot use this browser's session.")),
        }
    }

    /// Returns what lets this caller create the first account.
    pub(crate) fn first_account(&self, token: Option<String>) -> FirstAccount {
        if self.client.local { FirstAccount::Local } else { FirstAccount::Token(token) }
    }

    /// Logs a sign-in that failed because of what the caller sent: for people and programs that look for attacks. Never
    /// logs the name, which may be a password typed into the wrong field.
    pub(crate) fn log_failure(&self, refusal: &Refusal) {
        let address = self.client.logged_address.map(tracing::field::display);
        match refusal.code {
            Code::Unauthenticated => tracing::warn!(address, "a sign-in failed: wrong name or password"),
            Code::RateLimited => tracing::warn!(address, "a sign-in was refused: too many attempts"),
            Code::Forbidden => tracing::warn!(address, "a sign-in was refused: not allowed on this server"),
            _ => {}
        }
    }

    /// Returns the device that signs in, with the mark of the body if there is one.
    pub(crate) fn device_with(&self, mark: Option<String>) -> Device {
        let mark = mark.or_else(|| self.device.mark.clone());
        self.device.clone().with_mark(mark)
    }

    /// Returns the answer to a sign-in or a refresh.
    pub(crate) fn answer(&self, signed_in: SignedIn) -> Response {
        let SignedIn { access_token, expires_in, refresh_token, device_mark, user } = signed_in;
        let user = wire::user_self(&user);
        let tokens = Tokens { access_token, expires_in: expires_in.as_secs(), refresh_token, device_mark, user };
        if self.client.origin != Origin::Own {
            return Json(tokens).into_response();
        }

        let session = tokens.refresh_token.clone().map(|token| self.cookie(Some(token)));
        let device = tokens.device_mark.clone().map(|mark| SetCookie {
            name: DEVICE,
            value: Some(mark),
            path: PATH,
            max_age: DEVICE_MARK_LIFE,
            secure: self.client.secure_cookies,
        });
        (session, device, Json(Tokens { refresh_token: None, device_mark: None, ..tokens })).into_response()
    }

    /// Removes the cookie, if there is one.
    pub(crate) fn forget(&self) -> Option<SetCookie> {
        self.cookie.as_ref().map(|_| self.cookie(None))
    }

    fn cookie(&self, value: Option<String>) -> SetCookie {
        SetCookie { name: NAME, value, path: PATH, max_age: SESSION_LIFE, secure: self.client.secure_cookies }
    }
}
