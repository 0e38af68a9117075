//! Keeps a file that arrives before the form says which room it is for. It is in the folder for temporary files, without
//! a name, so it disappears with this process at the latest; nothing is stored before the room is known and checked.

use axum::extract::multipart::Field;
use bytes::{Bytes, BytesMut};
use domain::{Code, Refusal};
use service::Files;
use service::ports::BlobError;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use crate::limits::{SPOOL_CHUNK, SPOOLED_AT_ONCE};
use crate::upload::broken;

static PLACES: Semaphore = Semaphore::const_new(SPOOLED_AT_ONCE);

/// A file that has arrived, and waits for its room.
pub(crate) struct Spool {
    file: File,
    /// The name of the file, as its uploader calls it.
    pub name: String,
    /// The number of its bytes.
    pub size: u64,
    _place: SemaphorePermit<'static>,
}

impl Spool {
    /// Reads a file to its end. The body limit of the route bounds its length.
    pub async fn read(files: &Files, mut field: Field<'_>) -> Result<Spool, Refusal> {
        let full = |_| {
            let why = "Too many files are arriving. Please retry in a moment, or send `room_id` before the `file`.";
            Refusal::new(Code::Overloaded, why).retry_in(1_000)
        };
        let place = PLACES.try_acquire().map_err(full)?;
        let name = field.file_name().unwrap_or_default().to_owned();
        let mut file = File::from_std(tempfile::tempfile().map_err(failed)?);
        let mut size = 0;
        while let Some(chunk) = field.chunk().await.map_err(|error| broken(files, &error))? {
            size += chunk.len() as u64;
            if size > files.upload_bytes() {
                return Err(files.too_large());
            }
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        file.rewind().await.map_err(failed)?;
        Ok(Spool { file, name, size, _place: place })
    }

    /// Forwards the bytes, for as long as somebody takes them.
    pub async fn pump(mut self, sender: mpsc::Sender<Result<Bytes, BlobError>>) {
        loop {
            let mut chunk = BytesMut::with_capacity(SPOOL_CHUNK);
            let chunk = match self.file.read_buf(&mut chunk).await {
                Ok(0) => return,
                Ok(_) => Ok(chunk.freeze()),
                Err(error) => Err(BlobError::Interrupted(error.to_string())),
            };
            let is_over = chunk.is_err();
            if sender.send(chunk).await.is_err() || is_over {
                return;
            }
        }
    }
}

fn failed(error: std::io::Error) -> Refusal {
    tracing::warn!(%error, "cannot keep a file until its room is known, will refuse it");
    Refusal::unavailable("The server cannot keep the file. Send the field `room_id` before the `file`.", 1_000)
}
