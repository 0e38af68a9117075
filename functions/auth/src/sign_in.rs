//! The ways to sign in: a new account, a password, a guest's name.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Email;
use domain::name::UserName;
use service::Auth;
use service::auth::{Password, Registration};
use web::{Json, MaybeCaller, Problem};
use wire::rest::Problem as ProblemBody;
use wire::rest::auth::{GuestBody, LoginBody, RegisterBody, Tokens};

use crate::cookie::Visitor;

/// Creates an account and signs it in.
///
/// With a guest's access token, the guest becomes this account and keeps the user id. The first account becomes the
/// installation's admin.
///
/// A page of this server receives the refresh token as an HttpOnly cookie; other clients receive it in the body.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "auth", request_body = RegisterBody, security((), ("bearer" = [])),
    responses(
        (status = 201, description = "Signed in", body = Tokens),
        (status = 400, description = "The name, password or e-mail address is invalid", body = ProblemBody),
        (status = 409, description = "The name is taken", body = ProblemBody),
        (status = 429, description = "Too many attempts", body = ProblemBody),
    )
)]
pub(crate) async fn register(
    State(auth): State<Arc<Auth>>,
    MaybeCaller(guest): MaybeCaller,
    visitor: Visitor,
    Json(body): Json<RegisterBody>,
) -> Result<(http::StatusCode, Response), Problem> {
    let email = body.email.filter(|email| !email.trim().is_empty());
    let registration = Registration {
        name: UserName::parse(&body.name).map_err(domain::Refusal::from)?,
        password: Password::parse(body.password)?,
        email: email.map(|email| Email::parse(&email)).transpose().map_err(domain::Refusal::from)?,
    };
    let signed_in = auth.accounts.register(guest, registration, &visitor.device).await?;
    Ok((http::StatusCode::CREATED, visitor.answer(signed_in)))
}

/// Signs in by name.
///
/// Accounts of older releases can also sign in with their e-mail address, until they change it.
///
/// A wrong password and an unknown name get the same answer.
///
/// A page of this server receives the refresh token as an HttpOnly cookie; other clients receive it in the body. So does
/// the mark of the device: a client that sends it with its next sign-in is not held up by wrong guesses of others.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", request_body = LoginBody, security(()),
    responses(
        (status = 200, description = "Signed in", body = Tokens),
        (status = 401, description = "The name or the password is wrong", body = ProblemBody),
        (status = 429, description = "Too many attempts", body = ProblemBody),
        (status = 503, description = "Too many users are signing in at the same time", body = ProblemBody),
    )
)]
pub(crate) async fn login(
    State(auth): State<Arc<Auth>>,
    visitor: Visitor,
    Json(body): Json<LoginBody>,
) -> Result<Response, Problem> {
    let device = visitor.device_with(body.device_mark);
    let signed_in = auth.passwords.login(&body.name, body.password, &device).await?;
    Ok(visitor.answer(signed_in))
}

/// Signs in a guest, without a password, under the requested name with a suffix.
#[utoipa::path(
    post, path = "/api/auth/guest", tag = "auth", request_body = GuestBody, security(()),
    responses(
        (status = 201, description = "Signed in", body = Tokens),
        (status = 400, description = "The name is invalid", body = ProblemBody),
        (status = 403, description = "Guests are not allowed on this server", body = ProblemBody),
        (status = 429, description = "Too many attempts", body = ProblemBody),
    )
)]
pub(crate) async fn guest(
    State(auth): State<Arc<Auth>>,
    visitor: Visitor,
    Json(body): Json<GuestBody>,
) -> Result<(http::StatusCode, Response), Problem> {
    let name = UserName::parse(&body.name).map_err(domain::Refusal::from)?;
    let signed_in = auth.accounts.guest(&name, &visitor.device).await?;
    Ok((http::StatusCode::CREATED, visitor.answer(signed_in)))
}
