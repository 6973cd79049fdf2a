//! The timeouts of a use case.

use std::time::Duration;

/// How long a use case waits for a permit: time for many synced commits on a slow disk, and less than the timeout of a health
/// check or of a server's stop.
pub const PERMIT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a use case that has its permit may take before its caller is told that the database is unavailable: more than the
/// engine waits for a lock and a connection. Some waits cannot be cut short, as for a disk that hangs.
pub const WORK_TIMEOUT: Duration = Duration::from_secs(5);

/// What a use case runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A request, which has the timeouts.
    Request,
    /// Upkeep, however long it takes.
    Upkeep,
}
