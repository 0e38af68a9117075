//! Uploads: a form with `room_id`, the file, and what else describes it. A file that comes after its room is streamed to
//! the blob store; one that comes before is kept until the room is known.

use std::sync::Arc;

use crate::limits::MULTIPART_OVERHEAD;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use bytes::Bytes;
use domain::Refusal;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use service::files::NewFile;
use service::ports::{BlobError, ByteStream};
use service::{Files, RoomRef};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use web::{Caller, Json, Problem};
use wire::rest::files::FileView;

use crate::spool::Spool;
use crate::view;

/// The number of chunks that wait between the socket and the blob store.
pub(crate) const CHUNKS: usize = 4;

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form in the OpenAPI document")]
struct UploadForm {
    /// The room's id or slug. The server stores the file while it arrives if this comes before it.
    room_id: String,
    /// Whether the file is stored exactly as it is sent: `true` or `false`. It counts if it comes before the last of
    /// `room_id` and `file`. Otherwise, and by default, the data about place, time and device are removed from a JPEG, PNG,
    /// GIF or WebP, which may make it smaller.
    original: Option<bool>,
    /// The file. Its type is detected from the bytes; its name is only a label.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// Uploads a file to a room.
///
/// A message then lists it in `files`. Files that are not sent are removed after a day.
#[utoipa::path(
    post, path = "/upload", tag = "files", operation_id = "upload_file",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = FileView),
        (status = 404, description = "There is no such room, or the caller may not see it"),
        (status = 413, description = "The file has too many bytes or pixels, and the detail names `/api/files/presign` if that accepts more; or the user's files or all files have no room for it"),
    )
)]
pub async fn upload(
    State(files): State<Arc<Files>>,
    Caller(actor): Caller,
    request: Request,
) -> Result<(StatusCode, Json<FileView>), Problem> {
    let length: Option<u64> =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    // The form around the file is a small part of the request's length. What this leaves out is counted when all bytes have
    // arrived.
    let size = length.unwrap_or_default().saturating_sub(MULTIPART_OVERHEAD as u64);
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| {
        let refusal = Refusal::bad_request("Send the file as multipart/form-data.");
        Problem::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal)
    })?;
    let mut room: Option<RoomRef> = None;
    let mut original = false;
    let mut spooled: Option<Spool> = None;
    while let Some(field) = form.next_field().await.map_err(|error| broken(&files, &error))? {
        match field.name() {
            Some("room_id") => room = Some(small_text(&files, field).await?.trim().parse()?),
            Some("original") => original = flag(small_text(&files, field).await?.trim())?,
            Some("file") if spooled.is_some() => {
                return Err(Refusal::bad_request("The form has more than one field `file`.").into());
            }
            Some("file") => {
                let Some(room) = room else {
                    spooled = Some(Spool::read(&files, field).await?);
                    continue;
                };
                let name = field.file_name().unwrap_or_default().to_owned();
                let (sender, bytes) = mpsc::channel(CHUNKS);
                let bytes: ByteStream = Box::pin(ReceiverStream::new(bytes));
                let new = NewFile { room: &room, name: &name, size, original };
                let taken = files.upload(&actor, new, bytes);
                let ((), taken) = tokio::join!(pump(field, sender), taken);
                return Ok((StatusCode::CREATED, Json(view(&taken?))));
            }
            _ => {}
        }
    }
    let spool = spooled.ok_or_else(|| Refusal::bad_request("The form has no field `file`."))?;
    let room = room.ok_or_else(|| Refusal::bad_request("The form has no field `room_id`."))?;
    let (name, size) = (spool.name.clone(), spool.size);
    let (sender, bytes) = mpsc::channel(CHUNKS);
    let bytes: ByteStream = Box::pin(ReceiverStream::new(bytes));
    let taken = files.upload(&actor, NewFile { room: &room, name: &name, size, original }, bytes);
    let ((), taken) = tokio::join!(spool.pump(sender), taken);
    Ok((StatusCode::CREATED, Json(view(&taken?))))
}

fn flag(text: &str) -> Result<bool, Refusal> {
    text.parse().map_err(|_| Refusal::bad_request("`original` must be `true` or `false`."))
}

/// Forwards the bytes as they arrive. Reads to the end even if they are no longer needed, so that a client that only
/// reads the answer after its last byte sees the reason; the body limit bounds it.
pub(crate) async fn pump(mut field: Field<'_>, sender: mpsc::Sender<Result<Bytes, BlobError>>) {
    loop {
        match field.chunk().await {
            Ok(Some(chunk)) => drop(sender.send(Ok(chunk)).await),
            Ok(None) => return,
            Err(error) => return drop(sender.send(Err(interrupted(&error))).await),
        }
    }
}

fn interrupted(error: &MultipartError) -> BlobError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => BlobError::TooLarge(0),
        _ => BlobError::Interrupted(error.body_text()),
    }
}

pub(crate) fn broken(files: &Files, error: &MultipartError) -> Refusal {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => files.too_large(),
        _ => Refusal::bad_request(format!("The form cannot be read: {}", error.body_text())),
    }
}

/// Reads a field that is not a file, so it must be short.
pub(crate) async fn small_text(files: &Files, mut field: Field<'_>) -> Result<String, Refusal> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(files, &error))? {
        text.extend_from_slice(&chunk);
        if text.len() > MULTIPART_OVERHEAD {
            return Err(Refusal::bad_request("A field of the form is too long."));
        }
    }
    String::from_utf8(text).map_err(|_| Refusal::bad_request("A field of the form is not UTF-8."))
}
