//! Many use cases in one transaction: reads share its begin and its end, and writes, each in a savepoint of its own, the wait
//! for the disk.

use diesel::connection::SimpleConnection;

use super::{Sqlite, transaction::Transaction};
use crate::store::{
    Result, Unavailable,
    job::{Job, Purpose},
    tx::Tx,
};

/// Why a transaction did not come to its end.
enum Failure {
    /// There is no database, or another process holds it: trying again would only take longer.
    Refused(Unavailable),
    /// One of the use cases, or all of them together, broke the transaction.
    Broken(Unavailable),
}

impl Sqlite {
    /// Runs what `next` hands out until it hands out nothing more. A use case that fails is rolled back by itself. When the
    /// transaction as a whole fails, each is run once more in a transaction of its own, so that none fails for what
    /// another one did; where only a caller gave up, the others are run together again. The error is that everything was
    /// answered the same: there is no database, or another process holds it.
    pub fn run_batch(
        &self,
        purpose: Purpose,
        next: &mut dyn FnMut() -> Option<Box<dyn Job>>,
    ) -> Result<()> {
        let mut jobs = vec![];
        let mut outcome = self.attempt(purpose, next, &mut jobs);
        // This ends: each time there is one less that can give up.
        while matches!(outcome, Ok(false)) {
            let mut again = std::mem::take(&mut jobs).into_iter();
            outcome = self.attempt(purpose, &mut || again.next(), &mut jobs);
            jobs.extend(again);
        }
        match outcome {
            Ok(_) => finish(jobs, &Ok(())),
            Err(Failure::Broken(error)) if jobs.len() > 1 => {
                log::warn!("{} use cases are run one by one, since together: {error}", jobs.len());
                let mut jobs = jobs.into_iter();
                while let Some(job) = jobs.next() {
                    let mut job = Some(job);
                    if let Err(refused) = self.run_batch(purpose, &mut || job.take()) {
                        finish(jobs.by_ref(), &Err(refused));
                    }
                }
            }
            Err(Failure::Refused(error)) => {
                // Those that wait would only fail in the same way.
                jobs.extend(std::iter::from_fn(next));
                finish(jobs, &Err(error.clone()));
                return Err(error);
            }
            Err(Failure::Broken(error)) => finish(jobs, &Err(error)),
        }
        Ok(())
    }

    /// One transaction; `false` when it was rolled back since a caller was told that nothing was done. What was run is added
    /// to `ran`, whatever came of it.
    fn attempt(
        &self,
        purpose: Purpose,
        next: &mut dyn FnMut() -> Option<Box<dyn Job>>,
        ran: &mut Vec<Box<dyn Job>>,
    ) -> Result<bool, Failure> {
        let (pool, begin) = match purpose {
            Purpose::Reading => (self.readers.as_ref().unwrap_or(&self.writer), "BEGIN DEFERRED"),
            // The lock is taken at once: a read transaction that begins to write would be refused as busy.
            Purpose::Writing => (&self.writer, "BEGIN IMMEDIATE"),
        };
        let mut connection =
            pool.get().map_err(|error| Failure::Refused(Unavailable::new(error)))?;
        let transaction = Transaction::begin(&mut connection, begin)
            .map_err(|error| Failure::Refused(error.into()))?;
        let mut tx = match purpose {
            Purpose::Reading => Tx::shared_read(transaction.connection),
            Purpose::Writing => Tx::new(transaction.connection),
        };
        while let Some(mut job) = next() {
            if job.begin() {
                let kept = match purpose {
                    Purpose::Reading => {
                        // An error is its caller's alone, and nothing has to be rolled back.
                        job.run(&mut tx);
                        Ok(())
                    }
                    Purpose::Writing => in_savepoint(&mut tx, &mut *job),
                };
                ran.push(job);
                kept.map_err(|error| Failure::Broken(error.into()))?;
            }
        }
        if ran.is_empty() {
            return Ok(true);
        }
        tx.complete().map_err(Failure::Broken)?;
        // As late as possible, and before anything is answered that was read: also that something does not exist.
        if let Some(files) = &self.files {
            files.check().map_err(|error| Failure::Refused(Unavailable::new(error)))?;
        }
        // All are asked, so that each that is run again is known to have been about to be committed.
        let mut is_given_up = false;
        for job in ran {
            is_given_up |= !job.commit();
        }
        if is_given_up {
            return Ok(false);
        }
        transaction.commit().map_err(|error| Failure::Broken(error.into()))?;
        Ok(true)
    }
}

/// Fails when the transaction ended as a whole, as after some errors: then there is no savepoint any more.
fn in_savepoint(tx: &mut Tx<'_>, job: &mut dyn Job) -> diesel::QueryResult<()> {
    tx.connection.batch_execute("SAVEPOINT use_case")?;
    if job.run(tx) {
        return tx.connection.batch_execute("RELEASE use_case");
    }
    tx.forget();
    tx.connection.batch_execute("ROLLBACK TO use_case; RELEASE use_case")
}

fn finish(jobs: impl IntoIterator<Item = Box<dyn Job>>, outcome: &Result<()>) {
    for job in jobs {
        job.finish(outcome.clone());
    }
}
