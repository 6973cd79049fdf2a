//! Encryption and decryption with keys.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    harness::{DAY, Given, Kms},
    keys::{
        DISABLED, KEY_NOT_FOUND, PENDING_DELETION, PENDING_IMPORT, UNAVAILABLE, UNSUPPORTED,
        in_every_state,
    },
};
use crate::common::{Request, document, query};

const SYMMETRIC: [&str; 4] = ["Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128", "Aliyun_SM4"];

/// Why a blob is refused that is none, and one that does not open.
const CLOSED: &str = "CiphertextBlob: does not open: it was not made here, was changed, or has another EncryptionContext";

/// A plaintext that is looked for in whatever the server says.
const PLAIN: &str = "canary-of-encryption";

impl Kms {
    /// Encrypts with a key and returns the blob.
    #[track_caller]
    fn encrypt(&self, key: &str, plain: &[u8], more: Given) -> String {
        let plain = STANDARD.encode(plain);
        let given = [&[("KeyId", key), ("Plaintext", plain.as_str())][..], more].concat();
        let sealed = self.ok("Encrypt", &given);
        let told = self.key_metadata(key);
        let expected = json!({
            "CiphertextBlob": sealed["CiphertextBlob"],
            "KeyId": told["KeyId"],
            "KeyVersionId": told["PrimaryKeyVersion"],
        });
        assert_eq!(sealed, expected);
        sealed["CiphertextBlob"].as_str().unwrap().to_owned()
    }

    /// Decrypts a blob.
    #[track_caller]
    fn decrypt(&self, blob: &str, more: Given) -> Vec<u8> {
        let given = [&[("CiphertextBlob", blob)][..], more].concat();
        let opened = self.ok("Decrypt", &given);
        STANDARD.decode(opened["Plaintext"].as_str().unwrap()).unwrap()
    }
}

#[test]
fn what_is_encrypted_is_decrypted() {
    let kms = Kms::start();
    for spec in SYMMETRIC {
        let key = kms.key(&[("KeySpec", spec)]);
        for plain in [&b"x"[..], PLAIN.as_bytes(), &[0xff; 6144], &[0; 33]] {
            let (blob, again) = (kms.encrypt(&key, plain, &[]), kms.encrypt(&key, plain, &[]));
            assert_ne!(blob, again, "each is another one");
            assert_eq!(kms.decrypt(&blob, &[]), plain, "{spec}");
            assert_eq!(kms.decrypt(&again, &[]), plain, "{spec}");
        }
        let blob = kms.encrypt(&key, b"x", &[]);
        let opened = kms.ok("Decrypt", &[("CiphertextBlob", &blob)]);
        let version = &kms.key_metadata(&key)["PrimaryKeyVersion"];
        let expected = json!({"Plaintext": "eA==", "KeyId": key, "KeyVersionId": version});
        assert_eq!(opened, expected);
    }
    // By an alias and by an ARN it is the same key.
    let key = kms.key(&[]);
    kms.ok("CreateAlias", &[("KeyId", &key), ("AliasName", "alias/a")]);
    let blob = kms.encrypt("alias/a", PLAIN.as_bytes(), &[]);
    kms.ok("DeleteAlias", &[("AliasName", "alias/a")]);
    assert_eq!(kms.decrypt(&blob, &[]), PLAIN.as_bytes());
}

#[test]
fn a_plaintext_has_its_limits() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    for (plain, why) in [
        (STANDARD.encode([0; 6145]).as_str(), "is longer than base64 of 6144 bytes"),
        ("a", "is not padded base64"),
        ("YQ", "is not padded base64"),
        ("YQ==\n", "is not padded base64"),
        ("YR==", "is not padded base64"),
    ] {
        let given = [("KeyId", key.as_str()), ("Plaintext", plain)];
        kms.is_invalid("Encrypt", &given, &format!("Plaintext: {why}"));
    }
    kms.misses("Encrypt", &[("KeyId", &key)], "Plaintext");
    kms.misses("Encrypt", &[("KeyId", &key), ("Plaintext", "")], "Plaintext");
    kms.misses("Encrypt", &[("Plaintext", "YQ==")], "KeyId");
    kms.misses("Decrypt", &[], "CiphertextBlob");
}

