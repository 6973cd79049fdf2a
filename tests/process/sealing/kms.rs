//! Versions of KMS secrets and keys, which are sealed as all else is.

use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types};
use serde_json::{Value, json};

use crate::{
    child::Server,
    common::{Reply, Request, query, server::*},
    due::call,
    scanner::hits,
    sealing::CANARY,
    upkeep::{done, keys, refused},
};

#[derive(diesel::QueryableByName)]
struct Blobs {
    #[diesel(sql_type = sql_types::Binary)]
    data_key: Vec<u8>,
    #[diesel(sql_type = sql_types::Binary)]
    payload: Vec<u8>,
}

/// A server with a key, a secret that it encrypts and one that no key does, of two versions each.
struct Filled {
    folder: Folder,
    server: Server,
    rows: SqliteConnection,
    key: String,
}

impl Filled {
    fn new() -> Self {
        let folder = Folder::new();
        let server = Server::start(folder.path());
        let path = folder.path().join("test.db");
        let mut rows = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        rows.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = OFF").unwrap();
        let made = call(&server, "CreateKey", &[]);
        let key = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        let it = Self { folder, server, rows, key };
        it.create("by-key", &[("EncryptionKeyId", &it.key)]);
        it.create("own", &[]);
        for name in ["by-key", "own"] {
            let given = [("SecretName", name), ("VersionId", "v2"), ("SecretData", CANARY)];
            it.call("PutSecretValue", &given);
        }
        it
    }

    fn call(&self, action: &str, given: &[(&str, &str)]) -> Value {
        call(&self.server, action, given)
    }

    fn create(&self, name: &str, more: &[(&str, &str)]) {
        let given = [("SecretName", name), ("VersionId", "v1"), ("SecretData", CANARY)];
        self.call("CreateSecret", &[&given[..], more].concat());
    }

    /// What a call answers, whatever that is.
    fn ask(&self, action: &str, given: &[(&str, &str)]) -> Reply {
        let system = [("Action", action), ("Version", "2016-01-20")];
        let target = format!("/?{}", query(&[&system[..], given].concat()));
        let mut connection = self.server.connect();
        connection.send(&Request::new("GET", target).bytes(self.server.address)).unwrap();
        connection.receive()
    }

    fn get(&self, name: &str) -> Reply {
        self.ask("GetSecretValue", &[("SecretName", name), ("VersionId", "v1")])
    }

    #[track_caller]
    fn opens(&self, name: &str) {
        let reply = self.get(name);
        assert_eq!(reply.json()["SecretData"], CANARY, "{}", reply.text());
    }

    /// Nothing but an outage.
    #[track_caller]
    fn is_closed(&self, name: &str) {
        let reply = self.get(name);
        reply.assert_error(500, "InternalFailure");
        assert!(!reply.text().contains(CANARY), "{}", reply.text());
    }

    fn sql(&mut self, statements: &str) {
        self.rows.batch_execute(statements).unwrap();
    }

    /// What `verify` tells after these statements; then all rows are as they were.
    #[track_caller]
    fn told_after(&mut self, statements: &str) -> String {
        let tables = [
            "kms_secrets",
            "kms_versions",
            "kms_keys",
            "kms_key_versions",
            "kms_aliases",
            "kms_tags",
            "kms_counts",
        ];
        let keep = |table| format!("CREATE TABLE {table}_before AS SELECT * FROM {table};");
        self.sql(&tables.map(keep).concat());
        self.sql(statements);
        let report = refused(self.folder.path(), &["verify"]);
        let put_back = |table| {
            format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_before; DROP TABLE {table}_before;"
            )
        };
        self.sql(&tables.map(put_back).concat());
        report
    }
}

#[test]
fn all_of_kms_is_wrapped_anew() {
    let it = Filled::new();
    it.server.create("cn-beijing:test", "n", &json!({"k": "v"})).data();
    it.call("CreateKey", &[("KeySpec", "EC_P256")]);
    it.call("CreateKey", &[("Origin", "EXTERNAL")]);
    let sealed = it.call("Encrypt", &[("KeyId", &it.key), ("Plaintext", "c3BlY2ltZW4=")]);
    let path = it.folder.path();
    let first = keys(path)[0].0.clone();
    let report = refused(path, &["keys", "retire", &first]);
    let needed = "needed by 1 secrets, 2 KMS secret versions and 2 KMS key versions";
    assert!(report.contains(needed), "{report}");
    let said = done(path, &["keys", "rotate"]);
    let rewrapped =
        "wraps the data keys of 1 secret, 2 KMS secret versions and 2 KMS key versions anew";
    assert!(said.contains(rewrapped), "{said}");
    let listed = done(path, &["keys", "list"]);
    let row = |id: &str| listed.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
    assert!(row(&first).contains("0 secrets  "), "{listed}");
    assert!(
        row(&keys(path)[1].0).contains("1 secret, 2 KMS secret versions and 2 KMS key versions"),
        "{listed}"
    );
    let said = done(path, &["verify"]);
    let opened = "opened 1 secret, 4 KMS secret versions, 2 KMS key versions and 2 keys in 6 namespaces: 0 faults";
    assert!(said.contains(opened), "{said}");
    let said = done(path, &["keys", "retire", &first]);
    assert!(said.contains("is deleted"), "{said}");
    for name in ["by-key", "own"] {
        it.opens(name);
        let current = it.ask("GetSecretValue", &[("SecretName", name)]);
        assert_eq!(current.json()["SecretData"], CANARY);
    }
    let blob = sealed["CiphertextBlob"].as_str().unwrap();
    assert_eq!(it.call("Decrypt", &[("CiphertextBlob", blob)])["Plaintext"], "c3BlY2ltZW4=");
    // Nothing is left to be done.
    let said = done(path, &["keys", "rotate"]);
    assert!(said.contains(rewrapped), "{said}");
    done(path, &["verify"]);
}

