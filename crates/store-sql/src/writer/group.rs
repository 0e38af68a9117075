//! The work of one transaction.

use super::append::{self, Append};
use super::{Job, Write};
use crate::database::Connection;
use crate::error::Failure;

/// The work of one transaction: on SQLite of many, on PostgreSQL of one.
#[derive(Default)]
pub struct Group {
    pub appends: Vec<Append>,
    pub writes: Vec<Box<dyn Write>>,
}

impl Group {
    pub fn add(&mut self, job: Job) {
        match job {
            Job::Append(append) => self.appends.push(append),
            Job::Write(write) => self.writes.push(write),
        }
    }

    #[cfg(feature = "sqlite")]
    pub fn len(&self) -> usize {
        self.appends.len() + self.writes.len()
    }

    /// Does the work inside a transaction that has begun, and returns how many entries it appended. May run again after
    /// a rollback.
    pub async fn fill(&mut self, connection: &mut Connection) -> Result<u64, sqlx::Error> {
        let entries = append::run(connection, &mut self.appends).await?;
        for write in &mut self.writes {
            write.run(connection).await?;
        }
        Ok(entries)
    }

    pub fn answer(self, ended: Result<(), &Failure>) {
        for append in self.appends {
            append.answer(ended);
        }
        for write in self.writes {
            write.answer(ended);
        }
    }
}
