//! The database file as SQLite sees it, beside what the server says.

use std::path::Path;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};

use super::upkeep::done;

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
    let mut database = open(folder);
    // One moment for all of it: a server may be writing.
    database.batch_execute("BEGIN").unwrap();
    assert_eq!(
        texts(&mut database, "SELECT integrity_check AS text FROM pragma_integrity_check"),
        ["ok"]
    );
    let orphans = r#"SELECT "table" || ' ' || rowid AS text FROM pragma_foreign_key_check"#;
    assert_eq!(texts(&mut database, orphans), [""; 0]);
    let miscounted = "SELECT id || ' counts ' || secret_count || ' and has ' ||
        (SELECT count(*) FROM secrets WHERE namespace_id = namespaces.id) AS text FROM namespaces
        WHERE secret_count != (SELECT count(*) FROM secrets WHERE namespace_id = namespaces.id)";
    assert_eq!(texts(&mut database, miscounted), [""; 0]);
    let counter = |name| format!("SELECT value AS number FROM counters WHERE name = '{name}'");
    // The id of a region's default namespace, which nobody made, is the bare region.
    let custom = "SELECT count(*) AS number FROM namespaces WHERE id LIKE '%:%'";
    let counted = number(&mut database, &counter("custom_namespaces"));
    assert_eq!(counted, number(&mut database, custom), "custom namespaces");
    let last = number(&mut database, &counter("secret_id"));
    let highest = number(&mut database, "SELECT coalesce(max(id), 0) AS number FROM secrets");
    assert!(last >= highest, "the next id comes after {last}, and {highest} is given");
    // What only the server's own program can see: that every secret opens.
    done(folder, &["verify"]);
}

/// How many secrets the database holds.
pub fn secret_count(folder: &Path) -> i64 {
    number(&mut open(folder), "SELECT count(*) AS number FROM secrets")
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
