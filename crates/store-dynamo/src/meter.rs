//! Counts the cost of requests, in DynamoDB's units.
//!
//! Transactions are computed by AWS's rule, since emulators misreport them: two write units for each started KB of each
//! item.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Bytes of one write unit.
const WRITE_BYTES: usize = 1_024;

/// The units used since the meter was created.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Units {
    /// The write units.
    pub write: f64,
    /// The read units.
    pub read: f64,
}

/// Counts units. Halves are counted, since an eventually consistent read costs half a unit.
#[derive(Debug, Default)]
pub struct Meter {
    write_halves: AtomicU64,
    read_halves: AtomicU64,
}

impl Meter {
    /// Returns the units used so far.
    pub fn units(&self) -> Units {
        let halves = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64 / 2.0;
        Units { write: halves(&self.write_halves), read: halves(&self.read_halves) }
    }

    /// Counts a read, as DynamoDB reported it.
    pub fn read(&self, consumed: Option<&ConsumedCapacity>) {
        let units = consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
        count(&self.read_halves, "read", units);
    }

    /// Counts a write of one item: as reported, or else by its size.
    pub fn write(&self, consumed: Option<&ConsumedCapacity>, bytes: usize) {
        let reported = consumed.and_then(ConsumedCapacity::capacity_units);
        self.wrote(reported.unwrap_or_else(|| write_units(bytes) as f64));
    }

    /// Counts a transaction of items of these sizes.
    pub fn transaction(&self, sizes: impl Iterator<Item = usize>) {
        self.wrote(sizes.map(|bytes| 2 * write_units(bytes)).sum::<u64>() as f64);
    }

    fn wrote(&self, units: f64) {
        count(&self.write_halves, "write", units);
    }
}

/// Counts halves, and reports the sum so far: halves would be lost if each were rounded.
fn count(halves: &AtomicU64, kind: &'static str, units: f64) {
    let more = (units * 2.0).round() as u64;
    let sum = halves.fetch_add(more, Ordering::Relaxed) + more;
    metrics::counter!("palaver_dynamodb_units_total", "kind" => kind).absolute(sum / 2);
}

fn write_units(bytes: usize) -> u64 {
    bytes.div_ceil(WRITE_BYTES).max(1) as u64
}
