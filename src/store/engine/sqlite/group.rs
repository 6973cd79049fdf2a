//! Many use cases in one transaction, each in a savepoint of its own: they share one wait for the disk.

use diesel::connection::SimpleConnection;

use super::{Begun, Sqlite, Tx};
use crate::store::{
    Result, Unavailable,
    engine::{Job, OneWriter},
};

/// Why a transaction did not come to its end.
enum Failure {
    /// The database is not there, or another process has it: trying again would only take longer.
    Refused(Unavailable),
    /// What one of the use cases did, or all of them together, was too much for the database.
    Broken(Unavailable),
    /// Somebody was told that nothing is done.
    GivenUp,
}

impl Failure {
    fn into_error(self) -> Unavailable {
        match self {
            Self::Refused(error) | Self::Broken(error) => error,
            Self::GivenUp => Unavailable::new("nobody waits for the write any more"),
        }
    }
}

impl OneWriter for Sqlite {
    /// Runs what `next` hands out until it hands out nothing more. A use case that fails is undone by itself. When the
    /// transaction as a whole fails, each is run once more in a transaction of its own, so that none fails for what
    /// another one did; where only somebody gave up, the others are run together again.
    fn write_group(&self, next: &mut dyn FnMut() -> Option<Box<dyn Job>>) {
        let mut jobs = vec![];
        let mut outcome = self.attempt(next, &mut jobs);
        // Each time there is one less of them who can give up.
        while matches!(outcome, Err(Failure::GivenUp)) {
            log::warn!("a write came too late to be done and is rolled back");
            let mut again = std::mem::take(&mut jobs).into_iter();
            outcome = self.attempt(&mut || again.next(), &mut jobs);
            jobs.extend(again);
        }
        match outcome {
            Err(Failure::Broken(error)) if jobs.len() > 1 => {
                log::warn!("{} writes are done one by one, since together: {error}", jobs.len());
                self.write_each(jobs);
            }
            Err(Failure::Refused(error)) => {
                // Those that wait would only find the same.
                jobs.extend(std::iter::from_fn(next));
                finish(jobs, &Err(error));
            }
            outcome => finish(jobs, &outcome.map_err(Failure::into_error)),
        }
    }
}

impl Sqlite {
    /// Each in a transaction of its own, as long as the database is there.
    fn write_each(&self, jobs: Vec<Box<dyn Job>>) {
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let (mut job, mut ran) = (Some(job), vec![]);
            let outcome = self.attempt(&mut || job.take(), &mut ran);
            ran.extend(job);
            if matches!(outcome, Err(Failure::Refused(_))) {
                ran.extend(jobs.by_ref());
            }
            finish(ran, &outcome.map_err(Failure::into_error));
        }
    }

    /// One transaction. What was run stands in `ran`, whatever came of it.
    fn attempt(
        &self,
        next: &mut dyn FnMut() -> Option<Box<dyn Job>>,
        ran: &mut Vec<Box<dyn Job>>,
    ) -> std::result::Result<(), Failure> {
        let mut connection = self.writer.get().map_err(refused)?;
        let mut transaction =
            Begun::new(&mut connection, super::WRITE).map_err(Failure::Refused)?;
        let mut tx = Tx::new(transaction.connection);
        while let Some(mut job) = next() {
            if job.begin() {
                let kept = in_savepoint(&mut tx, &mut *job);
                ran.push(job);
                kept.map_err(broken)?;
            }
        }
        if ran.is_empty() {
            return Ok(());
        }
        tx.complete().map_err(Failure::Broken)?;
        // As late as can be, and before anything is believed that was read: also that something is not there.
        self.check_files().map_err(Failure::Refused)?;
        // All are asked, so that each that is run again is known to have been about to be committed.
        let given_up = ran.iter_mut().filter_map(|job| (!job.commits()).then_some(())).count();
        if given_up > 0 {
            return Err(Failure::GivenUp);
        }
        transaction.commit().map_err(Failure::Broken)
    }
}

/// Fails when the transaction is not what it was: some errors end it as a whole, and then there is no savepoint any more.
fn in_savepoint(tx: &mut Tx<'_>, job: &mut dyn Job) -> diesel::QueryResult<()> {
    tx.connection.batch_execute("SAVEPOINT use_case")?;
    if job.run(tx) {
        return tx.connection.batch_execute("RELEASE use_case");
    }
    tx.forget();
    tx.connection.batch_execute("ROLLBACK TO use_case; RELEASE use_case")
}

fn finish(jobs: Vec<Box<dyn Job>>, outcome: &Result<()>) {
    for job in jobs {
        job.finish(outcome.clone());
    }
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Refused(Unavailable::new(error))
}

fn broken(error: diesel::result::Error) -> Failure {
    Failure::Broken(Unavailable::new(error))
}
