//! The secrets that older versions kept in clear, until they are sealed.

use diesel::prelude::*;
use zeroize::Zeroizing;

use super::{
    engine,
    schema::unsealed_secrets,
    secrets::parse_place,
    tx::{Tx, unavailable},
};
use crate::domain::{NamespaceId, Result, SecretId, SecretType, Timestamp};

/// The counter that is not zero while values in clear may stand in what the database holds of deleted rows.
const REMAINS: &str = "unsealed_remains";

/// A secret as an older version kept it.
#[derive(Debug)]
pub struct UnsealedSecret {
    /// Its number.
    pub id: SecretId,
    /// The namespace it lives in.
    pub namespace: NamespaceId,
    /// Its name there.
    pub name: String,
    /// Its type.
    pub secret_type: SecretType,
    /// Its data as it was encoded.
    pub encoded: Encoded,
    /// When it was made.
    pub created: Timestamp,
    /// When its data was last replaced.
    pub updated: Timestamp,
}

/// Encoded data in clear; zeroed when it goes, and `Debug` prints a fixed text.
pub struct Encoded(pub Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Encoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoded(hidden)")
    }
}

impl Tx<'_> {
    /// Whether the table of the unsealed secrets is there, as it is after tables of an older version were changed.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn has_unsealed_table(&mut self) -> Result<bool> {
        engine::has_table(self.connection, "unsealed_secrets").map_err(unavailable)
    }

    /// The first unsealed secrets behind `after`, in the order of their numbers.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn unsealed_secrets(
        &mut self,
        after: Option<SecretId>,
        limit: i64,
    ) -> Result<Vec<UnsealedSecret>> {
        type Row = (i64, String, String, String, Vec<u8>, i64, i64);
        let rows: Vec<Row> = unsealed_secrets::table
            .filter(unsealed_secrets::id.gt(after.map_or(0, SecretId::get)))
            .order(unsealed_secrets::id)
            .limit(limit)
            .load(self.connection)
            .map_err(unavailable)?;
        let parse = |(id, namespace, name, secret_type, payload, created, updated): Row| {
            let encoded = Encoded(Zeroizing::new(payload));
            let (id, namespace, secret_type) = parse_place(id, &namespace, &secret_type)?;
            let (created, updated) = (Timestamp(created), Timestamp(updated));
            Ok(UnsealedSecret { id, namespace, name, secret_type, encoded, created, updated })
        };
        rows.into_iter().map(parse).collect()
    }

    /// Deletes the unsealed secrets up to that number. The table is dropped at last, and a statement that changes all of it
    /// at once would need as much memory.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn delete_unsealed(&mut self, up_to: SecretId) -> Result<()> {
        diesel::delete(unsealed_secrets::table.filter(unsealed_secrets::id.le(up_to.get())))
            .execute(self.connection)
            .map_err(unavailable)?;
        Ok(())
    }

    /// Drops the table of the unsealed secrets and what is in it.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn drop_unsealed_table(&mut self) -> Result<()> {
        diesel::sql_query("DROP TABLE unsealed_secrets")
            .execute(self.connection)
            .map_err(unavailable)?;
        Ok(())
    }

    /// Whether values in clear may stand in what the database holds of deleted rows.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn has_unsealed_remains(&mut self) -> Result<bool> {
        Ok(self.counter(REMAINS)? > 0)
    }

    /// Says that no values in clear are left.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn forget_unsealed_remains(&mut self) -> Result<()> {
        self.set_counter(REMAINS, 0)
    }
}
