//! Reads the cookies of a call, and sets one on an answer.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use http::{HeaderValue, header, request::Parts};
use std::convert::Infallible;
use std::time::Duration;

/// The cookies of a call.
#[derive(Debug, Clone)]
pub struct Cookies(CookieJar);

impl Cookies {
    /// Returns a cookie's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Cookie::value)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Cookies(CookieJar::from_headers(&parts.headers)))
    }
}

/// A cookie on an answer. Always `HttpOnly` and `SameSite=Strict`: no script can read it, and no other site's page can
/// make a browser send it.
#[derive(Debug, Clone)]
pub struct SetCookie {
    /// The cookie's name.
    pub name: &'static str,
    /// The cookie's value; `None` deletes the cookie.
    pub value: Option<String>,
    /// The path that the browser sends it to.
    pub path: &'static str,
    /// How long the browser keeps it.
    pub max_age: Duration,
    /// Whether it is sent over TLS only.
    pub secure: bool,
}

impl IntoResponseParts for SetCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        let age = if self.value.is_some() { self.max_age.as_secs() } else { 0 };
        let cookie = Cookie::build((self.name, self.value.unwrap_or_default()))
            .path(self.path)
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure);
        // `Max-Age` is written here because the cookie crate needs a duration of the `time` crate.
        let text = format!("{cookie}; Max-Age={age}");
        let value = HeaderValue::try_from(text).expect("tokens and paths are visible ASCII");
        response.headers_mut().append(header::SET_COOKIE, value);
        Ok(response)
    }
}
