//! What an address says of TLS and of passwords.

use std::process::{Command, Output};

use serde_json::json;

use super::{NAMESPACE_ID, listens, restart::Cluster, start, told};
use crate::{
    child::{Server, binary},
    common::{
        postgres::{Database, MASTER_KEY},
        server::*,
    },
    upkeep::{done, refused, said},
};

/// Starts a server that must not get as far as listening.
fn refused_start(url: &str) -> String {
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("SAE_SECRET_DATABASE_URL", url);
    let output: Output = command.env("SAE_SECRET_MASTER_KEY", MASTER_KEY).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    said(&output)
}

/// Whether the only server of a database talks to it by TLS.
fn speaks_tls(folder: &Folder) -> bool {
    let query = format!(
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE ssl AND datname = '{}' AND application_name = 'sae-secret'",
        folder.database().name()
    );
    crate::common::postgres::number(&folder.database().address(), &query) > 0
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn each_sslmode_asks_for_what_it_says() {
    let (port, home) = (listens().port(), told("TEST_POSTGRES_HOME"));
    let (ca, other) = (format!("{home}/ca.crt"), format!("{home}/other.crt"));
    let folder = Folder::on_server();
    let name = folder.database().name().to_owned();
    let url = |host: &str, parameters: &str| {
        format!("postgres://postgres@{host}:{port}/{name}?{parameters}")
    };
    for (host, parameters, by_tls) in [
        ("127.0.0.1", "sslmode=disable".to_owned(), false),
        ("127.0.0.1", "sslmode=prefer".to_owned(), true),
        ("127.0.0.1", "sslmode=require".to_owned(), true),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={ca}"), true),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ca}"), true),
        ("localhost", format!("sslmode=verify-full&sslrootcert={ca}"), true),
    ] {
        folder.point_to(&url(host, &parameters));
        let server = start(folder.path());
        server.call("GET", SECRETS, &[("NamespaceId", NAMESPACE_ID)]).data();
        assert_eq!(speaks_tls(&folder), by_tls, "{parameters}");
    }
    for (host, parameters, reason) in [
        // The certificate is for localhost.
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={ca}"), "not valid for name"),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={other}"),
            "invalid peer certificate",
        ),
        ("localhost", format!("sslmode=verify-ca&sslrootcert={other}"), "invalid peer certificate"),
        ("localhost", format!("sslmode=require&sslrootcert={other}"), "invalid peer certificate"),
        ("localhost", format!("sslmode=verify-full&sslrootcert={home}/none"), "cannot be read"),
        ("localhost", "sslmode=verify-full&sslrootcert=system".to_owned(), "certificate"),
    ] {
        let report = refused_start(&url(host, &parameters));
        assert!(report.contains(reason), "{parameters}: {report}");
    }
    // PgBouncer has no certificate here.
    let plain = told("TEST_PGBOUNCER");
    let report = refused_start(&format!("{plain}/{name}?sslmode=require"));
    assert!(report.contains("TLS"), "{report}");
}

/// rustls cannot read it; libpq, which takes any certificate where it is not told whom to trust, can.
#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_certificate_of_version_1_will_do_where_none_is_verified() {
    let cluster = Cluster::start();
    cluster.use_certificate(
        include_str!("../../fixtures/postgres/version1.crt"),
        include_str!("../../fixtures/postgres/version1.key"),
    );
    let database = Database::on(&format!("postgres://postgres@127.0.0.1:{}", cluster.port));
    let folder = Folder::new();
    for mode in ["require", "prefer"] {
        folder.point_to(&format!("{}?sslmode={mode}", database.address()));
        let server = start(folder.path());
        server.call("GET", SECRETS, &[("NamespaceId", NAMESPACE_ID)]).data();
        let by_tls = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE ssl AND application_name = 'sae-secret'";
        assert!(crate::common::postgres::number(&database.address(), by_tls) > 0, "{mode}");
    }
    let verified = format!("sslmode=verify-ca&sslrootcert={}/ca.crt", told("TEST_POSTGRES_HOME"));
    let report = refused_start(&format!("{}?{verified}", database.address()));
    assert!(report.contains("UnsupportedCertVersion"), "{report}");
    drop(database);
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn passwords_are_used_and_never_shown() {
    const PASSWORD: &str = "hidden-p@ss:w/rd?";
    const WRITTEN: &str = "hidden-p%40ss%3Aw%2Frd%3F";
    let (port, folder) = (listens().port(), Folder::on_server());
    let name = folder.database().name().to_owned();
    folder.database().administer(&format!(
        "DO $$ BEGIN CREATE ROLE locked LOGIN SUPERUSER PASSWORD '{PASSWORD}';
         EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    ));
    let url = |password: &str, name: &str, parameters: &str| {
        format!("postgres://locked:{password}@127.0.0.1:{port}/{name}{parameters}")
    };
    let shows_nothing = |report: &str| {
        assert!(!report.contains("hidden") && !report.contains("wrong-"), "{report}");
    };
    for parameters in ["", "?channel_binding=require", "?sslmode=disable"] {
        folder.point_to(&url(WRITTEN, &name, parameters));
        let mut server = Server::start_with(folder.path(), |command| {
            command.env("RUST_LOG", "trace");
        });
        server.create(NAMESPACE_ID, &format!("n{}", parameters.len()), &json!({"k": "v"})).data();
        let help = binary()
            .args(["serve", "--help"])
            .env("SAE_SECRET_DATABASE_URL", url(WRITTEN, &name, ""))
            .output();
        shows_nothing(&said(&help.unwrap()));
        server.terminate();
        server.wait();
        shows_nothing(&server.log());
    }
    passwords_may_stand_elsewhere(
        &folder,
        PASSWORD,
        &format!("postgres://locked@127.0.0.1:{port}/{name}"),
    );
    for (url, reason) in [
        (url("wrong-password", &name, ""), "password authentication failed"),
        (url(WRITTEN, "no_such_database", ""), "no_such_database"),
        (url(WRITTEN, &name, "?sslmod=disable"), "sslmod"),
        (url(WRITTEN, &name, "?sslmode=hidden"), "sslmode"),
        (url("wrong-pa?ss/word", &name, ""), "%40"),
    ] {
        let report = refused_start(&url);
        shows_nothing(&report);
        assert!(report.contains(reason), "{report}");
    }
}

