//! Values on their way between diesel and the client library: both speak PostgreSQL's binary format.

use std::{error::Error, fmt, num::NonZeroU32, ops::Range};

use bytes::{BufMut, BytesMut};
use diesel::{
    backend::Backend,
    pg::{Pg, PgValue, TypeOidLookup},
    row::{Field, PartialRow, Row as DieselRow, RowIndex, RowSealed},
};
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

/// A value for a statement, as diesel encoded it.
pub struct Bind(pub Option<Vec<u8>>);

impl fmt::Debug for Bind {
    // The client library logs what it sends.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bind(_)")
    }
}

impl ToSql for Bind {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            Some(bytes) => {
                out.put_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value as the server sent it.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A row of an answer, as diesel reads it.
pub struct FoundRow(pub Row);

impl RowSealed for FoundRow {}

impl RowIndex<usize> for FoundRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.0.len()).then_some(index)
    }
}

impl<'a> RowIndex<&'a str> for FoundRow {
    fn idx(&self, name: &'a str) -> Option<usize> {
        self.0.columns().iter().position(|column| column.name() == name)
    }
}

impl<'a> DieselRow<'a, Pg> for FoundRow {
    type Field<'f>
        = FoundField<'f>
    where
        'a: 'f,
        Self: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.0.len()
    }

    fn get<'f, I>(&'f self, index: I) -> Option<Self::Field<'f>>
    where
        'a: 'f,
        Self: RowIndex<I>,
    {
        self.idx(index).map(|index| FoundField { row: &self.0, index })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

/// One value of a row.
pub struct FoundField<'a> {
    row: &'a Row,
    index: usize,
}

impl TypeOidLookup for FoundField<'_> {
    fn lookup(&self) -> NonZeroU32 {
        let column = self.row.columns().get(self.index);
        column.and_then(|it| NonZeroU32::new(it.type_().oid())).unwrap_or(NonZeroU32::MAX)
    }
}

impl<'a> Field<'a, Pg> for FoundField<'a> {
    fn field_name(&self) -> Option<&str> {
        self.row.columns().get(self.index).map(tokio_postgres::Column::name)
    }

    fn value(&self) -> Option<<Pg as Backend>::RawValue<'_>> {
        let Raw(bytes) = self.row.try_get::<_, Option<Raw<'_>>>(self.index).ok()??;
        Some(PgValue::new(bytes, self))
    }
}
