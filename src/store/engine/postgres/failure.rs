//! Failures of a server or of the connection to it, and whether a retry helps.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio_postgres::error::SqlState;

/// What a failure means for its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// A conflict with another transaction: a retry may succeed.
    GaveWay,
    /// The connection is gone, or leads to a server that is no longer the right one: a retry on another may succeed.
    Disconnected,
    /// The server did not answer in time: there is no time left for a retry.
    TimedOut,
    /// A retry would fail too.
    Final,
}

/// A failure; its message shows no values.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    message: String,
    kind: DatabaseErrorKind,
    pub consequence: Consequence,
}

impl Failure {
    /// Of an answer of the server or of the connection.
    pub fn of(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => {
                let (code, (kind, consequence)) = (said.code(), classified(said.code()));
                // It names the constraint that is violated, and no values: they are in its detail.
                let message = format!("{} ({}){}", said.message(), code.code(), advice(code));
                Self { message, kind, consequence }
            }
            None => Self::disconnected(with_causes(error)),
        }
    }

    fn disconnected(message: String) -> Self {
        let (kind, consequence) = (DatabaseErrorKind::ClosedConnection, Consequence::Disconnected);
        Self { message, kind, consequence }
    }

    pub fn closed() -> Self {
        Self::disconnected("the connection is closed".to_owned())
    }

    /// The server did not answer.
    pub fn timed_out() -> Self {
        let silent = Self::disconnected("the database server does not answer".to_owned());
        Self { consequence: Consequence::TimedOut, ..silent }
    }

    /// A transaction cannot be committed since one of its statements failed.
    pub fn aborted() -> Self {
        let message = "a statement of the transaction failed".to_owned();
        Self { message, kind: DatabaseErrorKind::Unknown, consequence: Consequence::Final }
    }

    /// Whether the connection cannot be used any more. Else the server itself answered, and has rolled back.
    pub fn ends_connection(&self) -> bool {
        matches!(self.consequence, Consequence::Disconnected | Consequence::TimedOut)
    }
}

/// What helps against a name of a statement that another connection knows, or that this one does not know any more.
fn advice(code: &SqlState) -> &'static str {
    match code.code() {
        "42P05" | "26000" => {
            "; where a proxy shares connections out, as PgBouncer does, the address needs prepare=off"
        }
        _ => "",
    }
}

/// By SQLSTATE; source: appendix A of PostgreSQL's manual.
fn classified(code: &SqlState) -> (DatabaseErrorKind, Consequence) {
    use Consequence::{Disconnected, Final, GaveWay};
    use DatabaseErrorKind as Kind;
    match code.code() {
        "40001" | "40P01" => (Kind::SerializationFailure, GaveWay),
        "23505" => (Kind::UniqueViolation, Final),
        // What was referred to was there a moment ago, or something came to refer to it: another transaction was faster.
        "23503" => (Kind::ForeignKeyViolation, GaveWay),
        "23502" => (Kind::NotNullViolation, Final),
        "23514" => (Kind::CheckViolation, Final),
        // A server that only follows another one by now.
        "25006" => (Kind::ReadOnlyTransaction, Disconnected),
        // There is no time to wait for the lock once more, and others need the connection. What a proxy mixed up may be
        // right by another one.
        "55P03" => (Kind::Unknown, Final),
        "26000" => (Kind::Unknown, Disconnected),
        // Timeouts of a session and of a transaction, by which the server ends the session.
        "25P03" | "25P04" => (Kind::ClosedConnection, Disconnected),
        code if code.starts_with("08") || code.starts_with("57P") => {
            (Kind::ClosedConnection, Disconnected)
        }
        _ => (Kind::Unknown, Final),
    }
}

/// An error with its causes, which the library leaves out of its own text.
fn with_causes(error: &tokio_postgres::Error) -> String {
    let causes = anyhow::Chain::new(error).map(ToString::to_string);
    let join = |text: String, next: String| {
        if text.contains(&next) { text } else { format!("{text}: {next}") }
    };
    causes.reduce(join).unwrap_or_default()
}

impl From<Failure> for DieselError {
    fn from(failure: Failure) -> Self {
        Self::DatabaseError(failure.kind, Box::new(failure.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        for (code, consequence) in [
            ("40001", Consequence::GaveWay),
            ("40P01", Consequence::GaveWay),
            ("23503", Consequence::GaveWay),
            ("23505", Consequence::Final),
            // Whether it was committed is not known.
            ("40003", Consequence::Final),
            ("57P01", Consequence::Disconnected),
            ("25P03", Consequence::Disconnected),
            ("25P04", Consequence::Disconnected),
            ("25006", Consequence::Disconnected),
            ("08006", Consequence::Disconnected),
            ("42601", Consequence::Final),
            ("55P03", Consequence::Final),
        ] {
            assert_eq!(classified(&SqlState::from_code(code)).1, consequence, "{code}");
        }
    }
}
