//! The namespaces' rows.

use diesel::{OptionalExtension, dsl::insert_into, prelude::*, result::DatabaseErrorKind};

use super::{
    engine,
    prepared::{
        Prepared,
        Value::{Number, Text},
    },
    schema::{counters, namespaces},
    tx::{Tx, corrupt},
};
use crate::domain::{Error, Namespace, NamespaceId, Result, Timestamp};

/// The counter of the namespaces that users made.
pub(super) const CUSTOM_NAMESPACES: &str = "custom_namespaces";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = namespaces)]
struct Row {
    id: String,
    name: String,
    description: String,
    micro_registration: bool,
    secret_count: i64,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn parse(self) -> Result<Namespace> {
        Ok(Namespace {
            id: NamespaceId::parse(&self.id).map_err(|_| corrupt("namespace id"))?,
            name: self.name,
            description: self.description,
            micro_registration: self.micro_registration,
            secret_count: u64::try_from(self.secret_count).map_err(|_| corrupt("secret count"))?,
            created: Timestamp(self.created_at),
        })
    }
}

impl Tx<'_> {
    /// The namespace of that id, if there is one.
    pub fn find_namespace(&mut self, id: &NamespaceId) -> Result<Option<Namespace>> {
        let row = namespaces::table.find(id.to_string()).select(Row::as_select());
        let row = row.first(self.connection).optional()?;
        row.map(Row::parse).transpose()
    }

    /// The namespace of that id.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::Unavailable`].
    pub fn namespace(&mut self, id: &NamespaceId) -> Result<Namespace> {
        self.find_namespace(id)?.ok_or(Error::NamespaceNotFound)
    }

    /// All namespaces, in the order of their ids. A region's default namespace comes before the others of that region.
    pub fn namespaces(&mut self) -> Result<Vec<Namespace>> {
        let rows = namespaces::table.select(Row::as_select()).load(self.connection);
        let mut rows: Vec<Row> = rows?;
        // By bytes, whatever order the database has for its texts.
        rows.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        rows.into_iter().map(Row::parse).collect()
    }

    /// Keeps other writers from a namespace, and from making secrets in it or deleting some, until the end of the
    /// transaction, whether it is there or not.
    pub fn lock_namespace(&mut self, id: &NamespaceId) -> Result<()> {
        Ok(engine::lock_namespace(self.connection, &id.to_string())?)
    }

    /// Keeps a namespace that does not exist yet.
    ///
    /// # Errors
    /// [`Error::NamespaceExists`] when another writer was faster; [`Error::Unavailable`].
    pub fn insert_namespace(&mut self, namespace: &Namespace) -> Result<()> {
        let row = Row {
            id: namespace.id.to_string(),
            name: namespace.name.clone(),
            description: namespace.description.clone(),
            micro_registration: namespace.micro_registration,
            secret_count: 0,
            created_at: namespace.created.0,
            updated_at: namespace.created.0,
        };
        match insert_into(namespaces::table).values(row).execute(self.connection) {
            Ok(_) => Ok(()),
            Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(Error::NamespaceExists)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes one of the `quota` places for custom namespaces; `false` when there is none left.
    pub fn take_namespace_place(&mut self, quota: u32) -> Result<bool> {
        let counter =
            counters::table.find(CUSTOM_NAMESPACES).filter(counters::value.lt(i64::from(quota)));
        let taken = diesel::update(counter)
            .set(counters::value.eq(counters::value + 1))
            .execute(self.connection)?;
        Ok(taken == 1)
    }

    /// Gives the place of a custom namespace back.
    pub fn free_namespace_place(&mut self) -> Result<()> {
        diesel::update(counters::table.find(CUSTOM_NAMESPACES))
            .set(counters::value.eq(counters::value - 1))
            .execute(self.connection)?;
        Ok(())
    }

    /// Writes what may change of a namespace: name, description, registry.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::Unavailable`].
    pub fn update_namespace(&mut self, namespace: &Namespace, now: Timestamp) -> Result<()> {
        let changed = diesel::update(namespaces::table.find(namespace.id.to_string()))
            .set((
                namespaces::name.eq(&namespace.name),
                namespaces::description.eq(&namespace.description),
                namespaces::micro_registration.eq(namespace.micro_registration),
                namespaces::updated_at.eq(now.0),
            ))
            .execute(self.connection)?;
        if changed == 0 { Err(Error::NamespaceNotFound) } else { Ok(()) }
    }

    /// Forgets a namespace, whose secrets must be gone.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::Unavailable`].
    pub fn delete_namespace(&mut self, id: &NamespaceId) -> Result<()> {
        let gone =
            diesel::delete(namespaces::table.find(id.to_string())).execute(self.connection)?;
        if gone == 0 { Err(Error::NamespaceNotFound) } else { Ok(()) }
    }

    /// Takes one of the `quota` places for secrets of a namespace; `false` when there is none left.
    pub fn take_secret_place(&mut self, id: &NamespaceId, quota: u32) -> Result<bool> {
        let taking = Prepared(
            "UPDATE namespaces SET secret_count = secret_count + 1 WHERE id = ? AND secret_count < ?",
            &[Text(&id.to_string()), Number(i64::from(quota))],
        );
        Ok(taking.execute(self.connection)? == 1)
    }

    /// Gives the place of a secret back.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::Unavailable`].
    pub fn free_secret_place(&mut self, id: &NamespaceId) -> Result<()> {
        let freeing = Prepared(
            "UPDATE namespaces SET secret_count = secret_count - 1 WHERE id = ?",
            &[Text(&id.to_string())],
        );
        let changed = freeing.execute(self.connection)?;
        if changed == 0 { Err(Error::NamespaceNotFound) } else { Ok(()) }
    }
}
