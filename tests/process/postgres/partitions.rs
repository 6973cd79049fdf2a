//! Tables that somebody has made in partitions by namespace.

use serde_json::json;

use super::{NAMESPACE_ID, start};
use crate::{
    common::{
        postgres::{self, Database, PARTITIONS},
        server::*,
    },
    database::check_database,
    upkeep::done,
};

/// How often each partition of the secrets was searched.
fn searches(database: &Database) -> Vec<i64> {
    let of = |number| {
        let query = format!(
            "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables
             WHERE relname = 'secrets_{number}'"
        );
        postgres::number(&database.address(), &query)
    };
    (0..PARTITIONS).map(of).collect()
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_request_searches_the_partition_of_its_namespace_alone() {
    let (folder, database) = (Folder::new(), Database::new());
    let has_tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'secrets_0'";
    if postgres::number(&database.address(), has_tables) == 0 {
        database.partition();
    }
    folder.point_to_database(&database);
    // The first start looks for secrets in all of them. A server's counts are there when its connections are closed.
    let stop = |mut server: crate::child::Server| {
        server.terminate();
        server.wait();
        std::thread::sleep(std::time::Duration::from_millis(500));
    };
    stop(start(folder.path()));
    let before = searches(&database);
    let server = start(folder.path());
    for round in 0..20 {
        let id = server.create(NAMESPACE_ID, &format!("n{round}"), &json!({"k": "v"})).secret_id();
        server.update(NAMESPACE_ID, id, &json!({"k": "w"})).data();
        server.describe(NAMESPACE_ID, id).data();
        server.describe(NAMESPACE_ID, 4711).assert_error(400, "InvalidSecretId.NotFound");
        server.call("GET", SECRETS, &[("NamespaceId", NAMESPACE_ID)]).data();
        let parameters = [("NamespaceId", NAMESPACE_ID), ("SecretId", &id.to_string())];
        server.call("DELETE", SECRET, &parameters).data();
    }
    let kept = server.create(NAMESPACE_ID, "kept", &json!({"k": "v"})).secret_id();
    stop(server);
    let searched: Vec<i64> =
        searches(&database).iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(searched.iter().filter(|searches| **searches > 0).count(), 1, "{searched:?}");
    // What goes through all of them finds each secret.
    assert!(done(folder.path(), &["keys", "rotate"]).contains("1 secret"));
    check_database(folder.path());
    start(folder.path()).describe(NAMESPACE_ID, kept).data();
}
