//! A database that somebody wrote into: an error, never another value.

use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types};
use serde_json::json;

use crate::{
    audit::wait_until,
    child::Server,
    common::{Request, server::*},
    upkeep::{done, keys, refused},
};

#[derive(diesel::QueryableByName)]
struct Blobs {
    #[diesel(sql_type = sql_types::Binary)]
    data_key: Vec<u8>,
    #[diesel(sql_type = sql_types::Binary)]
    payload: Vec<u8>,
}

struct Tampered {
    folder: Folder,
    server: Server,
    rows: SqliteConnection,
}

impl Tampered {
    fn new() -> Self {
        let folder = Folder::new();
        let server = Server::start(folder.path());
        let path = folder.path().join("test.db");
        let mut rows = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        rows.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON").unwrap();
        Self { folder, server, rows }
    }

    fn create(&self, name: &str, value: &str) -> i64 {
        self.server.create("cn-beijing:test", name, &json!({"k": value})).secret_id()
    }

    fn blobs(&mut self, id: i64) -> Blobs {
        diesel::sql_query(format!("SELECT data_key, payload FROM secrets WHERE id = {id}"))
            .get_result(&mut self.rows)
            .unwrap()
    }

    fn put(&mut self, id: i64, blobs: &Blobs) {
        diesel::sql_query("UPDATE secrets SET data_key = ?, payload = ? WHERE id = ?")
            .bind::<sql_types::Binary, _>(&blobs.data_key)
            .bind::<sql_types::Binary, _>(&blobs.payload)
            .bind::<sql_types::BigInt, _>(id)
            .execute(&mut self.rows)
            .unwrap();
    }

    fn sql(&mut self, statements: &str) {
        self.rows.batch_execute(statements).unwrap();
    }

    /// Nothing but an outage.
    #[track_caller]
    fn assert_closed(&self, id: i64) {
        let reply = self.server.describe("cn-beijing:test", id);
        reply.assert_error(500, "OperationFailed.RPCError");
        assert!(!reply.text().contains("VALUE"), "{}", reply.text());
    }

    #[track_caller]
    fn assert_open(&self, id: i64, value: &str) {
        let data = self.server.describe("cn-beijing:test", id).data();
        assert_eq!(data["SecretData"], json!({"k": value}));
    }
}

#[test]
fn every_flipped_byte_is_noticed() {
    let mut it = Tampered::new();
    let id = it.create("flipped", "VALUE");
    let whole = it.blobs(id);
    let mut flipped = 0;
    for at in 0..whole.data_key.len() + whole.payload.len() {
        let mut blobs = Blobs { data_key: whole.data_key.clone(), payload: whole.payload.clone() };
        match blobs.data_key.get_mut(at) {
            Some(byte) => *byte ^= 1 << (at % 8),
            None => blobs.payload[at - whole.data_key.len()] ^= 1 << (at % 8),
        }
        it.put(id, &blobs);
        it.assert_closed(id);
        flipped += 1;
    }
    for blobs in [
        Blobs { data_key: vec![], payload: whole.payload.clone() },
        Blobs { data_key: whole.data_key.clone(), payload: vec![] },
        Blobs { data_key: whole.data_key.clone(), payload: b"[[\"k\",\"VALUE\"]]".to_vec() },
    ] {
        it.put(id, &blobs);
        it.assert_closed(id);
    }
    let report = refused(it.folder.path(), &["verify"]);
    assert!(report.contains(&format!("fault: the secret {id} does not open: ")), "{report}");
    it.put(id, &whole);
    it.assert_open(id, "VALUE");
    done(it.folder.path(), &["verify"]);
    println!("{flipped} bytes flipped, each was noticed");
    assert!(flipped > 100);
}

/// Two secrets of a namespace, and one of the first one's name elsewhere.
fn three(it: &Tampered) -> (i64, i64) {
    let (one, two) = (it.create("one", "VALUE-1"), it.create("two", "VALUE-2"));
    let elsewhere = it.server.create("cn-beijing:small", "one", &json!({"k": "VALUE-3"}));
    elsewhere.data();
    (one, two)
}

