//! A connection as diesel knows it, over the client library of tokio.

use std::{future::poll_fn, pin::pin, sync::Arc, time::Duration, vec::IntoIter};

use diesel::{
    Connection, ConnectionError, ConnectionResult, QueryResult, RunQueryDsl,
    connection::{
        AnsiTransactionManager, CacheSize, ConnectionSealed, DynInstrumentation, Instrumentation,
        LoadConnection, SimpleConnection,
        statement_cache::{PrepareForCache, StatementCache},
    },
    dsl::sql,
    expression::QueryMetadata,
    internal::derives::multiconnection::MultiConnectionHelper,
    migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection},
    pg::{GetPgMetadataCache, Pg, PgMetadataCache, PgMetadataLookup, PgTypeMetadata},
    query_builder::{Query, QueryFragment, QueryId, bind_collector::RawBytesBindCollector},
    result::Error as DieselError,
    sql_types::{BigInt, Text, TypeMetadata},
};
use futures_core::Stream;
use tokio_postgres::{Client, Error, Row, Statement, types::Type};

use super::{
    super::MIGRATIONS_TABLE,
    failure::{Consequence, Failure},
    link::Link,
    rows::{Bind, FoundRow},
    timeouts::Timeouts,
};

/// A connection to a PostgreSQL server.
pub struct PostgresConnection {
    link: Box<Link>,
    statements: StatementCache<Pg, Prepared>,
    names_statements: bool,
    timeouts: Timeouts,
    /// A transaction is under way, or was not ended.
    is_in_transaction: bool,
    /// What begins the transaction, until its first statement is sent.
    begin: Option<&'static str>,
    /// What the first failure of the transaction means for it.
    pub trouble: Option<Consequence>,
    transactions: AnsiTransactionManager,
    types: PgMetadataCache,
    instrumentation: DynInstrumentation,
}

impl PostgresConnection {
    /// Over a link. Statements are prepared once and found again by name, unless `names_statements` says that the next one
    /// may meet another connection of the server.
    pub fn over(link: Link, names_statements: bool, timeouts: Timeouts) -> Self {
        Self {
            link: Box::new(link),
            statements: StatementCache::new(),
            names_statements,
            timeouts,
            is_in_transaction: false,
            begin: None,
            trouble: None,
            transactions: AnsiTransactionManager::default(),
            types: PgMetadataCache::new(),
            instrumentation: DynInstrumentation::none(),
        }
    }

    /// Begins a transaction by that statement, within those timeouts. It goes out together with the first statement that
    /// only reads: were it refused, that one alone would have been carried out, and have changed nothing.
    pub fn begin(&mut self, statement: &'static str, timeouts: Timeouts) {
        self.begin = Some(statement);
        self.timeouts = timeouts;
        self.is_in_transaction = true;
        self.trouble = None;
    }

    /// Commits. After a failure that the server itself did not answer it is not known whether the transaction was committed.
    pub fn commit(&mut self) -> Result<(), Failure> {
        // The server would roll it back and call that a success.
        if self.trouble.is_some() {
            self.roll_back();
            return Err(Failure::aborted());
        }
        let ended = match self.begin.take() {
            Some(_) => Ok(()),
            None => self.batch_within(self.timeouts.end(), "COMMIT"),
        };
        // The server ended it also if it refused.
        self.is_in_transaction = false;
        ended
    }

    /// Ends a read transaction, and does not wait for the answer.
    pub fn end_reading(&mut self) {
        if self.begin.take().is_none() {
            self.link.send("COMMIT");
        }
        self.is_in_transaction = false;
    }

    /// Rolls back. Where that fails the connection is closed, and the server rolls back by itself.
    pub fn roll_back(&mut self) {
        if self.begin.take().is_none()
            && !self.link.is_closed()
            && let Err(failure) = self.batch_within(self.timeouts.end(), "ROLLBACK")
        {
            log::debug!("a transaction is left to the server: {failure}");
            self.link.close();
        }
        self.is_in_transaction = false;
    }

    /// Whether another transaction can begin, as far as that can be known without asking the server.
    pub fn is_alive(&mut self) -> bool {
        self.link.is_alive()
    }

    /// Whether the server did not answer in the time that it had, and not only in what was left until the deadline.
    pub fn is_unanswered(&self) -> bool {
        self.link.end() == Some(Consequence::TimedOut) && !self.timeouts.are_over()
    }

    /// Whether it is open, with no transaction under way.
    pub fn is_reusable(&self) -> bool {
        !self.link.is_closed() && !self.is_in_transaction
    }

    /// Whether there is a table of that name in the schema where tables are created.
    pub fn has_table(&mut self, name: &str) -> QueryResult<bool> {
        let tables = "SELECT count(*) FROM information_schema.tables \
                      WHERE table_schema = current_schema() AND table_name = ";
        let found: i64 = sql::<BigInt>(tables).bind::<Text, _>(name).get_result(self)?;
        Ok(found > 0)
    }

    fn batch(&mut self, sql: &str) -> Result<(), Failure> {
        self.batch_within(self.timeouts.answer(), sql)
    }

    fn batch_within(&mut self, limit: Duration, sql: &str) -> Result<(), Failure> {
        let done = self.link.wait(limit, async |client| client.batch_execute(sql).await);
        self.noted(done)
    }

    fn noted<T>(&mut self, done: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &done {
            // Those after the first failure only say that there was one.
            self.trouble.get_or_insert(failure.consequence);
        }
        done
    }

    /// Sends what the transaction begins with, if it did not begin yet.
    fn begin_now(&mut self) -> Result<(), Failure> {
        match self.begin.take() {
            Some(begin) => self.batch(begin),
            None => Ok(()),
        }
    }

