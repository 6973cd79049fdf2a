//! What SIGHUP asks for.

use std::{
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Something that SIGHUP asks for, with a name for its thread. It may wait for files.
pub type Task = (&'static str, Box<dyn Fn() + Send>);

/// Receives SIGHUP, which from then on does not end the process.
pub struct Hangups(Option<Signal>);

impl Hangups {
    /// Begins to listen; what comes before the tasks are known is kept for them. Must be called on a tokio runtime.
    pub fn listen() -> Self {
        let received = signal(SignalKind::hangup());
        Self(received.inspect_err(|error| log::error!("SIGHUP cannot be received: {error}")).ok())
    }

    /// Does each of these things whenever SIGHUP comes, as long as the actix runtime lasts. Each has a thread of its own
    /// that is not joined: a file that cannot be read now delays neither the others nor the end of the process.
    pub fn then(self, tasks: Vec<Task>) {
        let Some(mut hangups) = self.0 else { return };
        let wakers: Vec<(&str, SyncSender<()>)> = tasks.into_iter().filter_map(start).collect();
        actix_web::rt::spawn(async move {
            while hangups.recv().await.is_some() {
                for (name, waker) in &wakers {
                    match waker.try_send(()) {
                        Ok(()) => {}
                        Err(TrySendError::Full(())) => {
                            log::debug!("what SIGHUP asked for before has not been begun yet");
                        }
                        Err(TrySendError::Disconnected(())) => {
                            log::error!("{name}: SIGHUP has no effect any more: it has panicked");
                        }
                    }
                }
            }
        });
    }
}

fn start((name, task): Task) -> Option<(&'static str, SyncSender<()>)> {
    let (waker, calls) = sync_channel(1);
    let thread = thread::Builder::new().name(name.to_owned());
    match thread.spawn(move || calls.iter().for_each(|()| task())) {
        Ok(_detached) => Some((name, waker)),
        Err(error) => {
            log::error!("SIGHUP has no effect: {error}");
            None
        }
    }
}
