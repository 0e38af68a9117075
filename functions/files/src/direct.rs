//! Uploads that go straight to the store of blobs: where to, and that they are done.

use std::sync::Arc;

use axum::extract::State;
use service::{Files, files::DirectUpload};
use web::{Caller, Json, Path, Problem};
use wire::rest::files::{DirectUploadView, FileView, PresignBody, PresignView};

use crate::{file_id, view};

/// Begins an upload that goes straight to the store of files: for files that are too large for `/upload`. Put the
/// bytes as the answer says, then call `/{id}/complete`. `upload` is null where this server takes all bytes itself.
#[utoipa::path(post, path = "/presign", request_body = PresignBody, responses((status = 200, body = PresignView), (status = 413, description = "More bytes than any file may have")))]
pub async fn presign(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    Json(body): Json<PresignBody>,
) -> Result<Json<PresignView>, Problem> {
    let upload = files.presign(&actor, &body.room_id.parse()?, &body.name, body.size).await?;
    Ok(Json(PresignView { upload: upload.map(upload_view) }))
}

/// Ends an upload that went straight to the store of files: what arrived is read, and refused (and removed) unless it
/// is what was promised. A message then names it in `files`. A repeat has the same answer.
#[utoipa::path(post, path = "/{id}/complete", params(("id" = String, Path)), responses((status = 200, body = FileView), (status = 409, description = "The bytes have not arrived"), (status = 413, description = "Too many bytes, or pixels")))]
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
