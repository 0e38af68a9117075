//! Direct uploads to the blob store: starting and completing them.

use std::sync::Arc;

use axum::extract::State;
use service::Files;
use service::files::{DirectUpload, NewFile};
use web::{Caller, Json, Path, Problem};
use wire::rest::files::{DirectUploadView, FileView, PresignBody, PresignView};

use crate::{file_id, view};

/// Starts a direct upload, for files that are too large for `/upload`.
///
/// Make the returned request with the bytes, then call `/{id}/complete`. `upload` is null if this server takes all
/// uploads itself.
#[utoipa::path(
    post, path = "/presign", tag = "files", operation_id = "start_direct_upload",
    request_body = PresignBody,
    responses(
        (status = 200, body = PresignView),
        (status = 404, description = "There is no such room, or the caller may not see it"),
        (status = 413, description = "The file is larger than any file may be, or the user's files or all files have no room for it"),
    )
)]
pub async fn presign(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    Json(body): Json<PresignBody>,
) -> Result<Json<PresignView>, Problem> {
    let room = body.room_id.parse()?;
    let new = NewFile { room: &room, name: &body.name, size: body.size, original: body.original };
    let upload = files.presign(&actor, new).await?;
    Ok(Json(PresignView { upload: upload.map(upload_view) }))
}

/// Completes a direct upload.
///
/// The uploaded bytes are read, and refused and removed unless they match the announced size. The answer has the size of
/// what is stored, which is less if metadata were removed. A message then lists the file in `files`. A retry gets the same
/// answer.
#[utoipa::path(
    post, path = "/{id}/complete", tag = "files", operation_id = "complete_direct_upload",
    params(("id" = String, Path, description = "The id of the file")),
    responses(
        (status = 200, body = FileView),
        (status = 409, description = "The bytes have not arrived"),
        (status = 413, description = "The file has too many bytes or pixels"),
    )
)]
pub async fn complete(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<FileView>, Problem> {
    Ok(Json(view(&files.complete(&actor, file_id(&id)?).await?)))
}

fn upload_view(upload: DirectUpload) -> DirectUploadView {
    DirectUploadView {
        id: upload.file.to_string(),
        method: upload.request.method.to_owned(),
        url: upload.request.url,
        headers: upload.request.headers.into_iter().collect(),
        expires_at: wire::rfc3339(upload.until),
    }
}
