//! The secrets' rows.

use std::fmt;

use diesel::{
    OptionalExtension, dsl::insert_into, prelude::*, result::DatabaseErrorKind,
    result::Error as DieselError,
};

use super::{
    schema::{counters, secrets},
    tx::{Tx, corrupt, unavailable},
};
use zeroize::Zeroizing;

use crate::domain::{
    Error, NamespaceId, Result, SecretId, SecretName, SecretSummary, SecretType, Timestamp,
};

/// The counter that secret ids are taken from.
const SECRET_ID: &str = "secret_id";

/// A secret that is to be kept.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The namespace it goes into.
    pub namespace: NamespaceId,
    /// Its name there.
    pub name: SecretName,
    /// Its type.
    pub secret_type: SecretType,
    /// Its data, already encoded.
    pub payload: Payload,
    /// When it is made.
    pub created: Timestamp,
}

/// A secret's encoded data. The store does not look inside; its memory is zeroed when it goes, and `Debug` prints a
/// fixed text.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Zeroizing<Vec<u8>>);

impl Payload {
    /// Takes encoded data in.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The encoded data.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload(hidden)")
    }
}

/// A secret as it is kept.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// All but the data.
    pub summary: SecretSummary,
    /// The data as it was given to the store.
    pub payload: Payload,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = secrets)]
struct SummaryRow {
    id: i64,
    namespace_id: String,
    name: String,
    secret_type: String,
    created_at: i64,
    updated_at: i64,
}

#[derive(Insertable)]
#[diesel(table_name = secrets)]
struct NewRow<'a> {
    id: i64,
    namespace_id: String,
    name: &'a str,
    secret_type: &'a str,
    payload: &'a [u8],
    created_at: i64,
    updated_at: i64,
}

impl SummaryRow {
    fn parse(self) -> Result<SecretSummary> {
        Ok(SecretSummary {
            id: SecretId::new(self.id).ok_or_else(|| corrupt("secret id"))?,
            namespace: NamespaceId::parse(&self.namespace_id)
                .map_err(|_| corrupt("namespace id"))?,
            name: self.name,
            secret_type: SecretType::parse(&self.secret_type)
                .map_err(|_| corrupt("secret type"))?,
            created: Timestamp(self.created_at),
            updated: Timestamp(self.updated_at),
        })
    }
}

impl Tx<'_> {
    /// Whether a secret of that name lives in the namespace.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn has_secret_named(&mut self, namespace: &NamespaceId, name: &SecretName) -> Result<bool> {
        let twin = secrets::table
            .filter(secrets::namespace_id.eq(namespace.to_string()))
            .filter(secrets::name.eq(name.as_str()))
            .select(secrets::id)
            .first::<i64>(self.connection)
            .optional();
        Ok(twin.map_err(unavailable)?.is_some())
    }

    /// Keeps a secret under the next id and returns the id. The namespace's count is the caller's to raise.
    ///
    /// # Errors
    /// [`Error::SecretExists`] when another writer was faster with the same name; [`Error::Unavailable`].
    pub fn insert_secret(&mut self, secret: &NewSecret) -> Result<SecretId> {
        let id = self.next_secret_id()?;
        let row = NewRow {
            id: id.get(),
            namespace_id: secret.namespace.to_string(),
            name: secret.name.as_str(),
            secret_type: secret.secret_type.as_str(),
            payload: secret.payload.bytes(),
            created_at: secret.created.0,
            updated_at: secret.created.0,
        };
        match insert_into(secrets::table).values(row).execute(self.connection) {
            Ok(_) => Ok(id),
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(Error::SecretExists { name: secret.name.as_str().to_owned() })
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    fn next_secret_id(&mut self) -> Result<SecretId> {
        let counter = counters::table.find(SECRET_ID);
        diesel::update(counter)
            .set(counters::value.eq(counters::value + 1))
            .execute(self.connection)
            .map_err(unavailable)?;
        let next =
            counter.select(counters::value).first::<i64>(self.connection).map_err(unavailable)?;
        SecretId::new(next).ok_or_else(|| corrupt("secret counter"))
    }

    /// A secret of the namespace, without its data.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn secret_summary(
        &mut self,
        namespace: &NamespaceId,
        id: SecretId,
    ) -> Result<SecretSummary> {
        let row = secrets::table
            .find(id.get())
            .filter(secrets::namespace_id.eq(namespace.to_string()))
            .select(SummaryRow::as_select())
            .first(self.connection)
            .optional();
        row.map_err(unavailable)?.ok_or(Error::SecretNotFound { id: id.get() })?.parse()
    }

    /// A secret of the namespace, with its data.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn stored_secret(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<StoredSecret> {
        let row = secrets::table
            .find(id.get())
            .filter(secrets::namespace_id.eq(namespace.to_string()))
            .select((SummaryRow::as_select(), secrets::payload))
            .first::<(SummaryRow, Vec<u8>)>(self.connection)
            .optional();
        let (summary, payload) =
            row.map_err(unavailable)?.ok_or(Error::SecretNotFound { id: id.get() })?;
        Ok(StoredSecret { summary: summary.parse()?, payload: Payload::new(payload) })
    }

    /// All secrets of a namespace without their data, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn secret_summaries(&mut self, namespace: &NamespaceId) -> Result<Vec<SecretSummary>> {
        let rows: Vec<SummaryRow> = secrets::table
            .filter(secrets::namespace_id.eq(namespace.to_string()))
            .order(secrets::id)
            .select(SummaryRow::as_select())
            .load(self.connection)
            .map_err(unavailable)?;
        rows.into_iter().map(SummaryRow::parse).collect()
    }

    /// Replaces the data of a secret that exists.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn replace_payload(
        &mut self,
        id: SecretId,
        payload: &Payload,
        now: Timestamp,
    ) -> Result<()> {
        let changed = diesel::update(secrets::table.find(id.get()))
            .set((secrets::payload.eq(payload.bytes()), secrets::updated_at.eq(now.0)))
            .execute(self.connection)
            .map_err(unavailable)?;
        if changed == 0 { Err(Error::SecretNotFound { id: id.get() }) } else { Ok(()) }
    }

    /// Forgets a secret of the namespace. The namespace's count is the caller's to lower.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn delete_secret(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<()> {
        let row =
            secrets::table.find(id.get()).filter(secrets::namespace_id.eq(namespace.to_string()));
        let gone = diesel::delete(row).execute(self.connection).map_err(unavailable)?;
        if gone == 0 { Err(Error::SecretNotFound { id: id.get() }) } else { Ok(()) }
    }

    /// Forgets all secrets of a namespace.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn delete_secrets_in(&mut self, namespace: &NamespaceId) -> Result<()> {
        diesel::delete(secrets::table.filter(secrets::namespace_id.eq(namespace.to_string())))
            .execute(self.connection)
            .map_err(unavailable)?;
        Ok(())
    }
}
