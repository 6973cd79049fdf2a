//! The closed loop: everybody asks again as soon as he is answered, for as long as it is counted.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use super::process::{self, Process};

/// Before anything counts: connections are opened, caches filled.
const WARM_UP: Duration = Duration::from_millis(500);

/// How long whoever still waits at the end is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long somebody pauses who was answered with an error.
const PAUSE: Duration = Duration::from_millis(10);

/// Somebody who asks, and waits for the answer.
pub trait Exchange {
    /// Asks once; an error says what came in place of the answer.
    async fn exchange(&mut self) -> Result<(), String>;
}

/// What was measured at one time.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Answers a second.
    pub throughput: f64,
    /// Latencies in milliseconds: the percentiles 50, 99 and 99.9.
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    /// How many requests failed, and how the first of them did.
    pub errors: usize,
    pub first_error: Option<String>,
    /// How many processors the server used, those of this program, and those of a database server, if there is one.
    pub server_cores: f64,
    pub own_cores: f64,
    pub database_cores: f64,
    /// What the server has in memory at the end, in MiB.
    pub resident: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Counted,
    Over,
}

struct Tally {
    phase: Cell<Phase>,
    /// In nanoseconds.
    latencies: RefCell<Vec<u64>>,
    errors: Cell<usize>,
    first_error: RefCell<Option<String>>,
}

impl Tally {
    /// An exchange counts if it was begun while it is counted: the slowest end when that is over.
    fn note(&self, counts: bool, took: Duration, outcome: Result<(), String>) {
        if let Err(error) = outcome {
            self.errors.set(self.errors.get() + 1);
            self.first_error.borrow_mut().get_or_insert(error);
        } else if counts {
            self.latencies.borrow_mut().push(took.as_nanos() as u64);
        }
    }
}

async fn ask<E: Exchange>(mut who: E, tally: Rc<Tally>) {
    while tally.phase.get() != Phase::Over {
        let (begun, counts) = (Instant::now(), tally.phase.get() == Phase::Counted);
        let outcome = who.exchange().await;
        let failed = outcome.is_err();
        tally.note(counts, begun.elapsed(), outcome);
        if failed {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Lets all of them ask, and counts for so long.
pub async fn run<E: Exchange + 'static>(
    all: Vec<E>,
    counted: Duration,
    server: Process,
    database: Option<Process>,
) -> Sample {
    let tally = Rc::new(Tally {
        phase: Cell::new(Phase::WarmUp),
        latencies: RefCell::new(Vec::with_capacity(1 << 18)),
        errors: Cell::new(0),
        first_error: RefCell::new(None),
    });
    let tasks: Vec<JoinHandle<()>> =
        all.into_iter().map(|one| tokio::task::spawn_local(ask(one, Rc::clone(&tally)))).collect();
    tokio::time::sleep(WARM_UP).await;
    let processor_time = || {
        let own = process::own_time();
        (server.processor_time(), own, database.map_or(f64::NAN, Process::processor_time))
    };
    let (begun, before) = (Instant::now(), processor_time());
    tally.phase.set(Phase::Counted);
    tokio::time::sleep(counted).await;
    tally.phase.set(Phase::Over);
    let (took, after) = (begun.elapsed().as_secs_f64(), processor_time());
    let resident = server.resident();
    let late = end(tasks).await;
    let mut sample = summary(&mut tally.latencies.borrow_mut(), took);
    sample.errors = tally.errors.get() + late;
    sample.first_error = tally.first_error.take();
    if late > 0 {
        sample.first_error.get_or_insert(format!("{late} had no answer in {PATIENCE:?}"));
    }
    sample.server_cores = (after.0 - before.0) / took;
    sample.own_cores = (after.1 - before.1) / took;
    sample.database_cores = (after.2 - before.2) / took;
    sample.resident = resident;
    sample
}

/// Waits for the last answers; how many did not come.
async fn end(tasks: Vec<JoinHandle<()>>) -> usize {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut late = 0;
    for mut task in tasks {
        if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
            task.abort();
            late += 1;
        }
    }
    late
}

fn summary(latencies: &mut [u64], seconds: f64) -> Sample {
    latencies.sort_unstable();
    let count = latencies.len();
    let percentile = |share: f64| {
        let index = (count as f64 * share).ceil() as usize;
        latencies.get(index.clamp(1, count.max(1)) - 1).map_or(f64::NAN, |it| *it as f64 / 1e6)
    };
    Sample {
        throughput: count as f64 / seconds,
        p50: percentile(0.5),
        p99: percentile(0.99),
        p999: percentile(0.999),
        ..Sample::default()
    }
}
