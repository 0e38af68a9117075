//! Loads golden data into a store of each kind, damages it as a test requests, and serves it.

use std::path::Path;

use domain::name::fold;
use local_servers::{AWS_KEYS, AWS_REGION, shared};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::backends::Backends;
use tests::dynamodb;
use tests::server::{Server, Settings};

use super::damage::Damage;

/// The database of the embedded profile, below its data folder.
const SQLITE: &str = "palaver.db";
/// Items that one call of DynamoDB writes.
const BATCH: usize = 25;

/// A kind of store.
#[derive(Debug, Clone, Copy)]
pub enum Store {
    Sqlite,
    Postgres,
    DynamoDb,
}

/// Golden data, ready to be served.
pub struct Opened {
    data: TempDir,
    backends: Option<Backends>,
    location: DataLocation,
}

enum DataLocation {
    Sqlite,
    Postgres { database: String },
    DynamoDb { table: String },
}

impl Store {
    /// Returns whether a row has a column for the kind of its entry.
    pub fn has_kinds(self) -> bool {
        !matches!(self, Store::DynamoDb)
    }

    /// Returns the name of the folder with its golden data.
    pub fn name(self) -> &'static str {
        match self {
            Store::Sqlite => "sqlite",
            Store::Postgres => "postgresql",
            Store::DynamoDb => "dynamodb",
        }
    }

    /// Loads the data of a folder into a separate store.
    pub async fn load(self, folder: &Path) -> Opened {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        copy(&folder.join("files"), &data.path().join("files"));
        let (location, variables) = match self {
            Store::Sqlite => {
                std::fs::copy(folder.join(SQLITE), data.path().join(SQLITE)).expect("the database can be copied");
                return Opened { data, backends: None, location: DataLocation::Sqlite };
            }
            Store::Postgres => {
                let postgres = shared::postgres();
                let database = postgres.new_database_like("template0");
                postgres.load(&database, &folder.join("dump.sql"));
                let url = postgres.url_of(&database);
                (DataLocation::Postgres { database }, vec![("DATABASE_URL", url)])
            }
            Store::DynamoDb => {
                let table = format!("golden-{}", uuid::Uuid::now_v7());
                let endpoint = shared::dynamodb_local().endpoint();
                let variables = vec![
                    ("DATABASE_URL", format!("dynamodb:{table}")),
                    ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.clone()),
                    ("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", endpoint),
                    ("AWS_ACCESS_KEY_ID", AWS_KEYS.0.to_owned()),
                    ("AWS_SECRET_ACCESS_KEY", AWS_KEYS.1.to_owned()),
                    ("AWS_REGION", AWS_REGION.to_owned()),
                ];
                (DataLocation::DynamoDb { table }, variables)
            }
        };
        let backends = Backends::with_variables(variables).await;
        let opened = Opened { data, backends: Some(backends), location };
        if let DataLocation::DynamoDb { table } = &opened.location {
            opened.put_items(table, &folder.join("items.jsonl")).await;
        }
        opened
    }
}

impl Opened {
    /// Starts a server on it.
    pub async fn start(&self, settings: Settings) -> Server {
        let settings = settings.data(self.data.path());
        match &self.backends {
            Some(backends) => settings.on(backends).start().await,
            None => settings.start().await,
        }
    }

