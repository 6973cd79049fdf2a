//! By way of PgBouncer, which gives each transaction whichever of its few connections is free.

use std::thread;

use serde_json::json;

use super::{NAMESPACE_ID, start, told};
use crate::{
    common::server::*,
    database::check_database,
    upkeep::{done, keys},
};

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_proxy_that_shares_its_connections_out_is_no_hindrance() {
    let folder = Folder::on_server();
    let (proxy, name) = (told("TEST_PGBOUNCER"), folder.database().name());
    // More connections than the proxy has itself.
    folder.point_to(&format!("{proxy}/{name}?prepare=off&pool_size=10"));
    let (one, other) = (start(folder.path()), start(folder.path()));
    thread::scope(|scope| {
        for task in 0..12 {
            let server = if task % 2 == 0 { &one } else { &other };
            scope.spawn(move || {
                for round in 0..8 {
                    let name = format!("n{task}-{round}");
                    let id = server.create(NAMESPACE_ID, &name, &json!({"k": name})).secret_id();
                    let data = server.describe(NAMESPACE_ID, id).data();
                    assert_eq!(data["SecretData"]["k"], name.as_str());
                    assert_eq!(server.update(NAMESPACE_ID, id, &json!({"k": "w"})).status, 200);
                    let listed = server.call("GET", SECRETS, &[("NamespaceId", NAMESPACE_ID)]);
                    assert!(listed.text().contains(&name));
                }
            });
        }
    });
    done(folder.path(), &["keys", "rotate"]);
    assert_eq!(keys(folder.path()).iter().map(|(_, _, secrets)| secrets).sum::<u64>(), 96);
    check_database(folder.path());
}
