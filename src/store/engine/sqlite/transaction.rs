//! One transaction on a connection to SQLite.

use diesel::{
    SqliteConnection,
    connection::{AnsiTransactionManager, TransactionManager},
};

use crate::store::{
    engine::connection::AnyConnection,
    error::{Result, Unavailable},
};

/// A transaction under way: rolled back when it is dropped before its commit, by an error or by a panic.
pub struct Transaction<'a> {
    pub connection: &'a mut AnyConnection,
    is_ended: bool,
}

impl<'a> Transaction<'a> {
    /// Begins it by that statement.
    pub fn begin(connection: &'a mut AnyConnection, begin: &str) -> Result<Self> {
        let sqlite = connection.sqlite().map_err(Unavailable::new)?;
        AnsiTransactionManager::begin_transaction_sql(sqlite, begin).map_err(Unavailable::new)?;
        Ok(Self { connection, is_ended: false })
    }

    /// Ends it; what was changed is on disk then.
    pub fn commit(mut self) -> Result<()> {
        self.is_ended = true;
        let sqlite = self.connection.sqlite().map_err(Unavailable::new)?;
        AnsiTransactionManager::commit_transaction(sqlite).map_err(|error| {
            // A commit that failed for lack of a lock or of space leaves the transaction open.
            roll_back(sqlite);
            Unavailable::new(error)
        })
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.is_ended
            && let Ok(sqlite) = self.connection.sqlite()
        {
            roll_back(sqlite);
        }
    }
}

/// Rolls back what is under way on a connection, if anything is.
pub fn roll_back(sqlite: &mut SqliteConnection) {
    let depth =
        match AnsiTransactionManager::transaction_manager_status_mut(sqlite).transaction_depth() {
            Ok(depth) => depth,
            Err(_broken) => return,
        };
    if depth.is_some()
        && let Err(error) = AnsiTransactionManager::rollback_transaction(sqlite)
    {
        // The pool sees the broken transaction and opens another connection; a database in memory is lost with it.
        log::error!("cannot roll a transaction back: {error}");
    }
}
