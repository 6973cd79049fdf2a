//! What SIGHUP asks for.

use std::{
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use tokio::signal::unix::{SignalKind, signal};

/// Something that SIGHUP asks for, with a name for its thread. It may wait for files.
pub type Task = (&'static str, Box<dyn Fn() + Send>);

/// Does each of these things whenever SIGHUP comes, as long as the actix runtime lasts. Each has a thread of its own that
/// nobody waits for: a file that does not come holds up neither the others nor the end of the process. With nothing to do
/// it still keeps SIGHUP from ending the process.
pub fn on_hangup(tasks: Vec<Task>) {
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return log::error!("SIGHUP cannot be heard: {error}"),
    };
    let bells: Vec<SyncSender<()>> = tasks.into_iter().filter_map(start).collect();
    actix_web::rt::spawn(async move {
        while hangups.recv().await.is_some() {
            for bell in &bells {
                if bell.try_send(()).is_err() {
                    log::debug!("what SIGHUP asked for before has not been begun yet");
                }
            }
        }
    });
}

fn start((name, task): Task) -> Option<SyncSender<()>> {
    let (bell, rings) = sync_channel(1);
    let thread = thread::Builder::new().name(name.to_owned());
    match thread.spawn(move || rings.iter().for_each(|()| task())) {
        Ok(_nobody_waits) => Some(bell),
        Err(error) => {
            log::error!("SIGHUP cannot be obeyed: {error}");
            None
        }
    }
}
