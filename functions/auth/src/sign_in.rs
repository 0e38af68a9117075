//! The ways to sign in: a new account, a password, a guest's name.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Email;
use domain::name::{DisplayName, UserName};
use service::Auth;
use service::auth::{GuestName, Password, Registration};
use web::{Client, Json, MaybeCaller, Problem};
use wire::rest::Problem as ProblemBody;
use wire::rest::auth::{GuestBody, LoginBody, RegisterBody, ResetBody, Setup, Tokens};

use crate::cookie::Visitor;

/// Creates an account and signs it in.
///
/// With a guest's access token, the guest becomes this account and keeps the user id. The first account becomes the
/// installation's admin; it needs the token that the server printed when it started, except from the server's own machine.
///
/// A page of this server receives the refresh token as an HttpOnly cookie; other clients receive it in the body.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "auth", operation_id = "register",
    request_body = RegisterBody, security((), ("bearer" = [])),
    responses(
        (status = 201, description = "Signed in", body = Tokens),
        (status = 400, description = "The name, password or e-mail address is invalid", body = ProblemBody),
        (status = 403, description = "Registration is closed, or the first account lacks its token", body = ProblemBody),
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
    let shown = body.display_name.filter(|name| !name.trim().is_empty());
    let registration = Registration {
        name: UserName::parse(&body.name).map_err(domain::Refusal::from)?,
        password: Password::parse(body.password)?,
        email: email.map(|email| Email::parse(&email)).transpose().map_err(domain::Refusal::from)?,
        display_name: shown.map(|name| DisplayName::parse(&name)).transpose().map_err(domain::Refusal::from)?,
    };
    let first = visitor.first_account(body.first_token);
    let signed_in = auth.accounts.register(guest, registration, &visitor.device, &first).await;
    let signed_in = signed_in.inspect_err(|refusal| visitor.log_failure(refusal))?;
    Ok((http::StatusCode::CREATED, visitor.answer(signed_in)))
}

/// Returns what a registration needs at this time: for a page that asks for it.
#[utoipa::path(
    get, path = "/api/auth/setup", tag = "auth", operation_id = "get_setup", security(()),
    responses((status = 200, description = "What a registration needs", body = Setup))
)]
pub(crate) async fn setup(State(auth): State<Arc<Auth>>, client: Client) -> Result<Json<Setup>, Problem> {
    let first = auth.accounts.first_token().await.map_err(domain::Refusal::from)?;
    Ok(Json(Setup { needs_first_token: first.is_some() && !client.local }))
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
    post, path = "/api/auth/login", tag = "auth", operation_id = "login", request_body = LoginBody, security(()),
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
    let signed_in = auth.passwords.login(&body.name, body.password, &device).await;
    Ok(visitor.answer(signed_in.inspect_err(|refusal| visitor.log_failure(refusal))?))
}

/// Signs in a guest, without a password.
///
/// The name is a handle, or any name that a handle is derived from. A handle that is taken gets a suffix.
#[utoipa::path(
    post, path = "/api/auth/guest", tag = "auth", operation_id = "sign_in_as_guest",
    request_body = GuestBody, security(()),
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
    let name = GuestName::parse(&body.name).map_err(domain::Refusal::from)?;
    let signed_in = auth.accounts.guest(&name, &visitor.device).await;
    let signed_in = signed_in.inspect_err(|refusal| visitor.log_failure(refusal))?;
    Ok((http::StatusCode::CREATED, visitor.answer(signed_in)))
}

/// Chooses a new password with a link, and signs in.
///
/// An admin makes the link. It works once. Ends all other sessions of the user.
#[utoipa::path(
    post, path = "/api/auth/reset", tag = "auth", operation_id = "reset_password",
    request_body = ResetBody, security(()),
    responses(
        (status = 200, description = "Signed in", body = Tokens),
        (status = 400, description = "The password is easy to guess", body = ProblemBody),
        (status = 403, description = "The link has expired or has been used", body = ProblemBody),
        (status = 429, description = "Too many attempts", body = ProblemBody),
    )
)]
pub(crate) async fn reset(
    State(auth): State<Arc<Auth>>,
    visitor: Visitor,
    Json(body): Json<ResetBody>,
) -> Result<Response, Problem> {
    let signed_in = auth.resets.redeem(&body.token, Password::parse(body.password)?, &visitor.device).await;
    Ok(visitor.answer(signed_in.inspect_err(|refusal| visitor.log_failure(refusal))?))
}
