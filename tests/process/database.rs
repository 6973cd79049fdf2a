//! The database file as SQLite sees it, beside what the server says.

use std::path::Path;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};

use super::upkeep::done;
use crate::common::{postgres, server::direct_address};

/// The server's database in that folder.
pub fn open(folder: &Path) -> SqliteConnection {
    let path = folder.join("test.db").display().to_string();
    let mut connection = SqliteConnection::establish(&path).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    connection
}

/// Holds the database of a folder to what must be true of it at every moment: SQLite finds nothing wrong with the file,
/// each row belongs somewhere, and what is counted is there. What a secret holds is not looked at.
pub fn check_database(folder: &Path) {
    let mut rows = Rows::of(folder);
    if let Rows::File(database) = &mut rows {
        // One moment for all of it: a server may be writing.
        database.batch_execute("BEGIN").unwrap();
        let check = "SELECT integrity_check AS text FROM pragma_integrity_check";
        assert_eq!(texts(database, check), ["ok"]);
        let orphans = r#"SELECT "table" || ' ' || rowid AS text FROM pragma_foreign_key_check"#;
        assert_eq!(texts(database, orphans), [""; 0]);
        let last =
            number(database, "SELECT value AS number FROM counters WHERE name = 'secret_id'");
        let highest = number(database, "SELECT coalesce(max(id), 0) AS number FROM secrets");
        assert!(last >= highest, "the next id comes after {last}, and {highest} is given");
    }
    let miscounted = "SELECT id || ' counts ' || secret_count || ' and has ' ||
        (SELECT count(*) FROM secrets WHERE namespace_id = namespaces.id) AS text FROM namespaces
        WHERE secret_count != (SELECT count(*) FROM secrets WHERE namespace_id = namespaces.id)";
    assert_eq!(rows.texts(miscounted), [""; 0]);
    // The id of a region's default namespace, which nobody made, is the bare region.
    let custom = "SELECT count(*) AS number FROM namespaces WHERE id LIKE '%:%'";
    let counted = "SELECT value AS number FROM counters WHERE name = 'custom_namespaces'";
    assert_eq!(rows.number(counted), rows.number(custom), "custom namespaces");
    // What only the server's own program can see: that every secret opens.
    done(folder, &["verify"]);
}

/// How many secrets the database holds.
pub fn secret_count(folder: &Path) -> i64 {
    Rows::of(folder).number("SELECT count(*) AS number FROM secrets")
}

/// The rows of a folder's database.
enum Rows {
    File(SqliteConnection),
    Server(String),
}

/// Does something to the database of a folder.
pub fn execute(folder: &Path, sql: &str) {
    match Rows::of(folder) {
        Rows::File(mut database) => database.batch_execute(sql).unwrap(),
        Rows::Server(address) => postgres::execute(&address, sql),
    }
}

/// The column `number` of a query's only row.
pub fn number_of(folder: &Path, query: &str) -> i64 {
    Rows::of(folder).number(query)
}

/// The column `text` of a query's rows.
pub fn texts_of(folder: &Path, query: &str) -> Vec<String> {
    Rows::of(folder).texts(query)
}

impl Rows {
    fn of(folder: &Path) -> Self {
        match direct_address(folder) {
            Some(address) => Self::Server(address),
            None => Self::File(open(folder)),
        }
    }

    fn texts(&mut self, query: &str) -> Vec<String> {
        match self {
            Self::File(database) => texts(database, query),
            Self::Server(address) => postgres::texts(address, query),
        }
    }

    fn number(&mut self, query: &str) -> i64 {
        match self {
            Self::File(database) => number(database, query),
            Self::Server(address) => postgres::number(address, query),
        }
    }
}

fn texts(database: &mut SqliteConnection, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let rows: Vec<Row> = sql_query(query).load(database).unwrap();
    rows.into_iter().map(|row| row.text).collect()
}

fn number(database: &mut SqliteConnection, query: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    sql_query(query).get_result::<Row>(database).unwrap().number
}
