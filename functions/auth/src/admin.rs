//! Accounts and the audit log, for admins of the installation.
//!
//! Every call asks first whether the caller is an admin, so that nobody else learns which accounts exist.

use std::sync::Arc;

use axum::extract::State;
use domain::limits::PAGE_ROWS;
use domain::name::{DisplayName, UserName};
use domain::{AuditKey, Refusal, Timestamp, User, UserRole};
use http::StatusCode;
use serde::Deserialize;
use service::Admin;
use service::admin::{Account, Requester};
use service::auth::{NewNames, Password};
use utoipa::IntoParams;
use web::{Caller, Json, Path, Problem, Query};
use wire::rest::Problem as ProblemBody;
use wire::rest::admin::{
    AccountPage, AccountView, AuditPageView, NewPasswordBody, RenameBody, ResetLink, account_view, audit_view,
};

type Answer<T> = Result<Json<T>, Problem>;

/// The query of the list of accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountsQuery {
    /// The beginning of a handle, in any case; without it, all users match.
    #[serde(default)]
    prefix: String,
    /// The `next` of the previous page.
    after: Option<String>,
    /// The number of accounts on a page, at most 100.
    limit: Option<usize>,
}

/// Lists accounts and guests, ordered by handle.
#[utoipa::path(
    get, path = "/api/admin/users", tag = "admin", operation_id = "list_accounts",
    security(("bearer" = [])), params(AccountsQuery),
    responses(
        (status = 200, body = AccountPage),
        (status = 401, body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
    )
)]
pub(crate) async fn list(
    State(admin): State<Arc<Admin>>,
    Caller(actor): Caller,
    Query(query): Query<AccountsQuery>,
) -> Answer<AccountPage> {
    let limit = query.limit.unwrap_or(PAGE_ROWS);
    let page = admin.list(Requester::rest(actor), &query.prefix, query.after.as_deref(), limit).await?;
    Ok(Json(AccountPage { items: page.accounts.iter().map(view).collect(), next: page.next }))
}

/// Returns an account or a guest.
#[utoipa::path(
    get, path = "/api/admin/users/{user}", tag = "admin", operation_id = "get_account", security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 200, body = AccountView),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
    )
)]
pub(crate) async fn get(
    State(admin): State<Arc<Admin>>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Answer<AccountView> {
    let (by, user) = found(&admin, Caller(actor), &user).await?;
    answer(&admin, by, user).await
}

/// Changes a user's handle or display name.
#[utoipa::path(
    patch, path = "/api/admin/users/{user}", tag = "admin", operation_id = "rename_account",
    security(("bearer" = [])), request_body = RenameBody,
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 200, body = AccountView),
        (status = 400, description = "A name is invalid, or none is given", body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
        (status = 409, description = "The handle is taken, or was that of a deleted account", body = ProblemBody),
    )
)]
pub(crate) async fn rename(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
    Json(body): Json<RenameBody>,
) -> Answer<AccountView> {
    let (by, user) = found(&admin, caller, &user).await?;
    let shown = body.display_name.map(|text| match text.trim() {
        "" => Ok(None),
        text => DisplayName::parse(text).map(Some),
    });
    let new = NewNames {
        name: body.name.as_deref().map(UserName::parse).transpose().map_err(Refusal::from)?,
        display_name: shown.transpose().map_err(Refusal::from)?,
    };
    let user = admin.rename(by, &user, new).await?;
    answer(&admin, by, user).await
}

