//! `palaver backup` and `palaver restore`: a consistent copy of the database, the files and the signing key, which only
//! this user can read.

use std::ffi::OsString;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, bail};
use host::{BlobsBackend, DATABASE, DataLock, FILES, IfMissing, Profile, SIGNING_KEY, Settings};
use store_sql::Restore;

/// Copies everything to a new folder. The server may be running.
///
/// The database is copied first. A file that is uploaded meanwhile is copied needlessly, but every file that the
/// database names is in the copy unless its message was deleted meanwhile.
pub async fn backup(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    only_embedded(settings)?;
    if folder.exists() {
        bail!("{} already exists; name a new folder", folder.display());
    }
    let data = real(&settings.data)?;
    if real(folder)?.starts_with(&data) {
        bail!("{} is inside the data folder, and would be lost with it; name a folder elsewhere", folder.display());
    }
    // Opened before anything is created: without data, no partial backup is left behind.
    let profile = Profile::open(settings, IfMissing::Refuse).await?;
    let copied = copy_all(settings, &profile, folder).await;
    profile.close().await;
    copied?;
    println!("the backup is in {}", folder.display());
    Ok(())
}

/// Copies everything to a folder beside `folder`, and renames it to `folder` when it is complete.
async fn copy_all(settings: &Settings, profile: &Profile, folder: &Path) -> anyhow::Result<()> {
    let database = profile.database().context("the store is not an SQL database")?;
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

/// Replaces the data with a backup, under a new epoch, so that clients discard their caches. A folder that is not a
/// complete backup is refused before any data changes.
pub async fn restore(settings: &Settings, folder: &Path, force: bool) -> anyhow::Result<()> {
    only_embedded(settings)?;
    let data = &settings.data;
    let (database, files) = (folder.join(DATABASE), folder.join(FILES));
    if !database.is_file() || !files.is_dir() {
        bail!(
            "{} is not a backup: it lacks {DATABASE} or {FILES}; name a folder that `palaver backup` wrote",
            folder.display()
        );
    }
    // A file that is copied onto itself would be emptied.
    if real(data)?.starts_with(real(folder)?) {
        bail!("the data folder {} is the backup itself, or inside it; name another folder with --data", data.display());
    }
    // Held until the end, so that no server starts on half of the data. A folder that is missing is only created once the
    // backup is known to be complete.
    let held = data.is_dir().then(|| DataLock::take(data)).transpose()?;
    let restore = Restore::prepare(&database, &data.join(DATABASE), force).await?;
    let lock = held.map_or_else(|| DataLock::take(data), Ok)?;
    lock.announce("palaver restore");
    // File keys are never reused, so existing files do no harm. Files come before the database, which names them.
    copy_folder(&files, &data.join(FILES))?;
    copy(&folder.join(SIGNING_KEY), &data.join(SIGNING_KEY))?;
    let epoch = restore.finish().await?;
    drop(lock);
    println!("{} is restored; its epoch is {epoch}", data.display());
    Ok(())
}

/// Refuses other stores, whose own tools do this better than a copy would.
fn only_embedded(settings: &Settings) -> anyhow::Result<()> {
    if settings.backends.is_local() && settings.backends.blobs == BlobsBackend::Folder {
        return Ok(());
    }
    bail!("this only backs up SQLite and a folder of files; use your database's and bucket's own tools instead")
}

/// Resolves the links in a path, as far as the path exists.
pub fn real(path: &Path) -> anyhow::Result<PathBuf> {
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

/// Returns a sibling of a path, whose name starts with the path's own.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.components().collect::<PathBuf>().into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// Creates a new folder and its missing parents.
fn make_new(folder: &Path) -> anyhow::Result<()> {
    if let Some(above) = folder.parent() {
        create_folder(above)?;
    }
    match private_folder().create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{} already exists: another backup is running; if one was interrupted, remove this folder",
            folder.display()
        ),
        made => made.with_context(|| format!("cannot create {}", folder.display())),
    }
}

/// Returns how folders are created: only this user can open them.
fn private_folder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

fn create_folder(folder: &Path) -> anyhow::Result<()> {
    let created = private_folder().recursive(true).create(folder);
    created.with_context(|| format!("cannot create {}", folder.display()))
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    create_folder(to)?;
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

/// Copies a file and returns when it is on disk. Only this user can read the copy, whatever the permissions of the
/// original are. A file that was removed meanwhile is skipped.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut source = match fs::File::open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.with_context(|| format!("cannot read {}", from.display()))?,
    };
    let mut copied = || {
        let mut target = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
        // A file that an earlier restore left may have other permissions.
        target.set_permissions(fs::Permissions::from_mode(0o600))?;
        io::copy(&mut source, &mut target)?;
        target.sync_all()
    };
    copied().with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}