#[test]
fn data_keys_are_made() {
    let kms = Kms::start();
    for spec in SYMMETRIC {
        let key = kms.key(&[("KeySpec", spec)]);
        let version = kms.key_metadata(&key)["PrimaryKeyVersion"].clone();
        for (more, length) in [
            (&[][..], 32),
            (&[("KeySpec", "AES_256")], 32),
            (&[("KeySpec", "AES_128")], 16),
            // As the table of parameters prints it.
            (&[("KeySpec", " AES_128")], 16),
            (&[("NumberOfBytes", "1")], 1),
            (&[("NumberOfBytes", "1024")], 1024),
            (&[("KeySpec", "AES_128"), ("NumberOfBytes", "64")], 64),
        ] {
            let given = [&[("KeyId", key.as_str())][..], more].concat();
            let made = kms.ok("GenerateDataKey", &given);
            let plain = STANDARD.decode(made["Plaintext"].as_str().unwrap()).unwrap();
            let expected = json!({
                "Plaintext": made["Plaintext"], "CiphertextBlob": made["CiphertextBlob"],
                "KeyId": key, "KeyVersionId": version,
            });
            assert_eq!((plain.len(), &made), (length, &expected));
            assert_eq!(kms.decrypt(made["CiphertextBlob"].as_str().unwrap(), &[]), plain);
            let made = kms.ok("GenerateDataKeyWithoutPlaintext", &given);
            let expected = json!({
                "CiphertextBlob": made["CiphertextBlob"], "KeyId": key, "KeyVersionId": version,
            });
            assert_eq!(made, expected);
            let opened = kms.decrypt(made["CiphertextBlob"].as_str().unwrap(), &[]);
            assert_eq!(opened.len(), length);
            assert!(length < 16 || opened != plain, "each is another one");
        }
    }
    let key = kms.key(&[]);
    for action in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
        for (name, value, why) in [
            ("KeySpec", "AES_192", "is not AES_256 or AES_128"),
            ("KeySpec", "Aliyun_AES_256", "is not AES_256 or AES_128"),
            ("NumberOfBytes", "0", "is not from 1 to 1024"),
            ("NumberOfBytes", "1025", "is not from 1 to 1024"),
            ("NumberOfBytes", "-1", "cannot be read"),
            ("NumberOfBytes", "x", "cannot be read"),
        ] {
            let given = [("KeyId", key.as_str()), (name, value)];
            kms.is_invalid(action, &given, &format!("{name}: {why}"));
        }
    }
}

