//! Decides which keys of entries below the window have to be read, and how long they are kept.
//!
//! Two features need them: dedup of retries, and slow mode. Neither needs the content of an entry.

use domain::dedup::reaches_below;
use domain::limits::REPLAY_ENTRIES;
use domain::{Change, Gap, Intent, Seq, Timestamp, Window};

use super::item::Item;
use super::{Appender, Now, Output};
use crate::limits::{APPENDER_WINDOW, SCAN_KEPT, SCAN_KEYS, SLOW_MODE_SENDERS, WINDOW_STEP};
use crate::log::rates::Rates;
use crate::ports::{KeyRange, StoreResult};

impl Appender {
    /// Returns the range of keys that the next changes need and the window lacks, if any. Refuses changes whose user has
    /// scanned too much.
    pub(super) fn missing_keys(&mut self, now: Now, rates: &Rates, out: &mut Vec<Output>) -> Option<(Seq, Seq)> {
        self.queue.refuse(out, |item| {
            let scans = !item.scanned && scans(&self.window, &item.change);
            item.scanned |= scans;
            if scans { rates.scan(&item.change.by, now.elapsed) } else { Ok(()) }
        });

        let below = |item: &Item| reaches_below(&self.window, &item.change).map(|from| (from, item.change.by.user));
        if let Some((from, by)) = self.queue.batch().filter_map(below).min() {
            self.scans_for = is_scan(&self.window, from).then_some(by);
            return Some((from, self.window.from() - 1));
        }
        self.slow_mode_reaches(now)
    }

    /// Returns the range to read before slow mode can tell when each sender last sent, if any. The history of a pause
    /// is read once, since the window then remembers who sent when.
    fn slow_mode_reaches(&mut self, now: Now) -> Option<(Seq, Seq)> {
        let sends = |item: &Item| matches!(item.change.intent, Intent::Send { .. });
        if !self.queue.batch().any(sends) {
            return None;
        }
        match self.view.slow_mode_s()? {
            0 => {
                self.window.forget_senders();
                None
            }
            pause_s => {
                self.window.remember_senders(SLOW_MODE_SENDERS);
                let begins = Timestamp(now.wall.0 - i64::from(pause_s) * 1_000);
                let (from, since) = self.window.senders_known();
                let enough = from <= 1
                    || since.is_some_and(|since| since <= begins)
                    || self.window.head() + 1 - from >= REPLAY_ENTRIES;
                (!enough).then(|| (from.saturating_sub(WINDOW_STEP).max(1), from - 1))
            }
        }
    }

    /// Adds keys below the window. Charges a scan to the user who caused it, and keeps its keys for a while, since a
    /// client that retries one old change usually retries several.
    pub(super) fn older(&mut self, read: StoreResult<KeyRange>, now: Now, rates: &Rates, out: &mut Vec<Output>) {
        let scans_for = self.scans_for.take();
        self.read(read, out, |machine, range| {
            if let Some(by) = scans_for {
                rates.scanned(by, range.units, now.elapsed);
                machine.keeps_scan_until = Some(now.elapsed + SCAN_KEPT);
            }
            // Keys that do not fit: the store lacks entries below its tip, or was restored in between.
            let (expected, found) = (machine.window.from() - 1, range.keys.last().map_or(0, |key| key.seq));
            match machine.window.extend_down(&range.keys) {
                true => Ok(()),
                false => Err(Gap { expected, found }),
            }
        });
    }

    pub(super) fn trim_window(&mut self, now: Now) {
        if let Some(pause_s) = self.view.slow_mode_s() {
            self.window.forget_senders_until(Timestamp(now.wall.0 - i64::from(pause_s) * 1_000));
        }
        let kept = if self.keeps_scan_until.is_some() { SCAN_KEYS } else { APPENDER_WINDOW };
        let below_kept = self.window.head().saturating_sub(kept as Seq);
        if self.queue.lowest_seen().is_none_or(|seen| seen >= below_kept) {
            self.window.trim(kept);
        }
    }
}

/// Returns whether the look-up of a change has to read further down than the keys that an appender always keeps.
fn scans(window: &Window, change: &Change) -> bool {
    reaches_below(window, change).is_some_and(|from| is_scan(window, from))
}

fn is_scan(window: &Window, from: Seq) -> bool {
    window.head() - from >= APPENDER_WINDOW as Seq
}
