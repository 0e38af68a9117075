//! `palaver backup` and `palaver restore`: the database at one moment, the files, the signing key.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, bail};
use host::{BlobsBackend, DATABASE, FILES, IfMissing, Profile, SIGNING_KEY, Settings};
use store_sql::Restore;

/// Copies everything to a folder that is not there yet. The server may be running.
///
/// The database comes first: a file that is uploaded meanwhile is copied for nothing, while every file
/// that the database names is there unless its message was deleted meanwhile.
pub async fn backup(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    only_embedded(settings)?;
    if folder.exists() {
        bail!("{} is there already; name a folder that is not", folder.display());
    }
    let data = real(&settings.data)?;
    if real(folder)?.starts_with(&data) {
        bail!("{} is inside the data folder, and would be lost with it; name a folder elsewhere", folder.display());
    }
    // Opened before anything is made: where there are no data, no half of a backup is left either.
    let profile = Profile::open(settings, IfMissing::Refuse).await?;
    let copied = copy_all(settings, &profile, folder).await;
    profile.close().await;
    copied?;
    println!("the backup is in {}", folder.display());
    Ok(())
}

/// Copies everything to a folder beside `folder`, which gets its name when it is whole.
async fn copy_all(settings: &Settings, profile: &Profile, folder: &Path) -> anyhow::Result<()> {
    let database = profile.database().context("the store is no SQL database")?;
    let partial = beside(folder, ".partial");
    make_new(&partial)?;
    let copied = async {
        database.backup_to(&partial.join(DATABASE)).await?;
        copy_folder(&settings.data.join(FILES), &partial.join(FILES))?;
        copy(&settings.data.join(SIGNING_KEY), &partial.join(SIGNING_KEY))?;
        fs::rename(&partial, folder).with_context(|| format!("cannot name it {}", folder.display()))
    };
    let copied = copied.await;
    if copied.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    copied
}

/// Puts a backup in place of the data, under a new epoch: clients drop what they had cached. A folder that is no whole
/// backup is refused before anything of the data changes.
pub async fn restore(settings: &Settings, folder: &Path, force: bool) -> anyhow::Result<()> {
    only_embedded(settings)?;
    let data = &settings.data;
    let (database, files) = (folder.join(DATABASE), folder.join(FILES));
    if !database.is_file() || !files.is_dir() {
        bail!(
            "{} is no backup: it lacks {DATABASE} or {FILES}; name a folder that `palaver backup` wrote",
            folder.display()
        );
    }
    // A file that is copied onto itself would be emptied.
    if real(data)?.starts_with(real(folder)?) {
        bail!("the data folder {} is the backup itself, or inside it; name another with --data", data.display());
    }
    let restore = Restore::prepare(&database, &data.join(DATABASE), force).await?;
    // Files have keys of their own for ever, so those that are there already do no harm. They come before the database,
    // which names them.
    copy_folder(&files, &data.join(FILES))?;
    copy(&folder.join(SIGNING_KEY), &data.join(SIGNING_KEY))?;
    let epoch = restore.finish().await?;
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

/// Where a path leads, through links, as far as it is there.
fn real(path: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(path).with_context(|| format!("cannot use {}", path.display()))?;
    let is_there = |path: &&Path| path.symlink_metadata().is_ok();
    let there = path.ancestors().find(is_there).unwrap_or(Path::new("/"));
    let mut real = there.canonicalize().with_context(|| format!("cannot use {}", there.display()))?;
    for part in path.strip_prefix(there).unwrap_or(Path::new("")).components() {
        match part {
            Component::ParentDir => drop(real.pop()),
            part => real.push(part),
        }
    }
    Ok(real)
}

/// A path with another name, which begins with its own.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.components().collect::<PathBuf>().into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes a folder that is not there yet, and those above it.
fn make_new(folder: &Path) -> anyhow::Result<()> {
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above).with_context(|| format!("cannot make {}", above.display()))?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{} is there already: another backup is being made; or one was interrupted, then remove it",
            folder.display()
        ),
        made => made.with_context(|| format!("cannot make {}", folder.display())),
    }
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