#[test]
fn no_value_of_kms_is_on_disk() {
    let mut it = Filled::new();
    let plain = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, CANARY);
    let given = [("KeyId", it.key.as_str()), ("Plaintext", &plain)];
    let sealed = it.call("Encrypt", &given);
    it.call("Decrypt", &[("CiphertextBlob", sealed["CiphertextBlob"].as_str().unwrap())]);
    let backup = it.folder.path().join("online");
    done(it.folder.path(), &["backup", backup.to_str().unwrap()]);
    assert_eq!(hits(it.folder.path(), CANARY), Vec::<String>::new(), "while it serves");
    done(it.folder.path(), &["keys", "rotate"]);
    it.server.terminate();
    it.server.wait();
    assert_eq!(hits(it.folder.path(), CANARY), Vec::<String>::new(), "after a stop");
    // The copy has all of it.
    let copy = it.folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(it.folder.path().join("test.db.key"), copy.join("test.db.key")).unwrap();
    let said = done(&copy, &["restore", backup.to_str().unwrap()]);
    let restored = "restored; opened 0 secrets, 4 KMS secret versions, 1 KMS key version and 1 key";
    assert!(said.contains(restored), "{said}");
}

#[test]
fn every_flipped_byte_of_kms_is_noticed() {
    let mut it = Filled::new();
    let mut flipped = 0;
    for name in ["by-key", "own"] {
        let row = format!(
            "WHERE version_id = 'v1' AND secret_id = (SELECT id FROM kms_secrets WHERE name = '{name}')"
        );
        let whole: Blobs =
            diesel::sql_query(format!("SELECT data_key, payload FROM kms_versions {row}"))
                .get_result(&mut it.rows)
                .unwrap();
        let mut put = |data_key: &[u8], payload: &[u8]| {
            let sql = format!("UPDATE kms_versions SET data_key = ?, payload = ? {row}");
            diesel::sql_query(sql)
                .bind::<sql_types::Binary, _>(data_key)
                .bind::<sql_types::Binary, _>(payload)
                .execute(&mut it.rows)
                .unwrap();
        };
        for at in 0..whole.data_key.len() + whole.payload.len() {
            let (mut data_key, mut payload) = (whole.data_key.clone(), whole.payload.clone());
            match data_key.get_mut(at) {
                Some(byte) => *byte ^= 1 << (at % 8),
                None => payload[at - whole.data_key.len()] ^= 1 << (at % 8),
            }
            put(&data_key, &payload);
            let reply = {
                let given = [
                    ("Action", "GetSecretValue"),
                    ("Version", "2016-01-20"),
                    ("SecretName", name),
                    ("VersionId", "v1"),
                ];
                let mut connection = it.server.connect();
                let request = Request::new("GET", format!("/?{}", query(&given)));
                connection.send(&request.bytes(it.server.address)).unwrap();
                connection.receive()
            };
            reply.assert_error(500, "InternalFailure");
            flipped += 1;
        }
        let report = refused(it.folder.path(), &["verify"]);
        let number = if name == "by-key" { 1 } else { 2 };
        let fault = format!("fault: KMS secret version {number} part 1 does not open: ");
        assert!(report.contains(&fault), "{report}");
        assert!(report.contains("3 KMS secret versions"), "{report}");
        put(&whole.data_key, &whole.payload);
        it.opens(name);
    }
    let whole: Blobs = diesel::sql_query("SELECT data_key, x'00' AS payload FROM kms_key_versions")
        .get_result(&mut it.rows)
        .unwrap();
    for at in 0..whole.data_key.len() {
        let mut data_key = whole.data_key.clone();
        data_key[at] ^= 1 << (at % 8);
        diesel::sql_query("UPDATE kms_key_versions SET data_key = ?")
            .bind::<sql_types::Binary, _>(&data_key)
            .execute(&mut it.rows)
            .unwrap();
        it.is_closed("by-key");
        let reply = it.ask("GenerateDataKey", &[("KeyId", &it.key)]);
        reply.assert_error(500, "InternalFailure");
        flipped += 1;
    }
    let report = refused(it.folder.path(), &["verify"]);
    for fault in
        ["KMS key version 1 part 1", "KMS secret version 1 part 1", "KMS secret version 1 part 2"]
    {
        assert!(report.contains(&format!("fault: {fault} does not open: ")), "{report}");
    }
    assert!(report.contains("opened 0 secrets, 2 KMS secret versions and 1 key"), "{report}");
    diesel::sql_query("UPDATE kms_key_versions SET data_key = ?")
        .bind::<sql_types::Binary, _>(&whole.data_key)
        .execute(&mut it.rows)
        .unwrap();
    it.opens("by-key");
    done(it.folder.path(), &["verify"]);
    println!("{flipped} bytes flipped, each was noticed");
    assert!(flipped > 200);
}

