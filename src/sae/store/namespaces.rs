//! The namespaces' rows.

use diesel::{OptionalExtension, dsl::insert_into, prelude::*, result::DatabaseErrorKind};

use super::schema::namespaces;
use crate::{
    clock::Timestamp,
    sae::model::{Error, Namespace, NamespaceId, Result},
    store::{
        Tx,
        sql::{
            Prepared,
            Value::{Number, Text},
            corrupt,
        },
    },
};

/// The counter of the namespaces that users made.
const CUSTOM_NAMESPACES: &str = "custom_namespaces";

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
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn find_namespace(&mut self, id: &NamespaceId) -> Result<Option<Namespace>> {
        let row = namespaces::table.find(id.to_string()).select(Row::as_select());
        let row = row.first(self.connection()).optional()?;
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
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn namespaces(&mut self) -> Result<Vec<Namespace>> {
        let rows = namespaces::table.select(Row::as_select()).load(self.connection());
        let mut rows: Vec<Row> = rows?;
        // By bytes, whatever order the database has for its texts.
        rows.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        rows.into_iter().map(Row::parse).collect()
    }

    /// Keeps other writers from a namespace, and from making secrets in it or deleting some, until the end of the
    /// transaction, whether it is there or not.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn lock_namespace(&mut self, id: &NamespaceId) -> Result<()> {
        if self.has_other_writers() {
            let id = id.to_string();
            Prepared("SELECT secret_count FROM namespaces WHERE id = ? FOR UPDATE", &[Text(&id)])
                .execute(self.connection())?;
        }
        Ok(())
    }

    /// Waits for all transactions under way that make a secret. Each changes the row of its namespace before it asks for the
    /// current key, so a transaction that changes all those rows comes after all of them.
    pub fn wait_for_new_secrets(&mut self) -> Result<()> {
        if self.has_other_writers() {
            diesel::update(namespaces::table)
                .set(namespaces::secret_count.eq(namespaces::secret_count))
                .execute(self.connection())?;
        }
        Ok(())
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
        match insert_into(namespaces::table).values(row).execute(self.connection()) {
            Ok(_) => Ok(()),
            Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(Error::NamespaceExists)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes one of the `quota` places for custom namespaces; `false` when there is none left.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn take_namespace_place(&mut self, quota: u32) -> Result<bool> {
        Ok(self.count_up(CUSTOM_NAMESPACES, i64::from(quota))?)
    }

    /// Gives the place of a custom namespace back.
    pub fn free_namespace_place(&mut self) -> Result<()> {
        Ok(self.count_down(CUSTOM_NAMESPACES)?)
    }

    /// How many namespaces of users are counted.
    pub fn counted_namespaces(&mut self) -> Result<i64> {
        Ok(self.counter(CUSTOM_NAMESPACES)?)
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
            .execute(self.connection())?;
        if changed == 0 { Err(Error::NamespaceNotFound) } else { Ok(()) }
    }

    /// Forgets a namespace, whose secrets must be gone.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::Unavailable`].
    pub fn delete_namespace(&mut self, id: &NamespaceId) -> Result<()> {
        let gone =
            diesel::delete(namespaces::table.find(id.to_string())).execute(self.connection())?;
        if gone == 0 { Err(Error::NamespaceNotFound) } else { Ok(()) }
    }

    /// Takes one of the `quota` places for secrets of a namespace; `false` when there is none left.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn take_secret_place(&mut self, id: &NamespaceId, quota: u32) -> Result<bool> {
        let taking = Prepared("UPDATE namespaces SET secret_count = secret_count + 1 WHERE id = ? AND secret_count < ?", &[Text(&id.to_string()), Number(i64::from(quota))])
        .execute(self.connection());
        Ok(taking? == 1)
    }

    /// Gives the place of a secret back.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::Unavailable`].
    pub fn free_secret_place(&mut self, id: &NamespaceId) -> Result<()> {
        let freeing = Prepared(
            "UPDATE namespaces SET secret_count = secret_count - 1 WHERE id = ?",
            &[Text(&id.to_string())],
        )
        .execute(self.connection());
        let changed = freeing?;
        if changed == 0 { Err(Error::NamespaceNotFound) } else { Ok(()) }
    }
}
