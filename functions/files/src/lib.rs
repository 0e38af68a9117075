//! Files over REST: uploaded as multipart, or directly to the blob store by clients; served with the type detected from
//! their bytes.
//!
//! Never holds a whole file in memory: bytes stream from the socket to the blob store and back.

mod compat;
mod direct;
mod download;
pub mod limits;
mod spool;
mod upload;

use std::sync::Arc;

use crate::limits::MULTIPART_OVERHEAD;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use domain::{File, FileId, Refusal, Timestamp};
use http::StatusCode;
use serde::Deserialize;
use service::Files;
use utoipa::openapi::OpenApi;
use utoipa::{IntoParams, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Caller, Json, Path, Problem, Query};
use wire::rest::files::{FilePage, FileView};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Palaver files", description = "Files: upload, list, download."),
    tags((name = "files", description = "Files: upload, list, download"))
)]
struct Document;

pub use compat::router as compat;

/// Returns the routes, under `/api/files`.
pub fn router(files: Arc<Files>) -> Router {
    let (routes, _) = described(&files).split_for_parts();
    Router::new().nest("/api/files", routes).with_state(files)
}

/// Returns the OpenAPI document of the function.
pub fn openapi() -> OpenApi {
    let routes = others().routes(routes!(upload::upload));
    OpenApiRouter::<Arc<Files>>::with_openapi(Document::openapi()).nest("/api/files", routes).split_for_parts().1
}

fn described(files: &Files) -> OpenApiRouter<Arc<Files>> {
    let largest = usize::try_from(files.upload_bytes()).unwrap_or(usize::MAX).saturating_add(MULTIPART_OVERHEAD);
    let upload = OpenApiRouter::new().routes(routes!(upload::upload)).layer(DefaultBodyLimit::max(largest));
    others().merge(upload)
}

fn others() -> OpenApiRouter<Arc<Files>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, delete))
        .routes(routes!(download::download))
        .routes(routes!(download::thumbnail))
        .routes(routes!(direct::presign))
        .routes(routes!(direct::complete))
}

fn view(file: &File) -> FileView {
    FileView {
        file: wire::file_ref(file),
        room: file.room.to_string(),
        user: file.user.to_string(),
        seq: file.seq,
        state: file.state,
        at: wire::rfc3339(file.at),
    }
}

/// Parses a file's id in a path; an invalid id is answered like an unknown file.
fn file_id(text: &str) -> Result<FileId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("There is no such file, or you may not see it."))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// The room's id or slug.
    room_id: String,
    /// The `next` of the previous page.
    before: Option<String>,
    /// The number of files, at most 100.
    limit: Option<usize>,
}

/// Lists the files of a room that the caller can read, newest first.
#[utoipa::path(
    get, path = "/", tag = "files", operation_id = "list_files",
    params(ListParams),
    responses(
        (status = 200, body = FilePage),
        (status = 404, description = "There is no such room, or the caller may not see it"),
    )
)]
async fn list(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    Query(params): Query<ListParams>,
) -> Result<Json<FilePage>, Problem> {
    let before = params.before.as_deref().map(parse_cursor).transpose()?;
    let listed = files.list(&actor, &params.room_id.parse()?, before, params.limit).await?;
    let next = listed.next.map(|(at, file)| format!("{}.{file}", at.0));
    Ok(Json(FilePage { items: listed.items.iter().map(view).collect(), next }))
}

fn parse_cursor(text: &str) -> Result<(Timestamp, FileId), Refusal> {
    let parts = text.split_once('.').and_then(|(at, file)| Some((Timestamp(at.parse().ok()?), file.parse().ok()?)));
    parts.ok_or_else(|| Refusal::bad_request("`before` must be the `next` of the previous page."))
}

/// Returns a file's details.
#[utoipa::path(
    get, path = "/{id}", tag = "files", operation_id = "get_file",
    params(("id" = String, Path, description = "The id of the file")),
    responses((status = 200, body = FileView))
)]
async fn get(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<FileView>, Problem> {
    Ok(Json(view(&files.get(&actor, file_id(&id)?).await?)))
}

/// Deletes a file that was not sent yet.
#[utoipa::path(
    delete, path = "/{id}", tag = "files", operation_id = "delete_file",
    params(("id" = String, Path, description = "The id of the file")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "A message contains this file; delete the message instead"),
    )
)]
async fn delete(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    files.delete(&actor, file_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
