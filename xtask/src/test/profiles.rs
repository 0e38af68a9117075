//! Which black-box tests run on which profile. Owns the lists; a test module that is on none of them fails `tidy`'s test
//! here, so that a new one is not forgotten.

/// Runs the tests that only look at what a client sees, on the profile that the variable names.
pub const PROFILE_VARIABLE: &str = "PALAVER_TEST_PROFILE";

/// The profiles beside the embedded one, on which everything runs.
pub const OTHERS: [&str; 2] = ["self-hosted", "aws"];

/// The modules of `tests/tests/it` that run on every profile: what uses the store, the bus, the files, and presence.
pub const EVERYWHERE: [&str; 7] = ["auth", "files", "messages", "notifications", "presence", "protocol", "rooms"];

/// Tests of these modules that do not run on the profile, and why.
pub const NOT_ON: [(&str, &str, &str); 2] = [
    ("aws", "a_thousand_rooms_are_listed_and_followed", "a thousand rooms take an emulator of DynamoDB minutes"),
    ("self-hosted", "a_thousand_rooms_are_listed_and_followed", "a thousand transactions, each synced, take minutes"),
];

/// The modules that run once, and why.
#[cfg(test)]
const ONCE: [(&str, &str); 12] = [
    ("cluster", "starts its own nodes, on PostgreSQL and on DynamoDB"),
    ("connections", "is about a node's private port and the stock AWS SDKs"),
    ("convergence", "is about clients and one node; the store is tested for the same by `conformance`"),
    ("crash", "kills the process that holds the data, which is the store's own affair elsewhere"),
    ("disk", "fills the data folder"),
    ("drain", "is about one process and its end"),
    ("functions", "starts the functions, not the server"),
    ("matrix", "compares every call's rules, which are pure and the same"),
    ("operator", "backs up and restores the data folder"),
    ("secrets", "looks for secrets in the data folder"),
    ("setup", "is about flags and files of settings"),
    ("startup", "is about the data folder"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_on_a_list() {
        let main = include_str!("../../../tests/tests/it/main.rs");
        let mut modules: Vec<&str> =
            main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
        let mut listed: Vec<&str> = EVERYWHERE.into_iter().chain(ONCE.iter().map(|(module, _)| *module)).collect();
        modules.sort_unstable();
        listed.sort_unstable();
        assert_eq!(modules, listed);
    }
}
