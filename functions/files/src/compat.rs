//! Files for clients of the older contract, from the root: `/upload`, `/files`, `/{file_id}`.

use std::sync::Arc;

use axum::Router;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::Refusal;
use http::StatusCode;
use serde::Deserialize;
use service::compat::{Compat, CompatFile, Visitor};
use service::ports::ByteStream;
use service::{Files, Services};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use web::Json;
use web::compat::{OlderError, OlderForm, OlderPath, OlderQuery, Visit};
use wire::compat::FileBody;

use crate::download::{stream, with_headers};
use crate::limits::MULTIPART_OVERHEAD;
use crate::spool::Spool;
use crate::upload::{CHUNKS, broken, pump, small_text};

/// The use cases that the routes need.
#[derive(Clone)]
struct Older {
    compat: Arc<Compat>,
    files: Arc<Files>,
}

/// Returns the routes of the older contract.
pub fn router(services: &Services) -> Router {
    let (compat, files) = (services.compat.clone(), services.files.clone());
    let largest = usize::try_from(files.upload_bytes()).unwrap_or(usize::MAX).saturating_add(MULTIPART_OVERHEAD);
    Router::new()
        .route("/upload", post(upload))
        .layer(DefaultBodyLimit::max(largest))
        .route("/files", get(list))
        .route("/{file}", get(one))
        .route("/{file}/download", get(download))
        .with_state(Older { compat, files })
}

fn view(CompatFile { file, room, user }: &CompatFile) -> FileBody {
    FileBody::new(file, room, user)
}

/// What a form, or the query, says of a file.
#[derive(Debug, Default, Deserialize)]
struct About {
    room_id: Option<String>,
    user_id: Option<String>,
}

async fn upload(
    State(older): State<Older>,
    Visit(visitor): Visit,
    OlderQuery(mut about): OlderQuery<About>,
    OlderForm(mut form): OlderForm,
) -> Result<(StatusCode, Json<FileBody>), OlderError> {
    let files = &older.files;
    let mut spooled: Option<Spool> = None;
    while let Some(field) = form.next_field().await.map_err(|error| broken(files, &error))? {
        match field.name() {
            Some("room_id") => about.room_id = Some(small_text(files, field).await?),
            Some("user_id") => about.user_id = Some(small_text(files, field).await?),
            Some("file") if spooled.is_some() => {
                return Err(Refusal::bad_request("The form has more than one field `file`.").into());
            }
            // What follows the file may say whose it is.
            Some("file") if about.room_id.is_none() || about.user_id.is_none() => {
                spooled = Some(Spool::read(files, field).await?);
            }
            Some("file") => return taken(&older, visitor, &about, Source::Form(field)).await,
            _ => {}
        }
    }
    let spool = spooled.ok_or_else(|| Refusal::bad_request("The form has no field `file`."))?;
    taken(&older, visitor, &about, Source::Spool(spool)).await
}

/// Where the bytes of a file come from.
enum Source<'f> {
    Form(Field<'f>),
    Spool(Spool),
}

async fn taken(
    older: &Older,
    visitor: Visitor,
    about: &About,
    source: Source<'_>,
) -> Result<(StatusCode, Json<FileBody>), OlderError> {
    let said =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let room = said(&about.room_id).ok_or_else(|| Refusal::bad_request("The form has no field `room_id`."))?;
    let user = said(&about.user_id);
    let name = match &source {
        Source::Form(field) => field.file_name().unwrap_or_default().to_owned(),
        Source::Spool(spool) => spool.name.clone(),
    };
    let (sender, bytes) = mpsc::channel(CHUNKS);
    let bytes: ByteStream = Box::pin(ReceiverStream::new(bytes));
    let taken = older.compat.upload(visitor, user.as_deref(), &room, &name, bytes);
    let pumped = async {
        match source {
            Source::Form(field) => pump(field, sender).await,
            Source::Spool(spool) => spool.pump(sender).await,
        }
    };
    let ((), taken) = tokio::join!(pumped, taken);
    Ok((StatusCode::CREATED, Json(view(&taken?))))
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    room_id: String,
}

async fn list(
    State(older): State<Older>,
    Visit(visitor): Visit,
    OlderQuery(query): OlderQuery<ListQuery>,
) -> Result<Json<Vec<FileBody>>, OlderError> {
    Ok(Json(older.compat.files(visitor, &query.room_id).await?.iter().map(view).collect()))
}

async fn one(
    State(older): State<Older>,
    Visit(visitor): Visit,
    OlderPath(file): OlderPath<String>,
) -> Result<Json<FileBody>, OlderError> {
    Ok(Json(view(&older.compat.file(visitor, &file).await?)))
}

/// Always sends the bytes itself: older clients do not expect another address.
async fn download(
    State(older): State<Older>,
    Visit(visitor): Visit,
    OlderPath(file): OlderPath<String>,
) -> Result<Response, OlderError> {
    let CompatFile { file, .. } = older.compat.file(visitor, &file).await?;
    let bytes = older.compat.open_file(&file).await?;
    let tag = format!("\"{}\"", file.digest);
    Ok(with_headers(stream(bytes, file.size), &file, &tag).into_response())
}
