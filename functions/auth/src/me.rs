//! The caller's profile and changes to it, and the search for users by name.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::limits::PAGE_ROWS;
use domain::name::{DisplayName, UserName};
use domain::{Email, Refusal};
use http::StatusCode;
use serde::Deserialize;
use service::admin::Requester;
use service::auth::{Password, ProfilePatch};
use service::ports::UserRecord;
use service::{Admin, Auth};
use utoipa::IntoParams;
use web::{Caller, Json, Problem, Query};
use wire::UserRef;
use wire::rest::Problem as ProblemBody;
use wire::rest::auth::{DeleteMe, Me, MePatch, UserPage};

use crate::cookie::Visitor;

/// Returns the caller's own account.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "auth", operation_id = "get_own_account", security(("bearer" = [])),
    responses((status = 200, body = Me), (status = 401, body = ProblemBody))
)]
pub(crate) async fn get(State(auth): State<Arc<Auth>>, Caller(actor): Caller) -> Result<Json<Me>, Problem> {
    Ok(Json(view(auth.profiles.get(&actor).await?)))
}

/// Changes the caller's account.
///
/// Omitted fields stay unchanged; an empty display name or e-mail address removes it. A change of the name, the e-mail
/// address or the password requires the current password, if the caller has one. A new password ends all other sessions.
#[utoipa::path(
    patch, path = "/api/auth/me", tag = "auth", operation_id = "update_own_account",
    security(("bearer" = [])), request_body = MePatch,
    responses(
        (status = 200, body = Me),
        (status = 400, description = "A value is invalid, or the current password is missing", body = ProblemBody),
        (status = 403, description = "The current password is wrong, or the caller is a guest without an account", body = ProblemBody),
        (status = 409, description = "The name is taken", body = ProblemBody),
    )
)]
pub(crate) async fn update(
    State(auth): State<Arc<Auth>>,
    Caller(actor): Caller,
    Json(body): Json<MePatch>,
) -> Result<Json<Me>, Problem> {
    Ok(Json(view(auth.profiles.update(&actor, parse(body)?).await?)))
}

/// Deletes the caller's account, or the guest.
///
/// It loses its handle, names, address, password, sessions, rooms, marks and notifications at once, and cannot be restored.
/// Its handle stays taken. A caller who has a password must send it.
#[utoipa::path(
    delete, path = "/api/auth/me", tag = "auth", operation_id = "delete_own_account",
    security(("bearer" = [])), request_body = Option<DeleteMe>,
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "The password is missing", body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 403, description = "The password is wrong", body = ProblemBody),
        (status = 409, description = "The caller is the only admin who can sign in", body = ProblemBody),
        (status = 429, description = "Too many attempts", body = ProblemBody),
    )
)]
pub(crate) async fn delete(
    State(admin): State<Arc<Admin>>,
    Caller(actor): Caller,
    visitor: Visitor,
    body: Option<Json<DeleteMe>>,
) -> Result<Response, Problem> {
    let DeleteMe { password, messages } = body.map(|Json(body)| body).unwrap_or_default();
    admin.delete_own_account(Requester::rest(actor), password, messages).await?;
    Ok((StatusCode::NO_CONTENT, visitor.forget(), ()).into_response())
}

fn parse(body: MePatch) -> Result<ProfilePatch, Refusal> {
    let MePatch { name, display_name, email, password, old_password } = body;
    // An empty value removes it.
    let some = |text: &String| !text.trim().is_empty();
    let display_name =
        display_name.map(|text| Some(text).filter(some).map(|text| DisplayName::parse(&text)).transpose());
    let email = email.map(|text| Some(text).filter(some).map(|text| Email::parse(&text)).transpose());
    Ok(ProfilePatch {
        name: name.map(|name| UserName::parse(&name)).transpose()?,
        display_name: display_name.transpose()?,
        email: email.transpose()?,
        password: password.map(Password::parse).transpose()?,
        old_password,
    })
}

fn view(record: UserRecord) -> Me {
    Me {
        user: wire::user_self(&record.user),
        email: record.contact().map(str::to_owned),
        created_at: wire::rfc3339(record.user.created_at),
    }
}

/// The query of a user search.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// The beginning of a handle, in any case; without it, all users match.
    #[serde(default)]
    prefix: String,
    /// Any part of a handle or display name, in any case and without accents. Each of several words must be in one of them.
    /// Replaces `prefix`.
    part: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
    /// The number of users on a page, at most 100.
    limit: Option<usize>,
}

/// Finds users by the beginning of their handle, or by any part of their names, ordered by handle.
///
/// A page of a search by a part may be short, or even empty, although another follows. A guest sends at least three
/// characters or a whole handle, and finds at most ten users.
#[utoipa::path(
    get, path = "/api/auth/users", tag = "auth", operation_id = "search_users",
    security(("bearer" = [])), params(UsersQuery),
    responses((status = 200, body = UserPage), (status = 401, body = ProblemBody))
)]
pub(crate) async fn users(
    State(auth): State<Arc<Auth>>,
    Caller(reader): Caller,
    Query(query): Query<UsersQuery>,
) -> Result<Json<UserPage>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_ROWS);
    let after = query.after.as_deref();
    let page = match &query.part {
        Some(part) => auth.profiles.find(&reader, part, after, limit).await?,
        None => auth.profiles.search(&reader, &query.prefix, after, limit).await?,
    };
    Ok(Json(UserPage { items: page.users.iter().map(UserRef::from).collect(), next: page.next }))
}
