//! The namespaces' rows.

use diesel::{
    OptionalExtension,
    dsl::{count, insert_into},
    prelude::*,
    result::DatabaseErrorKind,
};

use super::schema::{namespaces, secrets};
use crate::{
    clock::Timestamp,
    sae::model::{Error, Namespace, NamespaceId, Result},
    store::{
        self, Tx,
        sql::{
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
    fn parse(self) -> store::Result<Namespace> {
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

/// [`Error::NamespaceNotFound`] if no row was changed.
fn found(changed: usize) -> Result<()> {
    if changed == 0 { Err(Error::NamespaceNotFound) } else { Ok(()) }
}

impl Tx<'_> {
    /// The namespace of that id, if there is one.
    pub fn find_namespace(&mut self, id: &NamespaceId) -> store::Result<Option<Namespace>> {
        let row = namespaces::table.find(id.to_string()).select(Row::as_select());
        row.first(self.connection()).optional()?.map(Row::parse).transpose()
    }

    /// The namespace of that id; [`Error::NamespaceNotFound`].
    pub fn namespace(&mut self, id: &NamespaceId) -> Result<Namespace> {
        self.find_namespace(id)?.ok_or(Error::NamespaceNotFound)
    }

    /// All namespaces, in the order of their ids. A region's default namespace comes before the others of that region.
    pub fn namespaces(&mut self) -> store::Result<Vec<Namespace>> {
        let mut rows: Vec<Row> =
            namespaces::table.select(Row::as_select()).load(self.connection())?;
        // By bytes, whatever order the database has for its texts.
        rows.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        rows.into_iter().map(Row::parse).collect()
    }

    /// Keeps other writers from a namespace, if it exists, and from creating or deleting secrets in it, until the end of the
    /// transaction.
    pub fn lock_namespace(&mut self, id: &NamespaceId) -> store::Result<()> {
        if self.has_other_writers() {
            let sql = "SELECT secret_count FROM namespaces WHERE id = ? FOR UPDATE";
            self.execute(sql, &[Text(&id.to_string())])?;
        }
        Ok(())
    }

    /// Waits for all transactions under way that create a secret. Each changes the row of its namespace before it reads the
    /// current key, so a transaction that changes all those rows comes after all of them.
    pub fn wait_for_new_secrets(&mut self) -> store::Result<()> {
        if self.has_other_writers() {
            self.execute("UPDATE namespaces SET secret_count = secret_count", &[])?;
        }
        Ok(())
    }

    /// Inserts a new namespace; [`Error::NamespaceExists`] when another writer was faster.
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
    pub fn take_namespace_place(&mut self, quota: u32) -> store::Result<bool> {
        self.count_up(CUSTOM_NAMESPACES, i64::from(quota))
    }

    /// Gives the place of a custom namespace back.
    pub fn free_namespace_place(&mut self) -> store::Result<()> {
        self.count_down(CUSTOM_NAMESPACES)
    }

    /// How many custom namespaces are counted.
    pub fn counted_namespaces(&mut self) -> store::Result<i64> {
        self.counter(CUSTOM_NAMESPACES)
    }

    /// How many namespaces there are, and how many of them are custom: those whose id is more than a region's.
    pub fn namespace_counts(&mut self) -> store::Result<(u64, i64)> {
        let all: i64 = namespaces::table.count().get_result(self.connection())?;
        let custom = namespaces::table.filter(namespaces::id.like("%:%")).count();
        let custom: i64 = custom.get_result(self.connection())?;
        Ok((all.unsigned_abs(), custom))
    }

    /// Updates name, description and registry of a namespace; [`Error::NamespaceNotFound`].
    pub fn update_namespace(&mut self, namespace: &Namespace, now: Timestamp) -> Result<()> {
        let changed = diesel::update(namespaces::table.find(namespace.id.to_string()))
            .set((
                namespaces::name.eq(&namespace.name),
                namespaces::description.eq(&namespace.description),
                namespaces::micro_registration.eq(namespace.micro_registration),
                namespaces::updated_at.eq(now.0),
            ))
            .execute(self.connection())?;
        found(changed)
    }

    /// Deletes a namespace, whose secrets must be gone; [`Error::NamespaceNotFound`].
    pub fn delete_namespace(&mut self, id: &NamespaceId) -> Result<()> {
        let row = namespaces::table.find(id.to_string());
        found(diesel::delete(row).execute(self.connection())?)
    }

    /// Takes one of the `quota` places for secrets of a namespace; `false` when there is none left.
    pub fn take_secret_place(&mut self, id: &NamespaceId, quota: u32) -> store::Result<bool> {
        let sql = "UPDATE namespaces SET secret_count = secret_count + 1 \
                   WHERE id = ? AND secret_count < ?";
        Ok(self.execute(sql, &[Text(&id.to_string()), Number(i64::from(quota))])? == 1)
    }

    /// Gives the place of a secret back; [`Error::NamespaceNotFound`].
    pub fn free_secret_place(&mut self, id: &NamespaceId) -> Result<()> {
        let sql = "UPDATE namespaces SET secret_count = secret_count - 1 WHERE id = ?";
        found(self.execute(sql, &[Text(&id.to_string())])?)
    }
    /// The namespaces whose count of secrets is wrong: what is counted, and how many there are.
    pub fn miscounts(&mut self) -> store::Result<Vec<(String, i64, i64)>> {
        let mut counts: Vec<(String, i64, i64)> = namespaces::table
            .left_join(secrets::table.on(secrets::namespace_id.eq(namespaces::id)))
            .group_by((namespaces::id, namespaces::secret_count))
            .order(namespaces::id)
            .select((namespaces::id, namespaces::secret_count, count(secrets::id.nullable())))
            .load(self.connection())?;
        counts.retain(|(_, counted, rows)| counted != rows);
        Ok(counts)
    }
}