#[test]
fn nothing_of_kms_can_be_exchanged_or_moved() {
    let mut it = Filled::new();
    it.call("CreateKey", &[]);
    let of = |name: &str| format!("(SELECT id FROM kms_secrets WHERE name = '{name}')");
    let (by_key, own) = (of("by-key"), of("own"));
    let swapped = |column: &str, table: &str, here: &str, there: &str| {
        format!(
            "UPDATE {table} SET {column} = (SELECT {column} FROM {table}_before WHERE {there}) WHERE {here}"
        )
    };
    let both = |here: &str, there: &str| {
        [
            swapped("data_key", "kms_versions", here, there),
            swapped("payload", "kms_versions", here, there),
        ]
        .join(";")
    };
    for (statements, fault) in [
        (
            both(
                &format!("secret_id = {own} AND number = 1"),
                &format!("secret_id = {own} AND number = 2"),
            ),
            "KMS secret version 2 part 1 does not open",
        ),
        (
            both(
                &format!("secret_id = {by_key} AND number = 1"),
                &format!("secret_id = {by_key} AND number = 2"),
            ),
            "KMS secret version 1 part 1 does not open",
        ),
        ("UPDATE kms_secrets SET name = 'other' WHERE name = 'own'".to_owned(), "KMS secret version 2 part 1 does not open"),
        ("UPDATE kms_secrets SET uid = '00000000000000000000000000000000' WHERE name = 'own'".to_owned(), "KMS secret version 2 part 2 does not open"),
        ("UPDATE kms_versions SET data_type = 'binary' WHERE number = 2".to_owned(), "KMS secret version 1 part 2 does not open"),
        ("UPDATE kms_versions SET version_id = 'v3' WHERE number = 2".to_owned(), "KMS secret version 2 part 2 does not open"),
        (
            ["kms_secrets", "kms_versions", "kms_keys", "kms_key_versions", "kms_counts"]
                .map(|table| format!("UPDATE {table} SET scope = '1000000000000001/cn-hangzhou'"))
                .join(";"),
            "KMS key version 1 part 1 does not open",
        ),
        (swapped("data_key", "kms_key_versions", "kms_key = 1", "kms_key = 2"), "KMS key version 1 part 1 does not open"),
        ("UPDATE kms_keys SET spec = 'Aliyun_SM4' WHERE id = 1".to_owned(), "KMS key version 1 part 1 does not open"),
        ("UPDATE kms_keys SET key_id = 'key-other' WHERE id = 1".to_owned(), "KMS key version 1 part 1 does not open"),
        ("UPDATE kms_keys SET uid = '00000000000000000000000000000000' WHERE id = 1".to_owned(), "KMS key version 1 part 1 does not open"),
        ("UPDATE kms_key_versions SET number = 7 WHERE kms_key = 1".to_owned(), "KMS key version 1 part 7 does not open"),
        ("UPDATE kms_key_versions SET version_id = '11111111-2222-4333-8444-555555555555' WHERE kms_key = 1".to_owned(), "KMS key version 1 part 1 does not open"),
    ] {
        let report = it.told_after(&statements);
        assert!(report.contains(&format!("fault: {fault}")), "{statements}: {report}");
    }
    done(it.folder.path(), &["verify"]);
}