impl Tampered {
    /// After these statements the secret does not open; then all rows are as they were.
    #[track_caller]
    fn assert_closed_after(&mut self, id: i64, statements: &str) {
        self.sql(&format!("CREATE TABLE before AS SELECT * FROM secrets; {statements}"));
        self.assert_closed(id);
        self.sql(
            "DELETE FROM secrets; INSERT INTO secrets SELECT * FROM before; DROP TABLE before",
        );
    }
}

#[test]
fn nothing_can_be_exchanged_between_rows() {
    let mut it = Tampered::new();
    let (one, two) = three(&it);
    for columns in [
        "payload",
        "data_key",
        "data_key, payload",
        "uid, data_key, payload",
        "uid, version, data_key, payload, key_id, created_at, updated_at",
        "uid, version, data_key, payload, key_id, secret_type, created_at, updated_at",
        "uid",
    ] {
        let swap = format!(
            "UPDATE secrets SET ({columns}) = (SELECT {columns} FROM secrets AS o WHERE o.id = {two})
             WHERE id = {one}"
        );
        it.assert_closed_after(one, &swap);
        it.assert_open(one, "VALUE-1");
    }
}

#[test]
fn a_secret_stays_where_it_is() {
    let mut it = Tampered::new();
    let (one, two) = three(&it);
    let moves = [
        format!("UPDATE secrets SET name = 'other' WHERE id = {one}"),
        format!("UPDATE secrets SET secret_type = 'kubernetes.io/tls' WHERE id = {one}"),
        format!("UPDATE secrets SET version = 2 WHERE id = {one}"),
        // The names change places, so that each asks for the other's value.
        format!(
            "UPDATE secrets SET name = 'aside' WHERE id = {one};
             UPDATE secrets SET name = 'one' WHERE id = {two};
             UPDATE secrets SET name = 'two' WHERE id = {one}"
        ),
        // The numbers change places.
        format!(
            "UPDATE secrets SET id = 1000 WHERE id = {one};
             UPDATE secrets SET id = {one} WHERE id = {two};
             UPDATE secrets SET id = {two} WHERE id = 1000"
        ),
        // The secret of the same name in another namespace comes here.
        format!(
            "DELETE FROM secrets WHERE id = {one};
             UPDATE secrets SET id = {one}, namespace_id = 'cn-beijing:test'
             WHERE namespace_id = 'cn-beijing:small'"
        ),
    ];
    for statements in moves {
        it.assert_closed_after(one, &statements);
        it.assert_open(one, "VALUE-1");
        it.assert_open(two, "VALUE-2");
    }
}

#[test]
fn versions_of_a_secret_cannot_be_mixed() {
    let mut it = Tampered::new();
    let id = it.create("updated", "VALUE-old");
    let old = it.blobs(id);
    let body = json!({
        "NamespaceId": "cn-beijing:test", "SecretId": id, "SecretData": {"k": "VALUE-new"},
    });
    it.server.send(&Request::new("PUT", SECRET).json(&body)).data();
    let new = it.blobs(id);
    it.put(id, &old);
    it.assert_closed(id);
    it.put(id, &Blobs { data_key: new.data_key.clone(), payload: old.payload });
    it.assert_closed(id);
    it.put(id, &Blobs { data_key: old.data_key, payload: new.payload.clone() });
    it.assert_closed(id);
    it.put(id, &new);
    it.assert_open(id, "VALUE-new");
    // Nor can a deleted secret's value come into one of the same name.
    let parameters = [("NamespaceId", "cn-beijing:test"), ("SecretId", &id.to_string())];
    it.server.call("DELETE", SECRET, &parameters).data();
    let again = it.create("updated", "VALUE-again");
    it.put(again, &new);
    it.assert_closed(again);
}

#[test]
fn what_does_not_open_is_told_by_its_number_and_not_by_its_value() {
    let mut it = Tampered::new();
    let id = it.create("n", "VALUE");
    let whole = it.blobs(id);
    for blobs in [
        Blobs { payload: vec![1; 60], data_key: whole.data_key },
        Blobs { data_key: vec![1; 61], payload: whole.payload },
    ] {
        it.put(id, &blobs);
        let lines = it.server.log().matches("does not open: the sealed bytes").count();
        it.assert_closed(id);
        let told = || it.server.log().matches("does not open: the sealed bytes").count() > lines;
        wait_until("the log tells", told);
        assert!(it.server.log().contains(&format!("the secret {id} does not open")));
    }
}

