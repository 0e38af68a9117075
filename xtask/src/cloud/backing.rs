//! The servers that a profile needs: for rows, files and messages between nodes.

use local_servers::{AWS_KEYS, AWS_REGION, Ministack, Postgres, Redis, VersityGw};

use super::{Environment, Profile};

/// Running servers; dropping the value ends them.
pub enum Backing {
    Aws { aws: Ministack, redis: Redis },
    SelfHosted { _postgres: Postgres, database: String, files: VersityGw, redis: Redis },
}

impl Backing {
    /// Starts the profile's servers.
    pub fn start(profile: Profile) -> Self {
        match profile {
            Profile::Aws => Backing::Aws { aws: Ministack::start(), redis: Redis::start() },
            Profile::SelfHosted => {
                let postgres = Postgres::start();
                let database = postgres.new_database();
                Backing::SelfHosted { _postgres: postgres, database, files: VersityGw::start(), redis: Redis::start() }
            }
        }
    }

    /// Returns the settings that name them.
    pub fn environment(&self) -> Environment {
        let (database, endpoint, keys, redis) = match self {
            Backing::Aws { aws, redis } => {
                ("dynamodb:palaver".to_owned(), aws.endpoint(), (AWS_KEYS.0, AWS_KEYS.1), redis)
            }
            Backing::SelfHosted { database, files, redis, .. } => {
                (database.clone(), files.endpoint(), (files.access_key(), files.secret_key()), redis)
            }
        };
        let settings = [
            ("DATABASE_URL", database),
            ("REDIS_URL", redis.url()),
            ("PALAVER_FILES", "s3://palaver-files".to_owned()),
            ("PALAVER_S3_PATH_STYLE", "true".to_owned()),
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_REGION", AWS_REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", keys.0.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", keys.1.to_owned()),
        ];
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
