//! The records: copied page by page, each page with the bytes of its files, then read back from the target.

use std::collections::BTreeMap;

use anyhow::Context;
use host::Installation;
use service::ports::RecordPage;

use super::limits::RECORDS;
use super::patience::patiently;
use super::report::Report;
use super::sum::Sum;
use super::{Run, files};

/// The records of an installation, by kind.
pub type Kinds = BTreeMap<&'static str, Sum>;

/// Copies all records, or only reads them.
pub async fn all(run: &Run, report: &mut Report) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = page(&run.from, after.as_deref(), run).await.context("cannot read the source")?;
        add(&mut report.records, &page);
        report.unreadable(page.unreadable);
        if let Some(to) = &run.to {
            for some in page.records.chunks(RECORDS) {
                patiently(|| to.transfer.put_records(some)).await.context("cannot write to the target")?;
                run.progress.records(some.len());
            }
        }
        if run.moves_files {
            files::all(run, &page.records, report).await?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }

    if let Some(to) = &run.to {
        let copied = read_back(to, run).await.context("cannot read the target")?;
        report.compare_records(&copied);
    }
    Ok(())
}

async fn read_back(to: &Installation, run: &Run) -> anyhow::Result<Kinds> {
    let (mut kinds, mut after) = (Kinds::new(), None);
    loop {
        let page = page(to, after.as_deref(), run).await?;
        add(&mut kinds, &page);
        after = page.next;
        if after.is_none() {
            return Ok(kinds);
        }
    }
}

async fn page(of: &Installation, after: Option<&str>, run: &Run) -> anyhow::Result<RecordPage> {
    Ok(patiently(|| of.transfer.records(after, run.now)).await?)
}

fn add(kinds: &mut Kinds, page: &RecordPage) {
    for record in &page.records {
        kinds.entry(record.kind).or_default().add(record.text.as_bytes());
    }
}