#[test]
fn a_context_is_compared_parsed() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    let bound = |text| [("EncryptionContext", text)];
    // As SDKs for Java and for Go write the same one.
    let (java, go) = (r#"{"a":"b c","é":"中<>"}"#, r#"{ "\u00e9":"中\u003c\u003e", "a":"b c" }"#);
    let made = |text: &'static str| {
        let given = [&[("KeyId", key.as_str())][..], &bound(text)].concat();
        let blob = |action| kms.ok(action, &given)["CiphertextBlob"].as_str().unwrap().to_owned();
        [
            kms.encrypt(&key, PLAIN.as_bytes(), &bound(text)),
            blob("GenerateDataKey"),
            blob("GenerateDataKeyWithoutPlaintext"),
        ]
    };
    for (one, other) in [(java, go), (go, java), ("{}", ""), ("", "{ }")] {
        for blob in made(one) {
            kms.decrypt(&blob, &bound(one));
            kms.decrypt(&blob, &bound(other));
        }
    }
    for blob in made(java) {
        for other in [
            "",
            "{}",
            r#"{"a":"b c"}"#,
            r#"{"a":"b c","é":"中<"}"#,
            r#"{"A":"b c","é":"中<>"}"#,
            r#"{"a":"b c","é":"中<>","":""}"#,
        ] {
            let given = [("CiphertextBlob", blob.as_str()), bound(other)[0]];
            kms.is_invalid("Decrypt", &given, CLOSED);
        }
        kms.is_invalid("Decrypt", &[("CiphertextBlob", &blob)], CLOSED);
    }
    for blob in made("") {
        kms.is_invalid("Decrypt", &[("CiphertextBlob", &blob), bound(java)[0]], CLOSED);
    }
    for (text, why) in [
        ("x", "is not valid JSON (line 1, column 1)"),
        ("[]", "is not a JSON object"),
        (r#"{"a":1}"#, "has a value that is not a text"),
        (r#"{"a":"b","a":"b"}"#, "has a name twice"),
    ] {
        let why = format!("EncryptionContext: {why}");
        let blob = kms.encrypt(&key, b"x", &[]);
        for (action, given) in [
            ("Encrypt", &[("KeyId", key.as_str()), ("Plaintext", "eA==")][..]),
            ("GenerateDataKey", &[("KeyId", &key)]),
            ("GenerateDataKeyWithoutPlaintext", &[("KeyId", &key)]),
            ("Decrypt", &[("CiphertextBlob", &blob)]),
        ] {
            kms.is_invalid(action, &[given, &bound(text)].concat(), &why);
        }
    }
}

/// A JSON body may have the object itself.
#[test]
fn a_context_may_be_an_object_of_the_body() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    let blob = kms.encrypt(&key, PLAIN.as_bytes(), &[("EncryptionContext", r#"{"a":"中"}"#)]);
    for context in [json!({"a": "中"}), json!(r#"{"a":"中"}"#)] {
        let target = format!("/?{}", query(&[("Action", "Decrypt"), ("Version", "2016-01-20")]));
        let body = json!({"CiphertextBlob": blob, "EncryptionContext": context});
        let request = Request::new("POST", target).json(&body);
        let reply = kms.server.send(&request);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["Plaintext"], STANDARD.encode(PLAIN));
    }
}

/// An SDK for Node makes a parameter of each name.
#[test]
fn a_context_may_stand_in_parameters_of_its_own() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    let apart = [("EncryptionContext.b", "c d"), ("EncryptionContext.中", "")];
    let blob = kms.encrypt(&key, PLAIN.as_bytes(), &apart);
    kms.decrypt(&blob, &apart);
    kms.decrypt(&blob, &[("EncryptionContext", r#"{"中":"","b":"c d"}"#)]);
    kms.is_invalid("Decrypt", &[("CiphertextBlob", &blob)], CLOSED);
    kms.is_invalid("Decrypt", &[("CiphertextBlob", &blob), apart[0]], CLOSED);
    let both = [("CiphertextBlob", blob.as_str()), ("EncryptionContext", "{}"), apart[0]];
    kms.is_invalid("Decrypt", &both, "EncryptionContext: cannot be read");
}

#[test]
fn every_changed_bit_is_noticed() {
    let kms = Kms::start();
    for spec in ["Aliyun_AES_256", "Aliyun_SM4"] {
        let key = kms.key(&[("KeySpec", spec)]);
        let whole = STANDARD.decode(kms.encrypt(&key, PLAIN.as_bytes(), &[])).unwrap();
        let mut connection = kms.server.connect();
        let mut status = |bytes: &[u8]| {
            let blob = STANDARD.encode(bytes);
            let given = [
                ("Action", "Decrypt"),
                ("Version", "2016-01-20"),
                ("CiphertextBlob", blob.as_str()),
            ];
            let request = Request::new("GET", format!("/?{}", query(&given)));
            let bytes = request.bytes(kms.server.address);
            connection.send(&bytes).unwrap();
            let reply = connection.receive();
            document::check_sent(&bytes, &reply);
            assert!(!reply.text().contains(&STANDARD.encode(PLAIN)));
            (reply.status, reply.code())
        };
        // Where the id of the key stands, another key may be meant.
        let of_key = 17..18 + key.len();
        for at in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[at / 8] ^= 1 << (at % 8);
            let (status, code) = status(&changed);
            let is_refused = match (status, code.as_str()) {
                (400, "InvalidParameter") => true,
                (404, "Forbidden.KeyNotFound") => of_key.contains(&(at / 8)),
                _ => false,
            };
            assert!(is_refused, "{spec}, bit {at}: {status} {code}");
        }
        for length in 1..whole.len() {
            assert_eq!(status(&whole[..length]).0, 400, "{length} bytes");
        }
    }
    let key = kms.key(&[]);
    let blob = kms.encrypt(&key, PLAIN.as_bytes(), &[]);
    for text in ["x", "YQ==", &blob[..blob.len() - 4], &format!("{blob}\n"), &format!("A{blob}")] {
        kms.is_invalid("Decrypt", &[("CiphertextBlob", text)], CLOSED);
    }
}

/// The blob with the id of another key.
fn renamed(blob: &str, key: &str, other: &str) -> String {
    let bytes = STANDARD.decode(blob).unwrap();
    let (head, tail) = (&bytes[..18], &bytes[18 + key.len()..]);
    let length = [u8::try_from(other.len()).unwrap()];
    STANDARD.encode([&head[..17], &length, other.as_bytes(), tail].concat())
}

#[test]
fn a_blob_opens_where_it_was_made_and_nowhere_else() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    let blob = kms.encrypt(&key, PLAIN.as_bytes(), &[]);
    let elsewhere = [("CiphertextBlob", blob.as_str()), ("RegionId", "cn-beijing")];
    kms.refuses("Decrypt", &elsewhere, KEY_NOT_FOUND);
    // Not by another key, of whatever kind.
    let other = kms.key(&[]);
    kms.is_invalid("Decrypt", &[("CiphertextBlob", &renamed(&blob, &key, &other))], CLOSED);
    let signing = kms.key(&[("KeySpec", "EC_P256")]);
    kms.refuses("Decrypt", &[("CiphertextBlob", &renamed(&blob, &key, &signing))], UNSUPPORTED);
    // Nor when its key is put elsewhere, or said to be of another kind, in the database.
    for change in ["scope = '1000000000000001/cn-beijing'", "spec = 'Aliyun_AES_128'"] {
        let [keys, versions] = ["kms_keys", "kms_key_versions"];
        kms.execute(&format!(
            "CREATE TABLE aside AS SELECT * FROM {keys}; UPDATE {keys} SET {change} WHERE key_id = '{key}'"
        ));
        if change.starts_with("scope") {
            kms.execute(&format!("UPDATE {versions} SET {change} WHERE kms_key = 1"));
        }
        let given = [
            ("CiphertextBlob", blob.as_str()),
            ("RegionId", if change.starts_with("scope") { "cn-beijing" } else { "cn-hangzhou" }),
        ];
        let internal = (500, "InternalFailure", "Internal Failure");
        kms.refuses("Decrypt", &given, internal);
        kms.execute(&format!("DELETE FROM {keys}; INSERT INTO {keys} SELECT * FROM aside; DROP TABLE aside; UPDATE {versions} SET scope = '1000000000000001/cn-hangzhou'"));
        assert_eq!(kms.decrypt(&blob, &[]), PLAIN.as_bytes());
    }
}

#[test]
fn only_an_enabled_symmetric_key_encrypts_and_decrypts() {
    let kms = Kms::start();
    let keys = in_every_state(&kms);
    let states =
        [None, Some(DISABLED), Some(PENDING_DELETION), Some(PENDING_IMPORT), Some(UNAVAILABLE)];
    let blob = kms.encrypt(&keys[0], PLAIN.as_bytes(), &[]);
    for (key, row) in keys.iter().zip(states) {
        let moved = renamed(&blob, &keys[0], key);
        for (action, given) in [
            ("Encrypt", vec![("KeyId", key.as_str()), ("Plaintext", "eA==")]),
            ("GenerateDataKey", vec![("KeyId", key)]),
            ("GenerateDataKeyWithoutPlaintext", vec![("KeyId", key)]),
            ("Decrypt", vec![("CiphertextBlob", &moved)]),
        ] {
            match row {
                Some(row) => kms.refuses(action, &given, row),
                None => drop(kms.ok(action, &given)),
            }
        }
    }
    let signing = kms.key(&[("KeySpec", "EC_P256")]);
    // Its kind is told before its state.
    kms.ok("DisableKey", &[("KeyId", &signing)]);
    kms.refuses("Encrypt", &[("KeyId", &signing), ("Plaintext", "eA==")], UNSUPPORTED);
    for action in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
        kms.refuses(action, &[("KeyId", &signing)], UNSUPPORTED);
    }
    // What was encrypted opens again when its key can be used again, and never when that is gone.
    for (close, row, open) in [
        ("DisableKey", DISABLED, "EnableKey"),
        ("ScheduleKeyDeletion", PENDING_DELETION, "CancelKeyDeletion"),
    ] {
        kms.ok(close, &[("KeyId", &keys[0]), ("PendingWindowInDays", "7")]);
        kms.refuses("Decrypt", &[("CiphertextBlob", &blob)], row);
        kms.ok(open, &[("KeyId", &keys[0])]);
        assert_eq!(kms.decrypt(&blob, &[]), PLAIN.as_bytes());
    }
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &keys[0]), ("PendingWindowInDays", "7")]);
    kms.wait(7 * DAY);
    kms.refuses("Decrypt", &[("CiphertextBlob", &blob)], KEY_NOT_FOUND);
}

