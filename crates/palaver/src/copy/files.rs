//! The bytes of files: streamed to the target, and read back from it.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use domain::FileState;
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::files::blob_keys;
use service::ports::{BlobError, Blobs, ByteStream, TransferRecord};
use sha2::{Digest as _, Sha256};
use stored::Record;

use super::Run;
use super::limits::FILES_AT_ONCE;
use super::report::Report;

/// What was found under one key.
struct Blob {
    key: String,
    bytes: u64,
    digest: [u8; 32],
    /// Whether the target gives the same bytes.
    is_same: bool,
}

/// Copies the bytes of the files among these records, or only reads them.
pub async fn all(run: &Run, records: &[TransferRecord], report: &mut Report) -> anyhow::Result<()> {
    let files = records.iter().filter_map(|record| Some((record, record.file?)));
    let mut files = futures_util::stream::iter(files.map(async |(record, id)| {
        let mut blobs = Vec::new();
        for key in blob_keys(id) {
            blobs.extend(one(run, key).await?);
        }
        anyhow::Ok((record, id, blobs))
    }))
    .buffer_unordered(FILES_AT_ONCE);
    while let Some((record, id, blobs)) = files.try_next().await? {
        if blobs.is_empty() && has_bytes(record) {
            report.lacks_bytes(id);
        }
        blobs.into_iter().for_each(|blob| add(report, blob));
    }
    Ok(())
}

/// Returns whether a file's bytes have arrived, and were not removed since.
fn has_bytes(record: &TransferRecord) -> bool {
    match stored::from_json(&record.text) {
        Ok(Record::File { file }) => matches!(file.0.state, FileState::Unsent | FileState::Sent),
        _ => false,
    }
}

fn add(report: &mut Report, blob: Blob) {
    report.blob_bytes += blob.bytes;
    report.blobs.add(format!("{} {}", blob.key, hex::encode(blob.digest)).as_bytes());
    if !blob.is_same {
        report.differs(format!("the bytes of file {}", blob.key));
    }
}

async fn one(run: &Run, key: String) -> anyhow::Result<Option<Blob>> {
    let source = &run.from.blobs;
    let cannot_read = || format!("cannot read file {key} of the source");
    let bytes = match source.length(&key).await {
        Err(BlobError::NotFound) => return Ok(None),
        length => length.with_context(cannot_read)?,
    };
    let Some(to) = &run.to else {
        let digest = digest(source, &key).await.with_context(cannot_read)?;
        return Ok(Some(Blob { key, bytes, digest, is_same: true }));
    };

    let hasher = Arc::new(std::sync::Mutex::new(Sha256::new()));
    let stream = hashed(source.get(&key, None).await.with_context(cannot_read)?, hasher.clone());
    to.blobs.put(&key, stream, bytes).await.with_context(|| format!("cannot copy file {key}"))?;
    run.progress.file_bytes(bytes);
    let read: [u8; 32] = hasher.lock().expect("nobody panics with it").clone().finalize().into();
    let written = digest(&to.blobs, &key).await.with_context(|| format!("cannot read file {key} of the target"))?;
    Ok(Some(Blob { key, bytes, digest: read, is_same: read == written }))
}

/// Returns the stream, of which everything that passes is hashed.
fn hashed(stream: ByteStream, hasher: Arc<std::sync::Mutex<Sha256>>) -> ByteStream {
    Box::pin(stream.inspect_ok(move |bytes: &Bytes| {
        hasher.lock().expect("nobody panics with it").update(bytes);
    }))
}

async fn digest(blobs: &Arc<dyn Blobs>, key: &str) -> Result<[u8; 32], BlobError> {
    let mut stream = blobs.get(key, None).await?;
    let mut hasher = Sha256::new();
    while let Some(bytes) = stream.try_next().await? {
        hasher.update(&bytes);
    }
    Ok(hasher.finalize().into())
}
