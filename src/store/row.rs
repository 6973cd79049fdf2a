//! Where rows stand.

/// Where the row of something numbered stands, as the row itself says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPlace {
    /// Its number.
    pub id: i64,
    /// What the table is partitioned by; `None` where the number alone finds the row.
    pub partition: Option<String>,
}
