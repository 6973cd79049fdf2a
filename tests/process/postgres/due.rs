//! What is due in KMS is done once, whichever server comes first.

use std::{thread, time::Duration};

use super::{races::folders, start};
use crate::{
    database::{check_database, execute, number_of},
    due::{
        all_give_out_both_values, call, create, let_all_be_due, none_is_half_rotated,
        wait_until_rotated,
    },
    torture,
};

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_secret_that_several_servers_find_due_is_rotated_once() {
    for folder in folders() {
        let servers = [start(folder.path()), start(folder.path()), start(folder.path())];
        create(&servers[0], 17, 3);
        for _ in 0..torture::rounds(1) {
            let_all_be_due(folder.path());
            wait_until_rotated(folder.path(), 20);
            // Time for the others to come as well.
            thread::sleep(Duration::from_millis(2_500));
            none_is_half_rotated(folder.path());
            all_give_out_both_values(&servers[1], 17);
            for server in &servers {
                let log = server.log();
                assert!(!log.contains("ERROR") && !log.contains("cannot be rotated"), "{log}");
            }
            check_database(folder.path());
        }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn secrets_that_several_servers_find_to_be_deleted_are_counted_once() {
    for folder in folders() {
        let servers = [start(folder.path()), start(folder.path())];
        create(&servers[0], 150, 0);
        execute(folder.path(), "UPDATE kms_secrets SET delete_at = 1000 WHERE name <> 'n7'");
        let left = |table: &str| {
            number_of(folder.path(), &format!("SELECT count(*) AS number FROM {table}"))
        };
        while left("kms_secrets") > 1 {
            thread::sleep(Duration::from_millis(20));
        }
        let counted = "SELECT CAST(sum(secrets) AS BIGINT) AS number FROM kms_counts";
        assert_eq!((left("kms_versions"), number_of(folder.path(), counted)), (1, 1));
        call(&servers[1], "DescribeSecret", &[("SecretName", "n7")]);
        for server in &servers {
            let log = server.log();
            assert!(!log.contains("ERROR"), "{log}");
        }
        check_database(folder.path());
    }
}
