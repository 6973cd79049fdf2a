//! Short reads that are asked for at the same moment and by the same thread share one look at the database: to hand a look
//! to another thread, to begin and to end it costs more than to find a row.

use std::sync::Arc;

use tokio::{sync::oneshot, time::timeout};

use super::{
    Result, TURN_TIMEOUT, Tx, Unavailable, WORK_TIMEOUT,
    engine::{Engine, Glance},
    lane::Lane,
    tx,
};
use crate::turn::Gathering;

/// How many reads share one look: the first waits for the last.
const SHARED_MAX: usize = 64;

/// The short reads that each thread is about to ask for.
#[derive(Clone)]
pub struct Glances {
    engine: Arc<Engine>,
    lane: Lane,
    waiting: Gathering<Box<dyn Glance>>,
}

impl Glances {
    /// None yet; those to come go by that lane.
    pub fn new(engine: Arc<Engine>, lane: Lane) -> Self {
        Self { engine, lane, waiting: Gathering::default() }
    }

    /// Runs a use case, with those that other callers of the same thread ask for at this moment.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Unavailable`] when the database does not.
    pub async fn read<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (done, answer) = oneshot::channel();
        let glance = AskedRead { use_case, outcome: None, done };
        let look = |mut glances: Vec<Box<dyn Glance>>| {
            while !glances.is_empty() {
                let rest = glances.split_off(glances.len().min(SHARED_MAX));
                self.look(std::mem::replace(&mut glances, rest));
            }
        };
        self.waiting.add(Box::new(glance), look).await;
        match timeout(TURN_TIMEOUT + WORK_TIMEOUT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_closed)) => Err(Unavailable::new("no turn at the database in time").into()),
            Err(_elapsed) => Err(Unavailable::new("no answer from the database in time").into()),
        }
    }

    fn look(&self, glances: Vec<Box<dyn Glance>>) {
        let Self { engine, lane, .. } = self.clone();
        let callers = glances.len();
        let look = async move {
            let look = move || -> Result<()> {
                engine.glance(glances);
                Ok(())
            };
            // Those who have no turn are told so by what they wait for.
            drop(lane.run_for(callers, look).await);
        };
        // Where there is no runtime any more, nobody waits.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(look);
        }
    }
}

/// A use case with the caller who waits for it.
struct AskedRead<T, E, F> {
    use_case: F,
    outcome: Option<Result<T, E>>,
    done: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Glance for AskedRead<T, E, F>
where
    T: Send,
    E: From<Unavailable> + Send,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) {
        self.outcome = Some(tx::run(&self.use_case, tx));
    }

    fn finish(self: Box<Self>, look: Result<()>) {
        let Self { outcome, done, .. } = *self;
        let nothing = || Err(Unavailable::new("the use case was not run").into());
        let answer = look.map_err(E::from).and_then(|()| outcome.unwrap_or_else(nothing));
        // Whoever asked may have gone away since.
        drop(done.send(answer));
    }
}
