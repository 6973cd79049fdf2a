//! Databases of older versions: one of each schema, with what is in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use diesel::connection::SimpleConnection;
use serde_json::Value;

use crate::{
    child::{Server, binary},
    common::server::*,
    database::open,
    scanner::hits,
    torture,
    upkeep::{done, refused, said, url},
};

/// What each value of the fixtures that is long enough has in it.
const CANARY: &str = "FIXTURECANARY";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/databases").join(name)
}

/// A folder with a database of a fixture in it.
fn folder_with(name: &str) -> Folder {
    let folder = Folder::new();
    fs::copy(fixture(name), folder.path().join("test.db")).unwrap();
    folder
}

fn serve(command: &mut Command) {
    command.env_remove("SAE_SECRET_WORLD");
    command.arg("--master-key-file").arg(fixture("master.keys"));
}

/// Every secret that was kept, as it was described by the version that made the database.
fn expected() -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(fixture("expected.json")).unwrap()).unwrap()
}

#[track_caller]
fn assert_kept(server: &Server) {
    let expected = expected();
    assert_eq!(expected.len(), 5);
    for secret in expected {
        let (namespace, id) = (secret["NamespaceId"].as_str(), secret["SecretId"].as_i64());
        assert_eq!(server.describe(namespace.unwrap(), id.unwrap()).data(), secret);
    }
}

#[test]
fn a_database_of_every_schema_opens_with_every_value() {
    let mut fixtures: Vec<String> = fs::read_dir(fixture(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".db"))
        .collect();
    fixtures.sort();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    assert_eq!(fixtures.len(), fs::read_dir(migrations).unwrap().count(), "one for each schema");
    for name in fixtures {
        let folder = folder_with(&name);
        let mut server = Server::start_with(folder.path(), serve);
        assert_kept(&server);
        let id = server.create("cn-beijing:old", "new", &serde_json::json!({"k": "v"})).secret_id();
        assert_eq!(id, 7, "{name}: numbers go on where they were");
        assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new(), "{name}: while it serves");
        server.kill();
        assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new(), "{name}: after a kill");
        let server = Server::start_with(folder.path(), serve);
        assert_kept(&server);
        let keys = fixture("master.keys");
        done(folder.path(), &["verify", "--master-key-file", keys.to_str().unwrap()]);
    }
}

#[test]
fn upkeep_waits_for_the_upgrade() {
    let folder = folder_with("1-unsealed.db");
    let before = fs::read(folder.path().join("test.db")).unwrap();
    let backup = folder.path().join("backup.db").display().to_string();
    for arguments in [&["verify"][..], &["keys", "list"], &["keys", "rotate"], &["backup", &backup]]
    {
        let report = refused(folder.path(), arguments);
        assert!(report.contains("made by an older version"), "{report}");
    }
    assert!(fs::read(folder.path().join("test.db")).unwrap() == before);
    assert!(!Path::new(&backup).exists());
    // Where no key may be made, nothing is changed either.
    let report = refused(folder.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert!(report.contains("no master key is given"), "{report}");
    assert!(fs::read(folder.path().join("test.db")).unwrap() == before);
}

/// A kill that comes after the tables were changed and before the values are sealed is hard to time, so it is made up.
#[test]
fn an_upgrade_goes_on_from_each_of_its_steps() {
    // Between the two transactions.
    let folder = folder_with("1-unsealed.db");
    let migration =
        concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite/2026-11-26-000000_sealed/up.sql");
    let mut rows = open(folder.path());
    rows.batch_execute(&fs::read_to_string(migration).unwrap()).unwrap();
    let applied = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20261126000000')";
    rows.batch_execute(applied).unwrap();
    drop(rows);
    assert!(refused(folder.path(), &["verify"]).contains("made by an older version"));
    let server = Server::start_with(folder.path(), serve);
    assert_kept(&server);
    assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new());
    drop(server);

    // When all is sealed, and the file not yet written anew: values in clear are in its free pages.
    let mut rows = open(folder.path());
    rows.batch_execute(&format!(
        "PRAGMA secure_delete = OFF; CREATE TABLE remains (value TEXT);
         INSERT INTO remains VALUES ('{}'); DROP TABLE remains;
         UPDATE counters SET value = 1 WHERE name = 'unsealed_remains'",
        CANARY.repeat(1000)
    ))
    .unwrap();
    drop(rows);
    assert!(!hits(folder.path(), CANARY).is_empty(), "the remains are there");
    let server = Server::start_with(folder.path(), serve);
    assert_kept(&server);
    assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new());
}

#[test]
fn an_upgrade_that_is_killed_anywhere_is_finished_by_the_next_start() {
    let rounds = torture::rounds(12);
    let (mut early, mut late) = (0, 0);
    for round in 0..rounds {
        let folder = folder_with("1-unsealed.db");
        let mut command = binary();
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", &url(folder.path())]);
        serve(&mut command);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        // From before the first statement until after the last.
        thread::sleep(Duration::from_millis(u64::from(round * 97 % 160)));
        child.kill().unwrap();
        child.wait().unwrap();
        let keys = fixture("master.keys");
        let looked = ["verify", "--master-key-file", keys.to_str().unwrap()];
        match crate::upkeep::command(folder.path(), &looked) {
            output if output.status.success() => late += 1,
            output => {
                assert!(said(&output).contains("made by an older version"), "{}", said(&output));
                early += 1;
            }
        }
        let server = Server::start_with(folder.path(), serve);
        assert_kept(&server);
        assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new(), "round {round}");
        done(folder.path(), &looked);
    }
    println!("{rounds} kills: {early} before the values were sealed, {late} after");
}