#[test]
fn a_data_key_is_xml_where_that_is_wanted() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    let reply = kms.call("GenerateDataKey", &[("KeyId", &key), ("Format", "XML")]);
    let text = reply.text();
    for member in ["Plaintext", "CiphertextBlob", "KeyVersionId"] {
        assert!(text.contains(&format!("<{member}>")), "{text}");
    }
    assert!(text.contains(&format!("<KeyId>{key}</KeyId>")), "{text}");
}

/// Blobs of the fixture, as they were made by the version that made the database.
#[test]
fn a_blob_has_the_documented_bytes() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    let version = kms.key_metadata(&key)["PrimaryKeyVersion"].clone();
    let version = uuid::Uuid::try_parse(version.as_str().unwrap()).unwrap();
    let bytes = STANDARD.decode(kms.encrypt(&key, b"12345", &[])).unwrap();
    assert_eq!(bytes[0], 1);
    assert_eq!(&bytes[1..17], version.as_bytes());
    assert_eq!(usize::from(bytes[17]), key.len());
    assert_eq!(&bytes[18..18 + key.len()], key.as_bytes());
    assert_eq!(bytes.len(), 18 + key.len() + 29 + 5);
    assert_eq!(bytes[18 + key.len()], 1, "AES-256-GCM");
    let Value::String(_) = kms.ok("GenerateDataKey", &[("KeyId", &key)])["Plaintext"] else {
        panic!("a text");
    };
}
