//! Lines that are ready at the same moment go to the writing thread together: waking it costs more than a line does.

use tokio::sync::mpsc::error::TrySendError;

use super::{
    AuditError, AuditLog,
    writer::{self, Line, Message},
};
use crate::turn::Gathering;

/// Where lines wait for the others of their moment.
pub type Gathered = Gathering<Line>;

impl AuditLog {
    /// Adds a line to those of this moment, and sees to it that they are handed over.
    pub(super) async fn gather(&self, line: Line) {
        self.0.gathered.add(line, |lines| self.hand_over(lines)).await;
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
