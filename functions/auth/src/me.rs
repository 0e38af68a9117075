//! Oneself and others: the profile, changes of it, and looking people up by name.

use std::sync::Arc;

use axum::extract::State;
use domain::limits::PAGE_ROWS;
use domain::name::{DisplayName, UserName};
use domain::{Email, Refusal};
use serde::Deserialize;
use service::Auth;
use service::auth::{Password, ProfilePatch};
use service::ports::UserRecord;
use utoipa::IntoParams;
use web::{Caller, Json, Problem, Query};
use wire::UserRef;
use wire::rest::Problem as ProblemBody;
use wire::rest::auth::{Me, MePatch, UserPage};

/// Oneself, with what only oneself sees.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Me), (status = 401, body = ProblemBody))
)]
pub(crate) async fn get(State(auth): State<Arc<Auth>>, Caller(actor): Caller) -> Result<Json<Me>, Problem> {
    Ok(Json(view(auth.me(&actor).await?)))
}

/// Changes of oneself; what is left out stays. An empty display name or address is none. Another password
/// needs the old one and ends the other sessions.
#[utoipa::path(
    patch, path = "/api/auth/me", tag = "auth", security(("bearer" = [])), request_body = MePatch,
    responses(
        (status = 200, body = Me),
        (status = 400, description = "A value that cannot be", body = ProblemBody),
        (status = 403, description = "The old password is wrong, or a guest has no account", body = ProblemBody),
        (status = 409, description = "The name or the address is taken", body = ProblemBody),
    )
)]
pub(crate) async fn update(
    State(auth): State<Arc<Auth>>,
    Caller(actor): Caller,
    Json(body): Json<MePatch>,
) -> Result<Json<Me>, Problem> {
    Ok(Json(view(auth.update_me(&actor, parse(body)?).await?)))
}

fn parse(body: MePatch) -> Result<ProfilePatch, Refusal> {
    let MePatch { name, display_name, email, password, old_password } = body;
    // Empty is none.
    let some = |text: &String| !text.trim().is_empty();
    let display_name =
        display_name.map(|text| Some(text).filter(some).map(|text| DisplayName::parse(&text)).transpose());
    let email = email.map(|text| Some(text).filter(some).map(|text| Email::parse(&text)).transpose());
    let password = match (password, old_password) {
        (Some(new), Some(old)) => Some((Password::parse(new)?, old)),
        (Some(_), None) => return Err(Refusal::bad_request("Another password needs the old one: `old_password`.")),
        (None, _) => None,
    };
    Ok(ProfilePatch {
        name: name.map(|name| UserName::parse(&name)).transpose()?,
        display_name: display_name.transpose()?,
        email: email.transpose()?,
        password,
    })
}

fn view(record: UserRecord) -> Me {
    Me { user: wire::user_self(&record.user), email: record.email, created_at: wire::rfc3339(record.user.created_at) }
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// The beginning of a name, in any case; none is everybody.
    #[serde(default)]
    prefix: String,
    /// `next` of the page before.
    after: Option<String>,
    /// Users of a page, at most 100.
    limit: Option<usize>,
}

/// People whose name begins so, in order of name.
#[utoipa::path(
    get, path = "/api/auth/users", tag = "auth", security(("bearer" = [])), params(UsersQuery),
    responses((status = 200, body = UserPage), (status = 401, body = ProblemBody))
)]
pub(crate) async fn users(
    State(auth): State<Arc<Auth>>,
    Caller(_reader): Caller,
    Query(query): Query<UsersQuery>,
) -> Result<Json<UserPage>, Problem> {
    let page = auth.users(&query.prefix, query.after.as_deref(), query.limit.unwrap_or(PAGE_ROWS)).await?;
    Ok(Json(UserPage { items: page.users.iter().map(UserRef::from).collect(), next: page.next }))
}
