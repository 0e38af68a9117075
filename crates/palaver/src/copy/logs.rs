//! The logs: several at once, each from its first entry to its head, then read back from the target.

use anyhow::{Context, bail};
use domain::{Entry, LogId, Seq};
use futures_util::{StreamExt as _, TryStreamExt as _};
use host::Installation;
use service::ports::StoreResult;
use sha2::{Digest as _, Sha256};

use super::Run;
use super::limits::{ENTRIES, ENTRY_BYTES, LOG_PAGE, LOGS_AT_ONCE};
use super::patience::patiently;
use super::report::Report;
use super::sum::Sum;

/// One log, as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSum {
    /// The number of its entries.
    pub entries: u64,
    /// The hash of all of them, and of the floor.
    pub digest: [u8; 32],
}

/// Copies all logs, or only reads them.
pub async fn all(run: &Run, report: &mut Report) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = list(&run.from, after).await.context("cannot list the logs of the source")?;
        let Some(&(last, _)) = page.last() else { return Ok(()) };
        page.iter().for_each(|(log, head)| report.heads.add(head_text(*log, *head).as_bytes()));
        let logs = page.into_iter().map(|(log, head)| one(run, log, head));
        let mut logs = futures_util::stream::iter(logs).buffer_unordered(LOGS_AT_ONCE);
        while let Some((log, read, written)) = logs.try_next().await? {
            report.log(log, read, run.prints_logs);
            if written.is_some_and(|written| written != read) {
                report.differs(format!("log {log}"));
            }
        }
        after = Some(last);
    }
}

/// Returns a sum of the heads of all logs, which shows whether anything was appended.
pub async fn heads(of: &Installation) -> anyhow::Result<Sum> {
    let (mut sum, mut after) = (Sum::default(), None);
    loop {
        let page = list(of, after).await.context("cannot list the logs of the source")?;
        let Some(&(last, _)) = page.last() else { return Ok(sum) };
        page.iter().for_each(|(log, head)| sum.add(head_text(*log, *head).as_bytes()));
        after = Some(last);
    }
}

async fn list(of: &Installation, after: Option<LogId>) -> StoreResult<Vec<(LogId, Seq)>> {
    patiently(|| of.store.log.all_logs(after, LOG_PAGE)).await
}

fn head_text(log: LogId, head: Seq) -> String {
    format!("{log} {head}")
}

/// Returns a log of the source, and the same log of the target, if there is one.
async fn one(run: &Run, log: LogId, head: Seq) -> anyhow::Result<(LogId, LogSum, Option<LogSum>)> {
    let read = read(&run.from, log, head, async |entries: &[Entry]| {
        if let Some(to) = &run.to {
            for some in entries.chunks(ENTRIES) {
                patiently(|| to.transfer.put_entries(log, some)).await.context("cannot write to the target")?;
            }
        }
        run.progress.entries(entries.len());
        Ok(())
    });
    let (sum, floor) = read.await.with_context(|| format!("cannot copy log {log}"))?;
    let Some(to) = &run.to else { return Ok((log, sum, None)) };

    if floor > 0 {
        patiently(|| to.transfer.put_floor(log, floor)).await.context("cannot write to the target")?;
    }
    let tip = patiently(|| to.store.log.tip(log)).await.context("cannot read the target")?;
    let written = self::read(to, log, tip.seq(), async |_: &[Entry]| Ok(()));
    let (written, _) = written.await.with_context(|| format!("cannot read log {log} of the target"))?;
    Ok((log, sum, Some(written)))
}

/// Reads a log up to its head, and returns its sum and its floor.
async fn read(
    of: &Installation,
    log: LogId,
    head: Seq,
    each: impl AsyncFn(&[Entry]) -> anyhow::Result<()>,
) -> anyhow::Result<(LogSum, Seq)> {
    let (mut hasher, mut from) = (Sha256::new(), 1);
    while from <= head {
        let entries = patiently(|| of.store.log.read_within(log, from, head, ENTRY_BYTES)).await?;
        for entry in &entries {
            if entry.seq != from {
                bail!("entry {from} is missing: restore the store from a backup, or repair it with its own tools");
            }
            hasher.update(text(entry));
            from += 1;
        }
        if entries.is_empty() {
            bail!("the entries from {from} to {head} are missing: restore the store from a backup");
        }
        each(&entries).await?;
    }
    let floor = patiently(|| of.store.log.floor(log)).await?;
    hasher.update(format!("floor {floor}"));
    Ok((LogSum { entries: head, digest: hasher.finalize().into() }, floor))
}

/// Returns the text of an entry that is hashed. A body has no line break, so two entries never have the text of one.
fn text(entry: &Entry) -> String {
    let Entry { v, seq, n, by, id, at, body } = entry;
    format!("{v} {seq} {n} {by} {id} {} {}\n", at.0, stored::encode_body(body))
}
