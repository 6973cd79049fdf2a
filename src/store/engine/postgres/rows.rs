//! Values on their way between diesel and the client library: both speak PostgreSQL's binary format.

use std::{error::Error, fmt, num::NonZeroU32, ops::Range, rc::Rc, vec::IntoIter};

use bytes::{BufMut, BytesMut};
use diesel::{
    QueryResult,
    backend::Backend,
    pg::{Pg, PgValue},
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

/// A value as it came; nothing for NULL.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What a query found.
pub struct Cursor {
    rows: IntoIter<Row>,
    types: Rc<[NonZeroU32]>,
}

impl Cursor {
    /// Over all rows of an answer.
    pub fn new(rows: Vec<Row>) -> Self {
        let columns = rows.first().map(Row::columns).unwrap_or_default();
        let types =
            columns.iter().map(|it| NonZeroU32::new(it.type_().oid()).unwrap_or(NonZeroU32::MAX));
        Self { types: types.collect(), rows: rows.into_iter() }
    }
}

impl Iterator for Cursor {
    type Item = QueryResult<FoundRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(Ok(FoundRow { row, types: Rc::clone(&self.types) }))
    }
}

/// One row.
pub struct FoundRow {
    row: Row,
    types: Rc<[NonZeroU32]>,
}

impl RowSealed for FoundRow {}

impl RowIndex<usize> for FoundRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.row.len()).then_some(index)
    }
}

impl<'a> RowIndex<&'a str> for FoundRow {
    fn idx(&self, name: &'a str) -> Option<usize> {
        self.row.columns().iter().position(|column| column.name() == name)
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
        self.row.len()
    }

    fn get<'f, I>(&'f self, index: I) -> Option<Self::Field<'f>>
    where
        'a: 'f,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        let kind = self.types.get(index)?;
        Some(FoundField { row: &self.row, index, kind })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

/// One value of a row.
pub struct FoundField<'a> {
    row: &'a Row,
    index: usize,
    kind: &'a NonZeroU32,
}

impl<'a> Field<'a, Pg> for FoundField<'a> {
    fn field_name(&self) -> Option<&str> {
        self.row.columns().get(self.index).map(tokio_postgres::Column::name)
    }

    fn value(&self) -> Option<<Pg as Backend>::RawValue<'_>> {
        let Raw(bytes) = self.row.try_get(self.index).unwrap_or(Raw(None));
        bytes.map(|bytes| PgValue::new(bytes, self.kind))
    }
}
