//! The transaction that a use case works in.

use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use super::{Result, Unavailable, engine::connection::AnyConnection};
use crate::sealed::KeyId;

/// One transaction. Its methods are the queries; each product has its own beside its rows.
pub struct Tx<'a> {
    pub(super) connection: &'a mut AnyConnection,
    pub(super) known: Known,
}

/// What a transaction reads only once, also for several use cases that share it. On SQLite no other transaction can change
/// it meanwhile. On PostgreSQL another one can, where each use case has a transaction of its own: a row that it still writes
/// with the key that was current is found by the rotation that made the next one, which waits for all who write.
#[derive(Default)]
pub(super) struct Known {
    /// The last numbers that were given; written down before the commit.
    pub numbers: BTreeMap<&'static str, i64>,
    pub current_key: Option<KeyId>,
    /// What use cases have in common that share a read transaction; `None` in any other.
    memo: Option<HashMap<(TypeId, String), Box<dyn Any>>>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a mut AnyConnection) -> Self {
        Self { connection, known: Known::default() }
    }

    /// One that several use cases share, which change nothing.
    pub(super) fn shared_read(connection: &'a mut AnyConnection) -> Self {
        Self { connection, known: Known { memo: Some(HashMap::new()), ..Known::default() } }
    }

    /// What `read` finds, which has that name among those of its type: once for all use cases that share a read transaction,
    /// as on SQLite, and each time in any other.
    ///
    /// # Errors
    /// Those of `read`, which are not kept.
    pub(crate) fn memoized<T: Any + Clone, E>(
        &mut self,
        name: String,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let place = (TypeId::of::<T>(), name);
        let known = self.known.memo.as_ref().and_then(|memo| memo.get(&place));
        if let Some(found) = known.and_then(|found| found.downcast_ref::<T>()) {
            return Ok(found.clone());
        }
        let found = read(self)?;
        if let Some(memo) = &mut self.known.memo {
            memo.insert(place, Box::new(found.clone()));
        }
        Ok(found)
    }

    /// What queries run on.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.connection
    }

    /// Whether other transactions can write at the same time: then rows have to be locked, and tables are partitioned, so
    /// that a number alone finds no row.
    pub(crate) fn has_other_writers(&self) -> bool {
        matches!(self.connection, AnyConnection::Postgres(_))
    }

    /// After a part of it was rolled back. Numbers that were given are not given again.
    pub(super) fn forget(&mut self) {
        self.known.current_key = None;
    }
}

/// What runs in a transaction.
pub trait UseCase<T, E>: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static {}

impl<T, E, F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static> UseCase<T, E> for F {}

/// What a use case can fail with: at least that the database is unavailable.
pub trait Failure: From<Unavailable> + Send + 'static {}

impl<E: From<Unavailable> + Send + 'static> Failure for E {}

/// Where the row of something numbered is. Rows are in the order of partition, number and part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowPlace {
    /// Its number.
    pub id: i64,
    /// What the table is partitioned by; `None` where the number alone finds the row.
    pub partition: Option<String>,
    /// Which one it is of those with that number; 0 where there is one.
    pub part: i64,
}

/// The number, and the part if there is one.
impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, part, .. } = self;
        if *part == 0 { write!(f, "{id}") } else { write!(f, "{id} part {part}") }
    }
}

/// How far a table has been read in batches.
#[derive(Debug, Default)]
pub struct Progress {
    after: Option<RowPlace>,
    ends: HashSet<RowPlace>,
}

impl Progress {
    /// The place behind which the next batch begins; `None` at the start.
    #[must_use]
    pub fn after(&self) -> Option<&RowPlace> {
        self.after.as_ref()
    }

    /// The last place of a batch. An error where an earlier batch ended there: the rows are not in the order of their key, as
    /// in a damaged file, and reading on would never end.
    pub fn advance(&mut self, last: RowPlace) -> Result<()> {
        if !self.ends.insert(last.clone()) {
            return Err(Unavailable::new(format!("the rows are out of order: {last} comes again")));
        }
        self.after = Some(last);
        Ok(())
    }
}

/// A row that this version cannot have written.
pub(crate) fn corrupt(what: &str) -> Unavailable {
    Unavailable::new(format!("the database holds a {what} that cannot be read"))
}
