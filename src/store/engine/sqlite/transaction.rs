//! One transaction on a connection to SQLite.

use diesel::{
    Connection, QueryResult,
    connection::{AnsiTransactionManager, TransactionManager},
    result::Error::NotInTransaction,
};

use crate::store::engine::connection::AnyConnection;

pub type Manager = <AnyConnection as Connection>::TransactionManager;

/// A transaction under way: rolled back when it is dropped without its commit, by an error or by a panic.
pub struct Transaction<'a> {
    pub connection: &'a mut AnyConnection,
}

impl<'a> Transaction<'a> {
    /// Begins it by that statement.
    pub fn begin(connection: &'a mut AnyConnection, begin: &str) -> QueryResult<Self> {
        let AnyConnection::Sqlite(sqlite) = connection else { return Err(NotInTransaction) };
        AnsiTransactionManager::begin_transaction_sql(sqlite, begin)?;
        Ok(Self { connection })
    }

    /// Ends it; what was changed is on disk then. A commit that fails for lack of a lock or of space leaves it open.
    pub fn commit(self) -> QueryResult<()> {
        Manager::commit_transaction(self.connection)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        let status = Manager::transaction_manager_status_mut(self.connection);
        let is_under_way = matches!(status.transaction_depth(), Ok(Some(_)));
        if is_under_way && let Err(error) = Manager::rollback_transaction(self.connection) {
            // The pool sees the broken transaction and opens another connection; a database in memory is lost with it.
            log::error!("cannot roll a transaction back: {error}");
        }
    }
}