    /// Replaces the body of an entry, and leaves everything else as it is.
    pub async fn damage_entry(&self, log: &str, seq: u64, damage: &Damage) {
        let (v, body) = damage.row();
        let quoted = body.replace('\'', "''");
        self.sql(&format!("UPDATE entry SET v = {v}, body = '{quoted}' WHERE log = '{log}' AND seq = {seq}")).await;
        let DataLocation::DynamoDb { table } = &self.location else { return };
        for item in self.items(table).await {
            let (Some(first), Some(entries)) = (item["sk"]["S"].as_str(), item["en"]["L"].as_array()) else { continue };
            let is_of_log = item["pk"]["S"].as_str().is_some_and(|pk| pk.contains(&log[2..]));
            let first: u64 = first.parse().expect("an item of a log is named by its first seq");
            if !is_of_log || !(first..first + entries.len() as u64).contains(&seq) {
                continue;
            }
            let mut item = item.clone();
            let entry = &mut item["en"]["L"][(seq - first) as usize]["M"];
            entry.as_object_mut().expect("an entry is a map").remove("x");
            entry["k"] = json!({ "S": body });
            if v != 1 {
                entry["v"] = json!({ "N": v.to_string() });
            }
            self.put(table, item).await;
        }
    }

    /// Gives a user a name that only an earlier release may have allowed.
    pub async fn rename_user(&self, user: &str, name: &str) {
        let folded = fold(name);
        self.sql(&format!("UPDATE usr SET name = '{name}', folded = '{folded}' WHERE user_id = '{user}'")).await;
        let DataLocation::DynamoDb { table } = &self.location else { return };
        let items = self.items(table).await;
        let profile = items.iter().find(|item| item["nm"]["S"] == "eve").expect("she has a profile");
        let claim = items.iter().find(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.ends_with("#eve")));
        let mut claim = claim.expect("her name is claimed").clone();
        claim["pk"]["S"] =
            json!(claim["pk"]["S"].as_str().expect("it is a text").replace("#eve", &format!("#{folded}")));
        let mut profile = profile.clone();
        profile["nm"] = json!({ "S": name });
        self.put(table, profile).await;
        self.put(table, claim).await;
    }

    /// Gives a member row a state that only a later release may know.
    pub async fn spoil_member(&self, room: &str, user: &str) {
        self.sql(&format!("UPDATE member SET state = 'asleep' WHERE room = '{room}' AND user_id = '{user}'")).await;
        let DataLocation::DynamoDb { table } = &self.location else { return };
        for mut item in self.items(table).await {
            let is_hers = item["sk"]["S"].as_str() == Some(&format!("MEMBER#{user}"));
            if is_hers && item["pk"]["S"].as_str().is_some_and(|pk| pk.contains(room)) {
                item["st"] = json!({ "S": "asleep" });
                self.put(table, item).await;
            }
        }
    }

    async fn sql(&self, statement: &str) {
        match &self.location {
            DataLocation::Sqlite => {
                let connection = Connection::open(self.data.path().join(SQLITE)).expect("the database opens");
                assert_eq!(connection.execute(statement, []), Ok(1), "{statement}");
                connection.close().expect("the database closes");
            }
            DataLocation::Postgres { database } => {
                shared::postgres().sql(database, statement);
            }
            DataLocation::DynamoDb { .. } => {}
        }
    }

    async fn put_items(&self, table: &str, file: &Path) {
        let lines = std::fs::read_to_string(file).expect("there are items");
        let items: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
        for some in items.chunks(BATCH) {
            let puts: Vec<Value> = some.iter().map(|item| json!({ "PutRequest": { "Item": item } })).collect();
            self.call("BatchWriteItem", &json!({ "RequestItems": { table: puts } })).await;
        }
    }

    async fn items(&self, table: &str) -> Vec<Value> {
        let page = self.call("Scan", &json!({ "TableName": table })).await;
        assert!(page["LastEvaluatedKey"].is_null(), "golden data is small");
        page["Items"].as_array().expect("a page has items").clone()
    }

    async fn put(&self, table: &str, item: Value) {
        self.call("PutItem", &json!({ "TableName": table, "Item": item })).await;
    }

    async fn call(&self, operation: &str, request: &Value) -> Value {
        dynamodb::call(&shared::dynamodb_local().endpoint(), operation, request).await.expect("DynamoDB answers")
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("it can be read") {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("it can be read");
        let to = to.join(name);
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("it can be copied");
        }
    }
}