/// Makes a link with which a user chooses a new password.
///
/// The link works once, within 24 hours, and not after the password has changed in another way. The person who opens it chooses
/// the password: give it to this user only. The old password and the sessions stay valid until the link is used.
#[utoipa::path(
    post, path = "/api/admin/users/{user}/reset-link", tag = "admin", operation_id = "create_reset_link",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 201, body = ResetLink),
        (status = 400, description = "The user is a guest, who has no password", body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
    )
)]
pub(crate) async fn reset_link(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<(StatusCode, Json<ResetLink>), Problem> {
    let (by, user) = found(&admin, caller, &user).await?;
    let token = admin.issue_reset_link(by, &user).await?;
    let link = ResetLink {
        path: format!("/reset#{}", token.text),
        token: token.text,
        expires_at: wire::rfc3339(token.expires_at),
    };
    Ok((StatusCode::CREATED, Json(link)))
}

/// Sets the password of a user, and ends all their sessions.
#[utoipa::path(
    put, path = "/api/admin/users/{user}/password", tag = "admin", operation_id = "set_account_password",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")), request_body = NewPasswordBody,
    responses(
        (status = 204, description = "Set"),
        (status = 400, description = "The password is easy to guess, or the user is a guest", body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
    )
)]
pub(crate) async fn set_password(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
    Json(body): Json<NewPasswordBody>,
) -> Result<StatusCode, Problem> {
    let (by, user) = found(&admin, caller, &user).await?;
    admin.set_password(by, &user, Password::parse(body.password)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of a user, and closes their sockets.
#[utoipa::path(
    post, path = "/api/admin/users/{user}/sign-out", tag = "admin", operation_id = "sign_out_account",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 204, description = "Signed out"),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
    )
)]
pub(crate) async fn sign_out(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    let (by, user) = found(&admin, caller, &user).await?;
    admin.sign_out(by, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes an account an admin of the installation.
#[utoipa::path(
    post, path = "/api/admin/users/{user}/grant", tag = "admin", operation_id = "grant_admin",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 200, body = AccountView),
        (status = 400, description = "The user is a guest", body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
    )
)]
pub(crate) async fn grant(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Answer<AccountView> {
    let (by, user) = found(&admin, caller, &user).await?;
    let user = admin.set_role(by, &user, UserRole::Admin).await?;
    answer(&admin, by, user).await
}

/// Takes the rights of an admin away.
#[utoipa::path(
    post, path = "/api/admin/users/{user}/revoke", tag = "admin", operation_id = "revoke_admin",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 200, body = AccountView),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
        (status = 409, description = "This is the only admin who can sign in", body = ProblemBody),
    )
)]
pub(crate) async fn revoke(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Answer<AccountView> {
    let (by, user) = found(&admin, caller, &user).await?;
    let user = admin.set_role(by, &user, UserRole::User).await?;
    answer(&admin, by, user).await
}

/// Bans a user from the installation, and ends all their sessions.
#[utoipa::path(
    post, path = "/api/admin/users/{user}/ban", tag = "admin", operation_id = "ban_account", security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 204, description = "Banned"),
        (status = 400, description = "This is the caller", body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
        (status = 409, description = "This is the only admin who can sign in", body = ProblemBody),
    )
)]
pub(crate) async fn ban(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    let (by, user) = found(&admin, caller, &user).await?;
    admin.set_banned(by, &user, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lifts the ban of a user.
#[utoipa::path(
    post, path = "/api/admin/users/{user}/unban", tag = "admin", operation_id = "unban_account",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle")),
    responses(
        (status = 204, description = "Lifted"),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
    )
)]
pub(crate) async fn unban(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    let (by, user) = found(&admin, caller, &user).await?;
    admin.set_banned(by, &user, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The query of a deletion.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeletionQuery {
    /// Whether everything that the user wrote is deleted, too. Otherwise it stays, under the name of a deleted user.
    #[serde(default)]
    messages: bool,
}

/// Deletes an account or a guest.
///
/// It loses its handle, names, addresses, password, sessions, rooms, marks and notifications at once, and cannot be
/// restored. Its handle stays taken. Rooms that it owned get another owner.
#[utoipa::path(
    delete, path = "/api/admin/users/{user}", tag = "admin", operation_id = "delete_account", security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id or handle"), DeletionQuery),
    responses(
        (status = 204, description = "Deleted"),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such user", body = ProblemBody),
        (status = 409, description = "This is the only admin who can sign in", body = ProblemBody),
    )
)]
pub(crate) async fn delete(
    State(admin): State<Arc<Admin>>,
    caller: Caller,
    Path(user): Path<String>,
    Query(query): Query<DeletionQuery>,
) -> Result<StatusCode, Problem> {
    let (by, user) = found(&admin, caller, &user).await?;
    admin.delete_account(by, &user, query.messages).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a room with all its messages and files.
///
/// Nobody can see it from then on, and it cannot be restored. Its slug stays taken. Direct rooms cannot be deleted.
#[utoipa::path(
    delete, path = "/api/admin/rooms/{room}", tag = "admin", operation_id = "delete_room", security(("bearer" = [])),
    params(("room" = String, Path, description = "The room's id or slug")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "This is a direct room", body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
        (status = 404, description = "There is no such room", body = ProblemBody),
    )
)]
pub(crate) async fn delete_room(
    State(admin): State<Arc<Admin>>,
    Caller(actor): Caller,
    Path(room): Path<String>,
) -> Result<StatusCode, Problem> {
    let by = Requester::rest(actor);
    by.check()?;
    let room = admin.find_room(by, &room.parse()?).await?;
    admin.delete_room(by, &room).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The query of the audit log.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// The `next` of the previous page.
    before: Option<String>,
    /// The number of records on a page, at most 100.
    limit: Option<usize>,
}

/// Returns who did what with this API and with `palaver admin`, newest first.
///
/// Records are kept for 400 days. They contain no password, no token and no text of a message.
#[utoipa::path(
    get, path = "/api/admin/audit", tag = "admin", operation_id = "list_audit_records",
    security(("bearer" = [])), params(AuditQuery),
    responses(
        (status = 200, body = AuditPageView),
        (status = 400, description = "`before` is not the `next` of a page", body = ProblemBody),
        (status = 403, description = "The caller is not an admin", body = ProblemBody),
    )
)]
pub(crate) async fn audit(
    State(admin): State<Arc<Admin>>,
    Caller(actor): Caller,
    Query(query): Query<AuditQuery>,
) -> Answer<AuditPageView> {
    let before = query.before.as_deref().map(position).transpose()?;
    let page = admin.audit(Requester::rest(actor), before, query.limit.unwrap_or(PAGE_ROWS)).await?;
    let next = page.next.map(|(at, id)| format!("{}.{id}", at.0));
    Ok(Json(AuditPageView { items: page.records.iter().map(audit_view).collect(), next }))
}

fn position(text: &str) -> Result<AuditKey, Refusal> {
    let parsed = text.split_once('.').and_then(|(at, id)| Some((Timestamp(at.parse().ok()?), id.parse().ok()?)));
    parsed.ok_or_else(|| Refusal::bad_request("`before` must be the `next` of the previous page."))
}

async fn found(admin: &Admin, Caller(actor): Caller, user: &str) -> Result<(Requester, User), Refusal> {
    let by = Requester::rest(actor);
    Ok((by, admin.find(by, user).await?))
}

async fn answer(admin: &Admin, by: Requester, user: User) -> Answer<AccountView> {
    Ok(Json(view(&admin.account(by, user).await?)))
}

fn view(account: &Account) -> AccountView {
    account_view(&account.user, account.last_used_at, account.sessions)
}
