//! Lines that are ready at the same moment go to the writing thread together: waking it costs more than a line does.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::error::TrySendError;

use super::{
    AuditError, AuditLog,
    writer::{self, Line, Message},
};

/// Where lines wait for the others of their moment.
pub type Gathered = Mutex<Vec<Line>>;

impl AuditLog {
    /// Adds a line to those of this moment, and sees to it that they are handed over.
    pub(super) async fn gather(&self, line: Line) {
        let is_first = {
            let mut lines = self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line);
            lines.len() == 1
        };
        if is_first {
            // Dropped as well when the request is given up meanwhile: the others rely on it.
            let first = First(self.clone());
            // All requests that this thread can go on with have their turn now.
            crate::turn::of_others().await;
            drop(first);
        }
    }

    /// Gives lines to the thread. Those that it does not take in time are lost, and who waits for them is told.
    fn hand_over(&self, lines: Vec<Line>) {
        let refused = match self.0.inbox.try_send(Message::Lines(lines)) {
            Ok(()) => return,
            Err(TrySendError::Full(message) | TrySendError::Closed(message)) => message,
        };
        let Message::Lines(lines) = refused else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(self.clone().hand_over_late(lines))),
            Err(_stopping) => self.lose(lines, &AuditError::Ended),
        }
    }

    async fn hand_over_late(self, lines: Vec<Line>) {
        match tokio::time::timeout_at(self.deadline(), self.0.inbox.reserve()).await {
            Ok(Ok(room)) => room.send(Message::Lines(lines)),
            Ok(Err(_closed)) => self.lose(lines, &AuditError::Ended),
            Err(_elapsed) => self.lose(lines, &self.stalled()),
        }
    }

    fn lose(&self, lines: Vec<Line>, error: &AuditError) {
        for line in lines {
            self.0.shared.lose();
            writer::answer(line.done, Err(error.clone()));
        }
    }
}

/// The first of those that gather: when it goes, all that is there by then is handed over.
struct First(AuditLog);

impl Drop for First {
    fn drop(&mut self) {
        let mut gathered = self.0.0.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut *gathered);
        drop(gathered);
        self.0.hand_over(lines);
    }
}
