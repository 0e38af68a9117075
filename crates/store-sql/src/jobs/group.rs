//! The work of one transaction.

use super::append::{self, Append};
use super::{Job, Work};
use crate::database::Connection;
use crate::error::Failure;

/// The work of one transaction: on SQLite of many jobs, on PostgreSQL of one.
#[derive(Default)]
pub struct Group {
    pub appends: Vec<Append>,
    pub calls: Vec<Box<dyn Work>>,
}

impl Group {
    pub fn add(&mut self, job: Job) {
        match job {
            Job::Append(append) => self.appends.push(append),
            Job::Call(call) => self.calls.push(call),
        }
    }

    /// Writes the appends that were accepted, calls the others, and returns how many entries it appended. Runs inside a
    /// transaction that has begun and decided the appends. May run again after a rollback.
    pub async fn write(&mut self, connection: &mut dyn Connection) -> Result<u64, sqlx::Error> {
        let entries = append::write(connection, &self.appends).await?;
        for call in &mut self.calls {
            call.run(connection).await?;
        }
        Ok(entries)
    }

    pub fn answer(self, ended: Result<(), &Failure>) {
        for append in self.appends {
            append.answer(ended);
        }
        for call in self.calls {
            call.answer(ended);
        }
    }
}
