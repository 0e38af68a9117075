//! `palaver backup` and `palaver restore`: the database at one moment, the files, the signing key.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use profile::{BlobsBackend, DATABASE, FILES, Profile, SIGNING_KEY, Settings};

/// Copies everything to a folder that is not there yet. The server may be running.
///
/// The database comes first: a file that is uploaded meanwhile is copied for nothing, while every file
/// that the database names is there unless its message was deleted meanwhile.
pub async fn backup(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    only_embedded(settings)?;
    if folder.exists() {
        bail!("{} is there already; name a folder that is not", folder.display());
    }
    let partial = folder.with_extension("partial");
    fs::create_dir_all(&partial).with_context(|| format!("cannot make {}", partial.display()))?;
    let profile = Profile::open(settings).await?;
    let database = profile.database().context("the store is no SQL database")?;
    let copied = async {
        database.backup_to(&partial.join(DATABASE)).await?;
        copy_folder(&settings.data.join(FILES), &partial.join(FILES))?;
        copy(&settings.data.join(SIGNING_KEY), &partial.join(SIGNING_KEY))?;
        // The name says that it is whole.
        fs::rename(&partial, folder).with_context(|| format!("cannot name it {}", folder.display()))
    };
    let copied = copied.await;
    profile.close().await;
    if copied.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    copied?;
    println!("the backup is in {}", folder.display());
    Ok(())
}

/// Puts a backup in place of the data, under a new epoch: clients drop what they had cached.
pub async fn restore(settings: &Settings, folder: &Path, force: bool) -> anyhow::Result<()> {
    only_embedded(settings)?;
    let data = &settings.data;
    let database = folder.join(DATABASE);
    if !database.is_file() {
        bail!("{} is no backup: it has no {DATABASE}", folder.display());
    }
    fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    // Files have keys of their own for ever, so those that are there already do no harm.
    copy_folder(&folder.join(FILES), &data.join(FILES))?;
    let epoch = store_sql::restore(&database, &data.join(DATABASE), force).await?;
    copy(&folder.join(SIGNING_KEY), &data.join(SIGNING_KEY))?;
    println!("{} is restored; its epoch is {epoch}", data.display());
    Ok(())
}

/// Other stores have tools of their own for this, which know more than a copy does.
fn only_embedded(settings: &Settings) -> anyhow::Result<()> {
    if settings.backends.is_local() && settings.backends.blobs == BlobsBackend::Folder {
        return Ok(());
    }
    bail!("this backs up SQLite and a folder of files; use the tools of your database and of your bucket for theirs")
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &target)?,
            false => copy(&entry.path(), &target)?,
        }
    }
    Ok(())
}

/// A file with its rights, on the disk when this returns. One that went away meanwhile is passed over.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    match fs::copy(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !from.exists() => Ok(()),
        copied => {
            copied.with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
            Ok(fs::File::open(to)?.sync_all()?)
        }
    }
}
