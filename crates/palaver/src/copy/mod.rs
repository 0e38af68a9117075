//! `palaver copy` and `palaver checksum`: moves an installation to another store, and proves that nothing is missing.
//!
//! Everything that is copied is read back from the target and compared: records by a sum of their hashes, which does not
//! depend on the order in which a store lists them; each log by one hash of all its entries; files by the hash of their
//! bytes. Memory is bounded by pages, however large the installation is.

mod ends;
mod files;
mod limits;
mod logs;
mod patience;
mod progress;
mod records;
mod report;
mod sum;

use anyhow::{Context, bail};
use domain::Timestamp;
use host::{Installation, SIGNING_KEY, Settings};
use service::ports::TransferState;
use service::{Clock as _, SystemClock};

use crate::backup;
use crate::cli;
use crate::lookup::Lookup;
use progress::Progress;
use report::Report;

use ends::Ends;

/// What the commands call themselves to a server that wants to start.
const COPY: &str = "palaver copy";

/// What one run of a command does, and how far it has come.
struct Run {
    from: Installation,
    /// None for a checksum.
    to: Option<Installation>,
    /// Whether the bytes of files are copied, or stay where they are.
    moves_files: bool,
    /// The time of the run: what has expired by then is left out everywhere.
    now: Timestamp,
    /// Whether each log's line is printed.
    prints_logs: bool,
    progress: Progress,
}

/// Copies one installation to another, which must be empty, and prints a report. An error says what differs; the target
/// then stays incomplete, and no server opens it.
pub async fn copy(lookup: &Lookup, arguments: &cli::Copy) -> anyhow::Result<()> {
    let ends = Ends::read(lookup, arguments)?;
    let from = Installation::stopped(&ends.from, COPY).await.context("cannot use the source")?;
    let step = |text: &str| eprintln!("{text}");
    let to = Installation::to_fill(&ends.to, COPY, step).await.context("cannot use the target")?;
    let run = Run {
        from,
        to: Some(to),
        moves_files: ends.files_move(),
        now: SystemClock.now(),
        prints_logs: arguments.json,
        progress: Progress::new(),
    };
    let copied = run.copy(&ends, arguments).await;
    run.close().await;
    copied
}

/// Prints what an installation holds. A server may be running; then the answer is that of no single moment.
pub async fn checksum(settings: &Settings, json: bool) -> anyhow::Result<()> {
    let from = Installation::running(settings).await?;
    let (now, progress) = (SystemClock.now(), Progress::new());
    let run = Run { from, to: None, moves_files: true, now, prints_logs: json, progress };
    let report = run.all().await;
    run.close().await;
    report?.print(json);
    Ok(())
}

impl Run {
    async fn copy(&self, ends: &Ends, arguments: &cli::Copy) -> anyhow::Result<()> {
        let to = self.to.as_ref().expect("a copy has a target");
        match patience::patiently(|| to.transfer.state()).await.context("cannot read the target")? {
            TransferState::Empty => {}
            TransferState::Incomplete => {
                eprintln!("the target holds a copy that was not finished: it is emptied first");
                patience::patiently(|| to.transfer.clear()).await.context("cannot empty the target")?;
            }
            TransferState::InUse => {
                bail!("the target holds data already, and a copy would mix both: name an empty one with --to")
            }
        }
        patience::patiently(|| to.transfer.begin()).await.context("cannot write to the target")?;

        let mut report = self.all().await?;
        // A function on Lambda leaves no trace as long as it changes nothing.
        self.from.check_stopped().await.context("the source was used while it was copied")?;
        report.check_source(&logs::heads(&self.from).await?);
        report.accepts_unreadable = arguments.skip_unreadable;
        if report.is_complete() {
            report.epoch =
                Some(patience::patiently(|| to.transfer.finish()).await.context("cannot finish the target")?);
            copy_key(ends)?;
        }
        report.print(arguments.json);
        match report.problems().as_slice() {
            [] => Ok(()),
            problems => bail!(
                "{}\nThe target is incomplete, and no server opens it. Run the command again: it begins anew.",
                problems.join("\n")
            ),
        }
    }

    /// Copies everything, or only reads it, and returns what there was.
    async fn all(&self) -> anyhow::Result<Report> {
        let mut report = Report::default();
        records::all(self, &mut report).await?;
        logs::all(self, &mut report).await?;
        self.progress.done();
        Ok(report)
    }

    async fn close(self) {
        self.from.close().await;
        if let Some(to) = self.to {
            to.close().await;
        }
    }
}

/// Copies the key that signs tokens, if both data folders are known and the target's has none: without it, browsers must
/// renew their tokens, and devices are strange again to the limit of wrong passwords.
fn copy_key(ends: &Ends) -> anyhow::Result<()> {
    let [from, to] = [&ends.from, &ends.to].map(|settings| settings.data.join(SIGNING_KEY));
    if ends.from.signing_key.is_some() || from == to || !from.exists() {
        return Ok(());
    }
    if ends.has_target_folder() {
        if !to.exists() {
            backup::copy(&from, &to)?;
            eprintln!("the signing key was copied, too");
        }
    } else {
        eprintln!("set PALAVER_SIGNING_KEY of the new nodes to the contents of {}", from.display());
    }
    Ok(())
}
