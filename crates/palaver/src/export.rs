//! `palaver export`: a room as JSON lines, one per entry, as clients see it.

use std::io::Write;

use anyhow::{Context, bail};
use domain::limits::SYNC_ENTRIES;
use domain::{LogId, Related};
use host::{IfMissing, Profile, Settings};
use service::RoomRef;
use service::messages::edit_texts;
use wire::Event;

/// Writes the room to standard output. The server may be running: entries that it appends meanwhile may be missing at
/// the end, but there is no gap.
pub async fn export(settings: &Settings, room: &str) -> anyhow::Result<()> {
    let reference: RoomRef = room.parse().map_err(anyhow::Error::new)?;
    let profile = Profile::open(settings, IfMissing::Refuse).await?;
    let services = &profile.services;
    let store = &services.ports.store;
    let id = services.access.id(&reference).await?;
    if store.rooms.room(id).await?.is_none() {
        bail!("room {room} does not exist");
    }
    let log = LogId::Room(id);
    let head = store.log.tip(log).await?.seq();
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut from = 1;
    while from <= head {
        let to = head.min(from + SYNC_ENTRIES as u64 - 1);
        let entries = store.log.read(log, from, to).await?;
        let texts = edit_texts(store, log, &entries).await?;
        let related = Related { texts, ..services.user_cache.related(&entries).await? };
        for entry in &entries {
            serde_json::to_writer(&mut out, &Event::new(id, entry, &related))?;
            out.write_all(b"\n").context("cannot write to standard output")?;
        }
        from = to + 1;
    }
    out.flush()?;
    drop(out);
    profile.close().await;
    Ok(())
}