/// The text as it is, in a variable or a file.
fn passwords_may_stand_elsewhere(folder: &Folder, password: &str, url: &str) {
    let file = folder.path().join("password");
    let start = |url: &str, variable: &str, value: &str| {
        folder.point_to(url);
        let server = Server::start_with(folder.path(), |command| {
            command.env("RUST_LOG", "trace").env(variable, value);
        });
        server.call("GET", SECRETS, &[("NamespaceId", NAMESPACE_ID)]).data();
        assert!(!server.log().contains("hidden"), "{}", server.log());
    };
    start(url, "SAE_SECRET_DATABASE_PASSWORD", password);
    for end in ["", "\n", "\r\n"] {
        std::fs::write(&file, format!("{password}{end}")).unwrap();
        start(url, "SAE_SECRET_DATABASE_PASSWORD_FILE", file.to_str().unwrap());
    }
    // That of the address goes first.
    let own = url.replace("locked@", "locked:hidden-p%40ss%3Aw%2Frd%3F@");
    start(&own, "SAE_SECRET_DATABASE_PASSWORD", "wrong");
    folder.point_to(url);
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn commands_do_what_they_can_and_say_what_they_cannot() {
    let folder = Folder::on_server();
    let path = folder.path();
    let report = refused(path, &["keys", "list"]);
    assert!(report.contains("it is no database of this program"), "{report}");
    let server = start(path);
    server.create(NAMESPACE_ID, "n", &json!({"k": "v"})).data();
    assert!(
        done(path, &["verify"]).contains("opened 1 secret and 1 key in 6 namespaces: 0 faults")
    );
    for (arguments, reason) in [
        (&["backup", "copy.db"][..], "pg_dump"),
        (&["restore", "copy.db"], "pg_restore"),
        (&["restore", "--force", "copy.db"], "pg_restore"),
    ] {
        let report = refused(path, arguments);
        assert!(report.contains(reason), "{report}");
    }
    dumps_can_be_restored(&folder);
    // What the engine cannot keep right by itself is verified.
    folder.database().execute("UPDATE namespaces SET secret_count = 7 WHERE id = 'cn-hangzhou'");
    assert!(refused(path, &["verify"]).contains("cn-hangzhou counts 7 secrets and has 0"));
    folder.database().execute("SELECT setval('secret_ids', 1, false)");
    assert!(refused(path, &["verify"]).contains("the last number given is 0"));

    let (url, _) = database_of(path);
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    let report = said(&command.output().unwrap());
    assert!(report.contains("--master-key-file"), "{report}");
    let empty = Folder::on_server();
    let (url, _) = database_of(empty.path());
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    let report = said(&command.output().unwrap());
    assert!(report.contains("a PostgreSQL database needs one"), "{report}");
    empty.database().execute("CREATE TABLE secrets (id INT)");
    assert!(refused_start(&url).contains("has a table secrets of another program"));
}

/// As docs/postgresql.md says it.
fn dumps_can_be_restored(folder: &Folder) {
    let (bin, copy) = (told("TEST_POSTGRES_BIN"), Folder::on_server());
    let dump = folder.path().join("secrets.dump");
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(format!("{bin}/{program}")).args(arguments).arg(&dump).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{program}: {}", said(&output));
    };
    run("pg_dump", &[&folder.database().address(), "--format=custom", "--file"]);
    let restored = format!("--dbname={}", copy.database().address());
    run("pg_restore", &["--exit-on-error", "--no-owner", &restored]);
    assert!(
        done(copy.path(), &["verify"])
            .contains("opened 1 secret and 1 key in 6 namespaces: 0 faults")
    );
    let server = start(copy.path());
    assert_eq!(server.describe(NAMESPACE_ID, 1).data()["SecretData"]["k"], "v");
    assert!(server.create(NAMESPACE_ID, "next", &json!({"k": "v"})).secret_id() > 1);
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_database_of_another_schema_is_left_alone() {
    let folder = Folder::on_server();
    drop(start(folder.path()));
    for (migration, complaint) in
        [("29991231000000", "newer version"), ("20261122000000", "start with a new database")]
    {
        folder.database().execute(&format!(
            "DELETE FROM __diesel_schema_migrations WHERE version <>
                 (SELECT max(version) FROM __diesel_schema_migrations);
             UPDATE __diesel_schema_migrations SET version = '{migration}'"
        ));
        let report = refused_start(&folder.database().url());
        assert!(report.contains(complaint), "{report}");
        assert!(refused(folder.path(), &["verify"]).contains(complaint));
    }
}