#[test]
fn verify_tells_all_that_is_wrong_in_kms() {
    let mut it = Filled::new();
    let tags = r#"[{"TagKey":"a"}]"#;
    it.call("CreateKey", &[("Tags", tags)]);
    it.call("CreateAlias", &[("KeyId", &it.key), ("AliasName", "alias/a")]);
    it.create("tagged", &[("Tags", tags)]);
    done(it.folder.path(), &["verify"]);
    let scope = "1000000000000001/cn-beijing";
    for (statements, faults) in [
        (
            "UPDATE kms_counts SET secrets = 7, keys = 8",
            &["KMS in {} counts 7 secrets and has 3", "KMS in {} counts 8 keys and has 2"][..],
        ),
        ("DELETE FROM kms_counts", &["KMS in {} counts 0 secrets and has 3"]),
        (
            "INSERT INTO kms_counts VALUES ('1/cn-beijing', 0, 1, 0)",
            &["KMS in 1/cn-beijing counts 1 secrets and has 0"],
        ),
        (
            "UPDATE kms_secrets SET encryption_key = 'key-other' WHERE name = 'by-key'",
            &[
                "KMS secret 1 in {} names the key key-other, which never was there",
                "KMS secret version 1 part 1: the key does not exist",
            ],
        ),
        (
            "DELETE FROM kms_keys WHERE id = 1",
            &[
                "KMS in {} counts 2 keys and has 1",
                "which never was there",
                "alias/a in {} names a KMS key that is missing",
                "KMS key version 1 part 1: what it belongs to is missing",
            ],
        ),
        ("DELETE FROM kms_key_versions WHERE kms_key = 2", &["KMS key 2 in {} has no version"]),
        (
            "DELETE FROM kms_secrets WHERE name = 'tagged'",
            &[
                "KMS secret 3 in {} has tags and is missing",
                "KMS secret version 3 part 1: what it belongs to is missing",
            ],
        ),
        (
            "UPDATE kms_tags SET resource_id = 9 WHERE kind = 'key'",
            &["KMS key 9 in {} has tags and is missing"],
        ),
        (
            "UPDATE kms_secrets SET uid = 'none' WHERE name = 'own'",
            &[
                "KMS secret version 2 part 1 does not open: the database holds a secret of KMS that cannot be read",
            ],
        ),
        (
            "UPDATE kms_keys SET origin = 'x' WHERE id = 2",
            &[
                "KMS key version 2 part 1 does not open: the database holds a key of KMS that cannot be read",
            ],
        ),
        (
            "UPDATE kms_versions SET stages = x'ff' WHERE secret_id = 2 AND number = 1",
            &["KMS secret version 2 part 1 does not open: "],
        ),
        (
            "UPDATE kms_secrets SET id = 99 WHERE id = 3",
            &["KMS secret 99 exists, and the last number given is 3"],
        ),
        (
            "UPDATE kms_keys SET id = 99 WHERE id = 2",
            &["KMS key 99 exists, and the last number given is 2"],
        ),
    ] {
        let report = it.told_after(statements);
        for fault in faults {
            let fault = fault.replace("{}", scope);
            assert!(report.contains(&fault), "{fault} in {report}");
        }
    }
    done(it.folder.path(), &["verify"]);
}

/// What it sealed is lost, and all else is sound.
#[test]
fn a_key_that_was_deleted_is_no_fault() {
    let mut it = Filled::new();
    let given = [("KeyId", it.key.as_str()), ("PendingWindowInDays", "7")];
    it.call("ScheduleKeyDeletion", &given);
    it.sql("UPDATE kms_keys SET delete_at = 1");
    crate::audit::wait_until("the key is still there", || {
        it.ask("ListKeys", &[]).json()["TotalCount"] == 0
            && refused_or_done(it.folder.path())
                .contains("opened 0 secrets, 2 KMS secret versions and 1 key")
    });
    done(it.folder.path(), &["verify"]);
    it.ask("GetSecretValue", &[("SecretName", "by-key")])
        .assert_error(404, "Forbidden.KeyNotFound");
    let said = done(it.folder.path(), &["keys", "rotate"]);
    assert!(said.contains("of 0 secrets and 2 KMS secret versions anew"), "{said}");
}

fn refused_or_done(folder: &std::path::Path) -> String {
    crate::upkeep::said(&crate::upkeep::command(folder, &["verify"]))
}

#[test]
fn what_is_damaged_in_kms_holds_up_no_other() {
    let mut it = Filled::new();
    it.call("CreateKey", &[]);
    it.sql("UPDATE kms_versions SET data_key = zeroblob(61) WHERE secret_id = 2 AND number = 1");
    it.sql("UPDATE kms_keys SET usage = 'Weird' WHERE id = 2");
    let report = refused(it.folder.path(), &["keys", "rotate"]);
    let kept = "KMS secret versions that do not open keep the key that they had: 2 part 1; \
                KMS key versions that do not open keep the key that they had: 2 part 1";
    assert!(report.contains(kept), "{report}");
    it.opens("by-key");
    let first = keys(it.folder.path())[0].0.clone();
    let report = refused(it.folder.path(), &["keys", "retire", &first]);
    let needed = "needed by 0 secrets, 1 KMS secret versions and 1 KMS key versions";
    assert!(report.contains(needed), "{report}");
}
