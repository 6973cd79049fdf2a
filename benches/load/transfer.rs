//! What an SQLite file holds, put into a PostgreSQL database: a million secrets one after the other by way of the library
//! would take it half an hour.

use std::{
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_types::Text};

use super::Failure;

/// How many rows are read at once.
const ROWS: usize = 10_000;

/// A row as PostgreSQL's `COPY` reads it.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Table, columns, and the row in `COPY`'s words, whose columns are separated by tabs.
const TABLES: [(&str, &str, &str); 3] = [
    (
        "keys",
        "id, master_key, wrapped, is_current, created_at",
        "id || char(9) || master_key || char(9) || '\\\\x' || hex(wrapped) || char(9) || is_current || char(9) || created_at",
    ),
    (
        "namespaces",
        "id, name, description, micro_registration, secret_count, created_at, updated_at",
        "id || char(9) || name || char(9) || description || char(9) || micro_registration || char(9) || secret_count || \
         char(9) || created_at || char(9) || updated_at",
    ),
    (
        "secrets",
        "id, uid, namespace_id, name, secret_type, version, created_at, updated_at, key_id, data_key, payload",
        "id || char(9) || uid || char(9) || namespace_id || char(9) || name || char(9) || secret_type || char(9) || version \
         || char(9) || created_at || char(9) || updated_at || char(9) || key_id || char(9) || '\\\\x' || hex(data_key) || \
         char(9) || '\\\\x' || hex(payload)",
    ),
];

/// Puts all rows of the file into a database that has the tables and nothing in them; `psql` makes a client of it.
pub fn transfer(file: &Path, psql: impl Fn() -> Command) -> Result<(), Failure> {
    let mut source = SqliteConnection::establish(&file.display().to_string())?;
    for (table, columns, line) in TABLES {
        copy(&mut source, psql(), table, columns, line)?;
    }
    let counters = "UPDATE counters SET value = (SELECT count(*) FROM namespaces WHERE id LIKE '%:%') \
                    WHERE name = 'custom_namespaces'; SELECT setval('secret_ids', (SELECT max(id) FROM secrets))";
    let mut client = psql();
    let counted = client.args(["-c", counters]).stdout(Stdio::null()).status()?;
    if counted.success() { Ok(()) } else { Err("the counters cannot be set".into()) }
}

fn copy(
    source: &mut SqliteConnection,
    mut client: Command,
    table: &str,
    columns: &str,
    line: &str,
) -> Result<(), Failure> {
    client.args(["-c", &format!("COPY {table} ({columns}) FROM STDIN")]);
    let mut client = client.stdin(Stdio::piped()).spawn()?;
    let mut target = BufWriter::new(client.stdin.take().ok_or("psql takes nothing")?);
    let mut after = i64::MIN;
    loop {
        let rows: Vec<Line> = diesel::sql_query(format!(
            "SELECT {line} AS line FROM {table} WHERE rowid > {after} ORDER BY rowid LIMIT {ROWS}"
        ))
        .load(source)?;
        for row in &rows {
            writeln!(target, "{}", row.line)?;
        }
        if rows.len() < ROWS {
            break;
        }
        after = last(source, table, after)?;
    }
    target.flush()?;
    drop(target);
    if client.wait()?.success() { Ok(()) } else { Err(format!("{table} is not filled").into()) }
}

/// The number of the last of the next rows.
fn last(source: &mut SqliteConnection, table: &str, after: i64) -> Result<i64, Failure> {
    let found: Line = diesel::sql_query(format!(
        "SELECT CAST(max(rowid) AS TEXT) AS line FROM (SELECT rowid FROM {table} WHERE rowid > {after} ORDER BY rowid \
         LIMIT {ROWS})"
    ))
    .get_result(source)?;
    Ok(found.line.parse()?)
}