#[test]
fn lost_keys_are_not_made_up() {
    let mut it = Tampered::new();
    let id = it.create("n", "VALUE");
    it.sql("PRAGMA foreign_keys = OFF; CREATE TABLE aside AS SELECT * FROM keys; DELETE FROM keys");
    // The running server has them open, and can write nothing more.
    it.assert_open(id, "VALUE");
    let refusal = it.server.create("cn-beijing:test", "m", &json!({"k": "v"}));
    refusal.assert_error(500, "OperationFailed.RPCError");
    assert_eq!(it.server.call("GET", "/ready", &[]).status, 503);
    let report = refused(it.folder.path(), &["verify"]);
    assert!(report.contains("no key is the current one"), "{report}");
    it.server.kill();
    let report = refused(it.folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(report.contains("it has sealed secrets and no keys"), "{report}");
    it.sql("INSERT INTO keys SELECT id, master_key, wrapped, FALSE, created_at FROM aside");
    let report = refused(it.folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(report.contains("no key of the database is the current one"), "{report}");
    // Which a rotation mends.
    done(it.folder.path(), &["keys", "rotate"]);
    done(it.folder.path(), &["verify"]);
    it.sql("PRAGMA foreign_keys = OFF; DELETE FROM keys");
    it.sql("INSERT INTO keys SELECT * FROM aside; DROP TABLE aside");
    it.server = Server::start(it.folder.path());
    // It was wrapped by a key that is gone.
    it.assert_closed(id);
}

#[test]
fn verify_tells_everything_that_is_wrong() {
    let mut it = Tampered::new();
    let (one, two) = three(&it);
    done(it.folder.path(), &["keys", "rotate"]);
    it.sql(&format!(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
         UPDATE secrets SET uid = 'none' WHERE id = {one};
         UPDATE secrets SET key_id = 'kms/other' WHERE id = {two};
         UPDATE secrets SET namespace_id = 'cn-beijing:nowhere' WHERE name = 'one' AND id <> {one};
         UPDATE namespaces SET secret_count = 7, description = x'ff' WHERE id = 'cn-beijing:busy';
         UPDATE counters SET value = 1;
         UPDATE keys SET master_key = 'gone';
         CREATE TRIGGER planted AFTER INSERT ON secrets BEGIN DELETE FROM secrets; END"
    ));
    let report = refused(it.folder.path(), &["verify"]);
    for part in [
        "the master key gone is missing",
        &format!(
            "the secret {one} does not open: the database holds a secret uid that cannot be read"
        ),
        &format!("the secret {two} does not open: the database holds a key id that cannot be read"),
        "refers to nothing in namespaces",
        "refers to nothing in keys",
        "planted is a trigger or a view of another program",
        "the namespace cn-beijing:busy counts 7 secrets and has 0",
        "the last number given is 1",
        "1 namespaces of users are counted and 4 are there",
        "the namespaces: Error deserializing field 'description'",
        "opened 0 secrets and 0 keys in 6 namespaces",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
}

#[test]
fn keys_cannot_be_exchanged_either() {
    let mut it = Tampered::new();
    let id = it.create("n", "VALUE");
    done(it.folder.path(), &["keys", "rotate"]);
    let keys = keys(it.folder.path());
    let (old, new) = (&keys[0].0, &keys[1].0);
    it.sql(&format!("UPDATE secrets SET key_id = '{old}' WHERE id = {id}"));
    it.assert_closed(id);
    it.sql(&format!("UPDATE secrets SET key_id = '{new}' WHERE id = {id}"));
    it.assert_open(id, "VALUE");
    let swapped = format!(
        "UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE id = '{old}') WHERE id = '{new}'"
    );
    it.sql(&swapped);
    // The server has the keys open; whoever opens them anew sees what was done.
    let report = refused(it.folder.path(), &["verify"]);
    assert!(report.contains("is another one than the one that sealed"), "{report}");
    it.server.kill();
    let report = refused(it.folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(report.contains("is another one than the one that sealed"), "{report}");
}
