//! How a table is reached, and how patient its adapter is.

use std::time::Duration;

/// The location of the table. What is `None` is found as the AWS SDK finds it: environment, profile, instance.
#[derive(Clone)]
pub struct DynamoSettings {
    /// The table's name.
    pub table: String,
    /// An endpoint instead of AWS's own.
    pub endpoint: Option<String>,
    /// Key id and secret instead of the SDK's chain: for tests and emulators.
    pub credentials: Option<(String, String)>,
    /// The region.
    pub region: Option<String>,
    /// Whether a table into which a copy was not finished may be opened: only to go on with the copy.
    pub may_be_incomplete: bool,
    /// How long one request may take before it is abandoned.
    pub attempt_timeout: Duration,
    /// How long one call of a port may take with all its retries.
    pub patience: Duration,
    /// The shortest time between the starts of two commits of plain entries to one log: what arrives meanwhile shares
    /// an item, and its cost.
    pub pace: Duration,
    /// When the hint of a room's head is written.
    pub hints: Hints,
    /// How long the table's epoch is cached before it is read again, which costs a process one read. Callers of
    /// `changes` read it each time.
    pub epoch_max_age: Duration,
}

/// When the hints of rooms' heads, which lists show, are written. Never before an append is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hints {
    /// Beside an append, at most once in this time per room, and once more when the room falls quiet.
    Every(Duration),
    /// By [`crate::DynamoStore::write_hints`]: for a process that is frozen between its calls.
    WhenAsked,
}

impl DynamoSettings {
    /// Creates the settings of a table, with the SDK's own for the rest.
    pub fn new(table: impl Into<String>) -> DynamoSettings {
        DynamoSettings {
            table: table.into(),
            endpoint: None,
            credentials: None,
            region: None,
            may_be_incomplete: false,
            attempt_timeout: Duration::from_millis(1_000),
            patience: Duration::from_millis(2_500),
            pace: Duration::from_millis(50),
            hints: Hints::Every(Duration::from_secs(60)),
            epoch_max_age: Duration::from_secs(10),
        }
    }
}

impl std::fmt::Debug for DynamoSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let credentials = self.credentials.as_ref().map(|_| "(set)");
        f.debug_struct("DynamoSettings")
            .field("table", &self.table)
            .field("endpoint", &self.endpoint)
            .field("credentials", &credentials)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
