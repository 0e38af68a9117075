//! Which black-box tests run on which profile. Owns the lists; a test module that is on none of them fails the test
//! below, so that a new one is not forgotten.

/// The variable that names the profile; with it, only the tests of what clients see run.
pub const PROFILE_VARIABLE: &str = "PALAVER_TEST_PROFILE";

/// The profiles besides the embedded one, on which everything runs.
pub const OTHERS: [&str; 3] = ["self-hosted", "aws", "gateway"];

/// The modules of `tests/tests/it` that run on every profile: those that use the store, the bus, files and presence.
pub const EVERYWHERE: [&str; 14] = [
    "accounts",
    "auth",
    "convergence",
    "files",
    "messages",
    "names",
    "notifications",
    "offered",
    "presence",
    "protocol",
    "requests",
    "rest",
    "rooms",
    "sign_in",
];

/// Tests of these modules that do not run on the profile, and why. `functions/gateway/README.md` lists what an API
/// Gateway cannot do.
pub const NOT_ON: [(&str, &str, &str); 10] = [
    (
        "self-hosted",
        "a_users_files_have_a_quota_and_a_deleted_message_gives_room_back",
        "a file counts for as long as a URL for its upload may be in use, which is minutes",
    ),
    (
        "aws",
        "a_users_files_have_a_quota_and_a_deleted_message_gives_room_back",
        "a file counts for as long as a URL for its upload may be in use, which is minutes",
    ),
    ("self-hosted", "a_thousand_rooms_are_listed_and_followed", "a thousand transactions, each synced, take minutes"),
    ("aws", "a_thousand_rooms_are_listed_and_followed", "a thousand rooms take an emulator of DynamoDB minutes"),
    ("gateway", "a_thousand_rooms_are_listed_and_followed", "a thousand rooms take an emulator of DynamoDB minutes"),
    ("gateway", "an_address_that_opens_too_many_sockets_must_wait", "API Gateway throttles by itself"),
    ("gateway", "a_binary_frame_closes", "API Gateway refuses it itself; the local cloud forwards it as text"),
    (
        "gateway",
        "a_socket_that_never_says_hello_is_closed",
        "has no timer: API Gateway closes the socket after ten minutes",
    ),
    (
        "gateway",
        "deep_json_gets_an_error_and_no_close",
        "the local cloud's own parser fails on it and closes the socket",
    ),
    ("gateway", "watchers_see_users_come_and_go", "presence is sent only on request, and only with a Redis"),
];

/// The modules that run once, and why.
#[cfg(test)]
const ONCE: [(&str, &str); 25] = [
    ("admin_commands", "runs commands on the data folder; what they do is tested everywhere by REST"),
    ("cluster", "starts its own nodes, on PostgreSQL and on DynamoDB"),
    ("connections", "tests a node's private port with the stock AWS SDKs"),
    ("copy", "moves an installation between stores of all kinds"),
    ("crash", "kills the process that holds the data; elsewhere that is the database"),
    ("disk", "fills the data folder"),
    ("drain", "tests the shutdown of one process"),
    ("edge", "tests what one process accepts from the network, before any adapter"),
    ("examples", "runs the examples, which do not depend on the adapters"),
    ("functions", "starts the functions, not the server"),
    ("golden", "loads its own stores, one of each kind"),
    ("json_suite", "tests parsers, which are the same everywhere"),
    ("matrix", "checks the rules of every call, which are the same everywhere"),
    ("mistakes", "tests what is said of unreadable input, which is the same everywhere"),
    ("operator", "backs up and restores the data folder"),
    ("published", "tests settings of the HTTP server and of the log"),
    ("readme", "runs the README's commands on a data folder"),
    ("refresh", "moves the times of sessions in the data folder; the conformance suite does so on every store"),
    ("secrets", "looks for secrets in the data folder"),
    ("settings", "tests flags and settings files"),
    ("setup", "helps the others and tests nothing"),
    ("slow", "uses its own stores and network"),
    ("socketio", "tests another protocol on the same use cases"),
    ("startup", "tests the data folder"),
    ("text", "tests the rules of texts and names, which do not depend on the adapters"),
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