    fn prepared<T>(&mut self, source: &T) -> QueryResult<(Prepared, Vec<Bind>)>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let mut collector = RawBytesBindCollector::<Pg>::new();
        source.collect_binds(&mut collector, self, &Pg)?;
        let Self { statements, link, instrumentation, names_statements, timeouts, .. } = self;
        let prepared = statements.cached_statement(
            source,
            &Pg,
            &collector.metadata,
            (&mut **link, *names_statements, *timeouts),
            prepare,
            &mut **instrumentation,
        );
        match prepared {
            Ok(prepared) => Ok((prepared.clone(), collector.binds.into_iter().map(Bind).collect())),
            Err(error) => {
                self.trouble.get_or_insert(self.link.end().unwrap_or(Consequence::Final));
                Err(error)
            }
        }
    }

    fn run<T>(&mut self, source: &T, changes: bool) -> QueryResult<(Vec<Row>, u64)>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let (prepared, binds) = self.prepared(source)?;
        if changes {
            self.begin_now()?;
        }
        let begin = self.begin.take();
        let done = self.link.wait(self.timeouts.answer(), async |client| {
            let query = found(client, &prepared, binds);
            let Some(begin) = begin else { return query.await };
            let (start, found) = tokio::join!(biased; client.batch_execute(begin), query);
            start.and(found)
        });
        Ok(self.noted(done)?)
    }
}

/// A statement that can be carried out any number of times.
#[derive(Clone)]
enum Prepared {
    /// One that the server knows.
    Named(Statement),
    /// One that is sent each time, with the types of its values.
    Text(Arc<(String, Vec<Type>)>),
}

fn prepare(
    (link, names_statements, timeouts): (&mut Link, bool, Timeouts),
    sql: &str,
    cached: PrepareForCache,
    types: &[PgTypeMetadata],
) -> QueryResult<Prepared> {
    let types: Vec<Type> = types.iter().map(known).collect::<QueryResult<_>>()?;
    // Preparing a statement that is not kept would be wasted.
    if names_statements && matches!(cached, PrepareForCache::Yes { .. }) {
        let prepared = async |client: &Client| client.prepare_typed(sql, &types).await;
        let named = link.wait(timeouts.answer(), prepared)?;
        return Ok(Prepared::Named(named));
    }
    Ok(Prepared::Text(Arc::new((sql.to_owned(), types))))
}

/// The type of a value; there are only those that every server knows by the same number.
fn known(metadata: &PgTypeMetadata) -> QueryResult<Type> {
    let number =
        metadata.oid().map_err(|error| DieselError::SerializationError(Box::new(error)))?;
    let unknown = || DieselError::SerializationError(format!("{number} is no type").into());
    Type::from_oid(number).ok_or_else(unknown)
}

/// Carries a statement out: the rows that it answers, and how many it changed.
async fn found(
    client: &Client,
    prepared: &Prepared,
    binds: Vec<Bind>,
) -> Result<(Vec<Row>, u64), Error> {
    let answer = match prepared {
        Prepared::Named(statement) => client.query_raw(statement, binds).await?,
        Prepared::Text(text) => {
            let (sql, types) = &**text;
            client.query_typed_raw(sql, binds.into_iter().zip(types.iter().cloned())).await?
        }
    };
    let mut answer = pin!(answer);
    let mut rows = vec![];
    while let Some(row) = poll_fn(|cx| answer.as_mut().poll_next(cx)).await {
        rows.push(row?);
    }
    Ok((rows, answer.rows_affected().unwrap_or_default()))
}

impl SimpleConnection for PostgresConnection {
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        self.begin_now()?;
        Ok(self.batch(sql)?)
    }
}

impl ConnectionSealed for PostgresConnection {}

impl Connection for PostgresConnection {
    type Backend = Pg;
    type TransactionManager = AnsiTransactionManager;

    fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection("connections are made by the engine".to_owned()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let (_, count) = self.run(source, true)?;
        usize::try_from(count).map_err(|error| DieselError::DeserializationError(error.into()))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = instrumentation.into();
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.statements.set_cache_size(size);
    }
}

impl LoadConnection for PostgresConnection {
    type Cursor<'conn, 'query> = IntoIter<QueryResult<FoundRow>>;
    type Row<'conn, 'query> = FoundRow;

    fn load<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Pg> + QueryId + 'query,
        Pg: QueryMetadata<T::SqlType>,
    {
        let (rows, _) = self.run(&source, false)?;
        Ok(rows.into_iter().map(|row| Ok(FoundRow(row))).collect::<Vec<_>>().into_iter())
    }
}

impl GetPgMetadataCache for PostgresConnection {
    fn get_metadata_cache(&mut self) -> &mut PgMetadataCache {
        &mut self.types
    }
}

impl MultiConnectionHelper for PostgresConnection {
    fn to_any<'a>(
        lookup: &mut <Pg as TypeMetadata>::MetadataLookup,
    ) -> &mut (dyn std::any::Any + 'a) {
        lookup.as_any()
    }

    fn from_any(
        lookup: &mut dyn std::any::Any,
    ) -> Option<&mut <Pg as TypeMetadata>::MetadataLookup> {
        let connection = lookup.downcast_mut::<Self>()?;
        Some(connection as &mut dyn PgMetadataLookup)
    }
}

impl MigrationConnection for PostgresConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        // Even where it exists, the statement needs a privilege that nothing else needs on a finished database.
        if self.has_table(MIGRATIONS_TABLE)? {
            return Ok(0);
        }
        diesel::sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
    }
}
