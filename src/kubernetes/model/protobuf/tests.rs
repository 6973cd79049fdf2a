//! Bodies of real clients with what the real server made of them, and random objects through an encoder that knows nothing of the
//! decoder.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use proptest::{collection, option, prelude::*};
use serde_json::{Map, json};

use super::*;

/// What stands in the example secrets and must stand in no error.
const MARKER: &str = "correct-horse-battery";

fn decode_hex(body: &str, expected: Kind) -> Result<Value, ProtobufError> {
    decode(&HEXLOWER.decode(body.as_bytes()).unwrap().into(), expected)
}

fn decoded(body: &str, expected: Kind) -> Value {
    decode_hex(body, expected).unwrap()
}

fn error(body: &str, expected: Kind) -> String {
    decode_hex(body, expected).unwrap_err().to_string()
}

// ---- An encoder of its own.

fn varint(number: u64) -> Vec<u8> {
    let length = (64 - number.leading_zeros()).div_ceil(7).max(1);
    let byte = |at| {
        let more = if at + 1 < length { 128 } else { 0 };
        u8::try_from(number >> (7 * at) & 127 | more).unwrap()
    };
    (0..length).map(byte).collect()
}

fn number(field: u32, number: i64) -> Vec<u8> {
    [varint(u64::from(field) << 3), varint(number.cast_unsigned())].concat()
}

fn block(field: u32, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [varint(u64::from(field) << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn entry(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Vec<u8> {
    [block(1, key), block(2, value)].concat()
}

fn envelope(api_version: &str, kind: &str, message: &[u8]) -> Bytes {
    let type_meta = [block(1, api_version), block(2, kind)].concat();
    let parts =
        [&b"k8s\0"[..], &block(1, type_meta), &block(2, message), &block(3, ""), &block(4, "")];
    parts.concat().into()
}

fn secret(message: &[u8]) -> Result<Value, ProtobufError> {
    decode(&envelope("v1", "Secret", message), Kind::Secret)
}

/// A secret whose metadata is the message.
fn metadata(message: &[u8]) -> Value {
    secret(&block(1, message)).unwrap()["metadata"].clone()
}

// ---- Bodies that were sent to a real kube-apiserver 1.37.2, or by a real client.

#[test]
fn the_secret_that_kubectl_makes_is_decoded() {
    let body = "6b3873000a0c0a0276311206536563726574122f0a120a02733112001a0022002a003200380042001206\
                0a01611201621a116366652f7365637572652d6f70617175651a002200";
    let expected = json!({
        "kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s1"}, "data": {"a": "Yg=="},
        "type": "cfe/secure-opaque",
    });
    assert_eq!(decoded(body, Kind::Secret), expected);

    let body = "6b3873000a0c0a0276311206536563726574128a010a120a02647212001a0022002a0032003800420012\
                540a112e646f636b6572636f6e6669676a736f6e123f7b226175746873223a7b22722e78223a7b22757365\
                726e616d65223a2275222c2270617373776f7264223a2270222c2261757468223a2264547077227d7d7d1a\
                1e6b756265726e657465732e696f2f646f636b6572636f6e6669676a736f6e1a002200";
    let config =
        "eyJhdXRocyI6eyJyLngiOnsidXNlcm5hbWUiOiJ1IiwicGFzc3dvcmQiOiJwIiwiYXV0aCI6ImRUcHcifX19";
    let expected = json!({
        "kind": "Secret", "apiVersion": "v1", "metadata": {"name": "dr"},
        "data": {".dockerconfigjson": config}, "type": "kubernetes.io/dockerconfigjson",
    });
    assert_eq!(decoded(body, Kind::Secret), expected);
}

#[test]
fn secrets_are_decoded_as_by_a_real_server() {
    let head = "6b3873000a0c0a0276311206536563726574";
    let plain = json!({"name": "pb1"});
    for (name, message, expected) in [
        (
            "plain",
            "121f0a130a0370623112001a0022002a0032003800420012060a01611201621a00",
            json!({"metadata": plain, "data": {"a": "Yg=="}}),
        ),
        (
            "stringData, immutable",
            "12290a130a0370623112001a0022002a0032003800420012060a01611201621a0022060a01731201762801",
            json!({"metadata": plain, "data": {"a": "Yg=="}, "stringData": {"s": "v"}, "immutable": true}),
        ),
        (
            "unknown field number",
            "12230a130a0370623112001a0022002a0032003800420012060a01611201621a009a060178",
            json!({"metadata": plain, "data": {"a": "Yg=="}}),
        ),
        ("no metadata", "1200", json!({})),
        (
            "invalid name",
            "121f0a130a0342616412001a0022002a0032003800420012060a01611201621a00",
            json!({"metadata": {"name": "Bad"}, "data": {"a": "Yg=="}}),
        ),
        (
            "data twice the same key",
            "12270a130a0370623112001a0022002a0032003800420012060a01611201621a0012060a0161120163",
            json!({"metadata": plain, "data": {"a": "Yw=="}}),
        ),
        ("invalid UTF-8 in name", "12050a030a01ff", json!({"metadata": {"name": "\u{FFFD}"}})),
        (
            "full metadata",
            "124a0a400a037062321a036578315a060a016c12017662070a02616e1201766a140a03506f641a017022027531\
             2a02763130013800720d6578616d706c652e636f6d2f661a064f7061717565",
            json!({
                "metadata": {
                    "name": "pb2", "namespace": "ex1", "labels": {"l": "v"}, "annotations": {"an": "v"},
                    "ownerReferences": [{
                        "apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1", "controller": true,
                        "blockOwnerDeletion": false,
                    }],
                    "finalizers": ["example.com/f"],
                },
                "type": "Opaque",
            }),
        ),
        (
            "PUT",
            "121e0a120a02706212001a0022002a0032003800420012060a01611201621a00",
            json!({"metadata": {"name": "pb"}, "data": {"a": "Yg=="}}),
        ),
    ] {
        let mut found = decoded(&format!("{head}{message}1a002200"), Kind::Secret);
        let members = found.as_object_mut().unwrap();
        assert_eq!(members.remove("kind"), Some("Secret".into()), "{name}");
        assert_eq!(members.remove("apiVersion"), Some("v1".into()), "{name}");
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn other_objects_are_decoded_as_by_a_real_server() {
    let body = "6b3873000a0f0a02763112094e616d657370616365121e0a160a0665786e2d706212001a0022002a003200\
                3800420012001a020a001a002200";
    let expected = json!({
        "kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "exn-pb"}, "spec": {},
        "status": {},
    });
    assert_eq!(decoded(body, Kind::Namespace), expected);

    let body = "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a6563\
                74416363657373526576696577121c0a0012180a160a0365783112066372656174652a0773656372657473\
                1a002200";
    let expected = json!({
        "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": {"resourceAttributes": {"namespace": "ex1", "verb": "create", "resource": "secrets"}},
    });
    assert_eq!(decoded(body, Kind::SelfSubjectAccessReview), expected);

    let body = "6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a65\
                637452657669657712001a002200";
    let expected = json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"});
    assert_eq!(decoded(body, Kind::SelfSubjectReview), expected);

    let body = "6b3873000a130a027631120d44656c6574654f7074696f6e731211220a4261636b67726f756e642a03416c\
                6c1a002200";
    let expected = json!({
        "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background",
        "dryRun": ["All"],
    });
    assert_eq!(decoded(body, Kind::DeleteOptions), expected);
}

#[test]
fn of_another_kind_only_the_type_is_told() {
    let message = "121f0a130a0370623112001a0022002a0032003800420012060a01611201621a001a002200";
    for (head, api_version, kind) in [
        ("6b3873000a0f0a0276311209436f6e6669674d6170", "v1", "ConfigMap"),
        ("6b3873000a0c0a0276311206736563726574", "v1", "secret"),
    ] {
        let found = decoded(&format!("{head}{message}"), Kind::Secret);
        assert_eq!(found, json!({"kind": kind, "apiVersion": api_version}));
    }
    // Another version does not lose what the object says, dryRun for example.
    let found = decoded(&format!("6b3873000a0c0a0276321206536563726574{message}"), Kind::Secret);
    assert_eq!(found["apiVersion"], "v2");
    assert_eq!(found["metadata"], json!({"name": "pb1"}));
}

#[test]
fn a_type_that_is_not_named_is_the_expected_one() {
    let message = block(1, block(1, "n"));
    for (kind, api_version) in [
        (Kind::Secret, "v1"),
        (Kind::Namespace, "v1"),
        (Kind::SelfSubjectAccessReview, "authorization.k8s.io/v1"),
        (Kind::SelfSubjectRulesReview, "authorization.k8s.io/v1"),
        (Kind::SelfSubjectReview, "authentication.k8s.io/v1"),
    ] {
        let expected =
            json!({"kind": kind.name(), "apiVersion": api_version, "metadata": {"name": "n"}});
        let without = [&b"k8s\0"[..], &block(2, &message)].concat();
        assert_eq!(decode(&without.into(), kind).unwrap(), expected);
        assert_eq!(decode(&envelope("", "", &message), kind).unwrap(), expected);
        assert_eq!(decode(&envelope(api_version, "", &message), kind).unwrap(), expected);
        assert_eq!(decode(&envelope("", kind.name(), &message), kind).unwrap(), expected);
    }
    let options = decode(&envelope("", "", &block(5, "All")), Kind::DeleteOptions).unwrap();
    let expected =
        json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", "dryRun": ["All"]});
    assert_eq!(options, expected);
    // A version alone does not make another kind the expected one.
    let found = decode(&envelope("", "Pod", &message), Kind::Secret).unwrap();
    assert_eq!(found, json!({"kind": "Pod", "apiVersion": "v1"}));
}

#[test]
fn what_is_no_protobuf_body_is_refused_in_the_words_of_a_real_server() {
    const UNRECOGNIZED: &str = "the object provided is unrecognized (must be of type Secret): ";
    const NO_MAGIC: &str = "provided data does not appear to be a protobuf message, expected prefix \
                            [107 56 115 0]";
    let json = HEXLOWER.encode(br#"{"apiVersion": "v1", "kind": "Secret"}"#);
    for (body, expected) in [
        ("", "empty data (<empty>)"),
        ("6b387300", "empty body"),
        ("6b3873", NO_MAGIC),
        ("6b387301", NO_MAGIC),
        ("0a0c0a0276311206536563726574", NO_MAGIC),
        (json.as_str(), NO_MAGIC),
    ] {
        assert_eq!(error(body, Kind::Secret), format!("{UNRECOGNIZED}{expected}"));
        assert_eq!(error(body, Kind::DeleteOptions), expected);
    }
    let text = error("6b387300", Kind::SelfSubjectAccessReview);
    let expected =
        "the object provided is unrecognized (must be of type SelfSubjectAccessReview): empty body";
    assert_eq!(text, expected);
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let truncated = "6b3873000a0c0a0276311206536563726574121f0a130a0370623112001a0022";
    let expected = "the object provided is unrecognized (must be of type Secret): failed to decode \
                    Protobuf message: Unknown.raw: buffer underflow";
    assert_eq!(error(truncated, Kind::Secret), expected);

    let compressed = "6b3873000a0c0a027631120653656372657412331f8b0800000000000203e312e6622e4832146290\
                      625062d0623062b06070621062e3624c14624c926200008e9ae6c61f0000001a04677a69702200";
    let expected = "Secret in version \"v1\" cannot be handled as a Secret: failed to decode Protobuf \
                    message: invalid wire type value";
    assert_eq!(error(compressed, Kind::Secret), expected);

    let error = secret(&number(3, 1)).unwrap_err().to_string();
    assert!(error.contains("Secret.type_name: invalid wire type: Varint"), "{error}");

    let message = block(4, "x");
    let options = envelope("meta.k8s.io/v1", "DeleteOptions", &block(2, message));
    let options = decode(&options, Kind::DeleteOptions);
    assert!(options.is_ok(), "unknown fields of preconditions are dropped: {options:?}");
    let options = envelope("meta.k8s.io/v1", "DeleteOptions", &number(4, 1));
    let expected = "failed to decode Protobuf message: DeleteOptions.propagation_policy: invalid wire \
                    type: Varint (expected LengthDelimited)";
    assert_eq!(decode(&options, Kind::DeleteOptions).unwrap_err().to_string(), expected);

    let review = envelope("authorization.k8s.io/v1", "SelfSubjectRulesReview", &number(1, 1));
    let error = decode(&review, Kind::SelfSubjectRulesReview).unwrap_err().to_string();
    let expected = "SelfSubjectRulesReview in version \"v1\" cannot be handled as a \
                    SelfSubjectRulesReview: failed to decode";
    assert!(error.starts_with(expected), "{error}");

    let json = envelope("v1", "Secret", br#"{"kind": "Secret", "metadata": {"name": "x"}}"#);
    assert!(decode(&json, Kind::Secret).is_err(), "the content type of the message is ignored");
}

// ---- What objects leave out and keep.

#[test]
fn what_is_false_zero_or_empty_on_purpose_stays() {
    let found = secret(&[number(5, 0), block(2, entry("k", "")), block(4, block(1, "s"))].concat());
    let found = found.unwrap();
    assert_eq!(found["immutable"], false);
    assert_eq!(found["data"], json!({"k": ""}));
    assert_eq!(found["stringData"], json!({"s": ""}));

    let found =
        metadata(&[number(7, 0), number(10, 0), block(14, ""), block(11, entry("", ""))].concat());
    let expected = json!({"deletionGracePeriodSeconds": 0, "finalizers": [""], "labels": {"": ""}});
    assert_eq!(found, expected);
    assert_eq!(metadata(&number(7, -1)), json!({"generation": -1}));

    let preconditions = [block(1, ""), block(2, "")].concat();
    let message =
        [number(1, 0), block(2, preconditions), number(3, 0), block(4, ""), block(5, "")].concat();
    let found = decode(&envelope("", "", &message), Kind::DeleteOptions).unwrap();
    let expected = json!({
        "kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", "gracePeriodSeconds": 0,
        "preconditions": {"uid": "", "resourceVersion": ""}, "orphanDependents": false,
        "propagationPolicy": "", "dryRun": [""],
    });
    assert_eq!(found, expected);

    let message = block(3, [number(1, 0), block(2, "r"), number(4, 1)].concat());
    let found = decode(&envelope("", "", &message), Kind::SelfSubjectAccessReview).unwrap();
    assert_eq!(found["status"], json!({"allowed": false, "denied": true, "reason": "r"}));

    // A question about no resource in particular is another one than none.
    let review = |message| {
        let message = envelope("", "", &block(2, message));
        decode(&message, Kind::SelfSubjectAccessReview).unwrap()["spec"].clone()
    };
    assert_eq!(review(block(1, "")), json!({"resourceAttributes": {}}));
    assert_eq!(review(block(2, "")), json!({"nonResourceAttributes": {}}));
    assert_eq!(review(vec![]), json!({}));
}

#[test]
fn string_data_keeps_its_bytes() {
    let binary = entry("k", b"\xff\xfe");
    let found = secret(&[block(2, entry("k", "d")), block(4, &binary)].concat()).unwrap();
    assert_eq!(found["data"], json!({"k": "//4="}));
    assert_eq!(found.get("stringData"), None);

    let found = secret(&[block(4, entry("k", "text")), block(4, &binary)].concat()).unwrap();
    assert_eq!(found["data"], json!({"k": "//4="}));
    assert_eq!(found.get("stringData"), None, "the last value counts");

    let found = secret(&[block(4, &binary), block(4, entry("k", "text"))].concat()).unwrap();
    assert_eq!(found["stringData"], json!({"k": "text"}), "which goes before data");
}

#[test]
fn bytes_that_are_no_text_are_replaced_one_by_one() {
    let found =
        metadata(&[block(1, b"a\xe4\xb8b\xff"), block(12, entry(b"\xff", b"\xc3"))].concat());
    let expected = json!({
        "name": "a\u{FFFD}\u{FFFD}b\u{FFFD}", "annotations": {"\u{FFFD}": "\u{FFFD}"},
    });
    assert_eq!(found, expected);
}

#[test]
fn times_are_texts_or_none() {
    for (content, expected) in [
        (number(1, 0), Some("1970-01-01T00:00:00Z")),
        ([number(1, 1_764_547_200), number(2, 999)].concat(), Some("2025-12-01T00:00:00Z")),
        (number(1, -1), Some("1969-12-31T23:59:59Z")),
        (number(1, -62_135_596_800), Some("0001-01-01T00:00:00Z")),
        (number(1, 253_402_207_200), Some("9999-12-30T22:00:00Z")),
        (vec![], None),
    ] {
        let found = metadata(&[block(8, &content), block(9, content)].concat());
        assert_eq!(found.get("creationTimestamp").map(|time| time.as_str().unwrap()), expected);
        assert_eq!(found.get("deletionTimestamp").map(|time| time.as_str().unwrap()), expected);
    }
    for seconds in [-62_135_596_801, 253_402_300_800, i64::MIN, i64::MAX] {
        let error = secret(&block(1, block(8, number(1, seconds)))).unwrap_err().to_string();
        let expected = "Secret in version \"v1\" cannot be handled as a Secret: time outside the \
                        years 1 to 9999";
        assert_eq!(error, expected);
    }
}

#[test]
fn a_set_of_fields_that_is_no_json_stays_a_text() {
    let fields = |raw: &[u8]| {
        let found = metadata(&block(17, block(7, block(1, raw))));
        found["managedFields"][0]["fieldsV1"].clone()
    };
    assert_eq!(fields(br#"{"f:data":{".":{}}}"#), json!({"f:data": {".": {}}}));
    assert_eq!(fields(b"{f"), json!("{f"));
    assert_eq!(fields(b""), json!(""));
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(fields(deep.as_bytes()), json!(deep));
}

#[test]
fn a_message_that_comes_in_pieces_is_one() {
    let found = secret(
        &[block(1, block(1, "a")), block(1, block(3, "b")), block(1, block(1, "c"))].concat(),
    );
    assert_eq!(found.unwrap()["metadata"], json!({"name": "c", "namespace": "b"}));
}

// ---- Hostile bodies.

#[test]
fn lengths_that_lie_are_refused() {
    for length in [5, 127, 1 << 31, u64::from(u32::MAX), 1 << 62, u64::MAX] {
        for field in [1_u64, 2, 3, 4] {
            let lie = [varint(field << 3 | 2), varint(length), b"abcd".to_vec()].concat();
            assert!(secret(&lie).is_err(), "field {field} of {length} bytes");
            assert!(secret(&block(1, &lie)).is_err(), "inside of metadata");
            assert!(secret(&block(2, [block(1, "k"), lie.clone()].concat())).is_err() || field > 2);
            let lie = [b"k8s\0".to_vec(), lie].concat();
            assert!(decode(&lie.into(), Kind::Secret).is_err(), "in the envelope");
        }
    }
    assert!(secret(&[0x80; 4096]).is_err(), "a number without an end");
}

#[test]
fn depth_is_bounded() {
    // Groups, which no message here has, are skipped with all that they hold.
    let groups = [vec![0x7b; 10_000], vec![0x7c; 10_000]].concat();
    assert!(secret(&groups).is_err());
    assert!(secret(&[0x7b, 0x7c]).is_ok());
    let mut nested = Vec::new();
    for _ in 0..2_000 {
        nested = block(1, nested);
    }
    assert!(secret(&nested).is_ok(), "what is deeper than the message is a text");
}

#[test]
fn a_body_full_of_empty_messages_is_decoded() {
    let count = 1_000_000;
    let found = metadata(&block(13, "").repeat(count));
    assert_eq!(found["ownerReferences"].as_array().unwrap().len(), count);
    let message = block(2, "").repeat(count);
    assert_eq!(secret(&message).unwrap()["data"], json!({"": ""}));
}

#[test]
fn errors_tell_nothing_of_the_body() {
    let body = block(2, entry("k", MARKER));
    let body = envelope("v1", "Secret", &[block(1, block(1, "n")), body].concat());
    for length in 1..body.len() {
        let text = decode(&body.slice(..length), Kind::Secret).map_err(|error| error.to_string());
        assert!(!format!("{text:?}").contains("horse"), "cut at {length}: {text:?}");
    }
    // A value that is read as the key of a field.
    for value in [MARKER, "\u{7f}\u{7f}\u{7f}", "\u{80}\u{80}\u{80}\u{80}\u{80}\u{7f}"] {
        let Err(ProtobufError::Object { defect, .. }) = secret(value.as_bytes()) else { continue };
        let text = defect.to_string();
        assert!(!text.contains(|c: char| c.is_ascii_digit()) && !text.contains("horse"), "{text}");
    }
    let error = secret(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap_err().to_string();
    assert!(error.ends_with("invalid key value"), "{error}");
}

// ---- Random objects.

/// What a field holds, and so how it is written in JSON and in protobuf.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// Empty is unset.
    Text,
    OptionalText,
    /// Zero is unset.
    Number,
    OptionalNumber,
    Bool,
    /// Is always there.
    PlainBool,
    Time,
    Texts,
    TextMap,
    ByteMap,
    Fields,
    Object(&'static [Field]),
    Objects(&'static [Field]),
}

type Field = (u32, &'static str, Content);

const META: &[Field] = &[
    (1, "name", Content::Text),
    (2, "generateName", Content::Text),
    (3, "namespace", Content::Text),
    (4, "selfLink", Content::Text),
    (5, "uid", Content::Text),
    (6, "resourceVersion", Content::Text),
    (7, "generation", Content::Number),
    (8, "creationTimestamp", Content::Time),
    (9, "deletionTimestamp", Content::Time),
    (10, "deletionGracePeriodSeconds", Content::OptionalNumber),
    (11, "labels", Content::TextMap),
    (12, "annotations", Content::TextMap),
    (
        13,
        "ownerReferences",
        Content::Objects(&[
            (5, "apiVersion", Content::Text),
            (1, "kind", Content::Text),
            (3, "name", Content::Text),
            (4, "uid", Content::Text),
            (6, "controller", Content::Bool),
            (7, "blockOwnerDeletion", Content::Bool),
        ]),
    ),
    (14, "finalizers", Content::Texts),
    (
        17,
        "managedFields",
        Content::Objects(&[
            (1, "manager", Content::Text),
            (2, "operation", Content::Text),
            (3, "apiVersion", Content::Text),
            (4, "time", Content::Time),
            (6, "fieldsType", Content::Text),
            (7, "fieldsV1", Content::Fields),
            (8, "subresource", Content::Text),
        ]),
    ),
];

const SECRET: &[Field] = &[
    (1, "metadata", Content::Object(META)),
    (2, "data", Content::ByteMap),
    (3, "type", Content::Text),
    (4, "stringData", Content::TextMap),
    (5, "immutable", Content::Bool),
];

const NAMESPACE: &[Field] = &[
    (1, "metadata", Content::Object(META)),
    (2, "spec", Content::Object(&[(1, "finalizers", Content::Texts)])),
    (
        3,
        "status",
        Content::Object(&[
            (1, "phase", Content::Text),
            (
                2,
                "conditions",
                Content::Objects(&[
                    (1, "type", Content::Text),
                    (2, "status", Content::Text),
                    (4, "lastTransitionTime", Content::Time),
                    (5, "reason", Content::Text),
                    (6, "message", Content::Text),
                ]),
            ),
        ]),
    ),
];

const ACCESS_REVIEW: &[Field] = &[
    (1, "metadata", Content::Object(META)),
    (
        2,
        "spec",
        Content::Object(&[
            (
                1,
                "resourceAttributes",
                Content::Object(&[
                    (1, "namespace", Content::Text),
                    (2, "verb", Content::Text),
                    (3, "group", Content::Text),
                    (4, "version", Content::Text),
                    (5, "resource", Content::Text),
                    (6, "subresource", Content::Text),
                    (7, "name", Content::Text),
                ]),
            ),
            (
                2,
                "nonResourceAttributes",
                Content::Object(&[(1, "path", Content::Text), (2, "verb", Content::Text)]),
            ),
        ]),
    ),
    (
        3,
        "status",
        Content::Object(&[(1, "allowed", Content::PlainBool), (2, "reason", Content::Text)]),
    ),
];

const RULES_REVIEW: &[Field] = &[
    (1, "metadata", Content::Object(META)),
    (2, "spec", Content::Object(&[(1, "namespace", Content::Text)])),
];

const REVIEW: &[Field] = &[(1, "metadata", Content::Object(META))];

const OPTIONS: &[Field] = &[
    (1, "gracePeriodSeconds", Content::OptionalNumber),
    (
        2,
        "preconditions",
        Content::Object(&[
            (1, "uid", Content::OptionalText),
            (2, "resourceVersion", Content::OptionalText),
        ]),
    ),
    (3, "orphanDependents", Content::Bool),
    (4, "propagationPolicy", Content::OptionalText),
    (5, "dryRun", Content::Texts),
];

const KINDS: [(Kind, &[Field]); 6] = [
    (Kind::Secret, SECRET),
    (Kind::Namespace, NAMESPACE),
    (Kind::SelfSubjectAccessReview, ACCESS_REVIEW),
    (Kind::SelfSubjectRulesReview, RULES_REVIEW),
    (Kind::SelfSubjectReview, REVIEW),
    (Kind::DeleteOptions, OPTIONS),
];

/// Random values of a field, or none when it is unset.
fn content(content: Content) -> BoxedStrategy<Option<Value>> {
    let text = || any::<String>();
    let texts = collection::hash_map(text(), text(), 1..4);
    match content {
        Content::Text => {
            option::of(text().prop_filter("unset", |text| !text.is_empty()).prop_map(Value::from))
                .boxed()
        }
        Content::OptionalText => option::of(text().prop_map(Value::from)).boxed(),
        Content::Number => {
            any::<i64>().prop_map(|number| (number != 0).then(|| number.into())).boxed()
        }
        Content::OptionalNumber => option::of(any::<i64>().prop_map(Value::from)).boxed(),
        Content::Bool => option::of(any::<bool>().prop_map(Value::from)).boxed(),
        Content::PlainBool => any::<bool>().prop_map(|value| Some(value.into())).boxed(),
        Content::Time => {
            option::of((-62_135_596_800_i64..253_402_207_200).prop_map(|seconds| {
                jiff::Timestamp::from_second(seconds).unwrap().to_string().into()
            }))
            .boxed()
        }
        Content::Texts => option::of(collection::vec(text(), 1..4).prop_map(Value::from)).boxed(),
        Content::TextMap => option::of(texts.prop_map(|texts| json!(texts))).boxed(),
        Content::ByteMap => {
            let bytes =
                collection::vec(any::<u8>(), 0..40).prop_map(|bytes| STANDARD.encode(bytes));
            option::of(collection::hash_map(text(), bytes, 1..4).prop_map(|map| json!(map))).boxed()
        }
        Content::Fields => {
            option::of(text().prop_map(|key| json!({"f:data": {".": {}, key: {}}}))).boxed()
        }
        Content::Object(fields) => option::of(object(fields)).boxed(),
        Content::Objects(fields) => {
            option::of(collection::vec(object(fields), 1..3).prop_map(Value::from)).boxed()
        }
    }
}

fn object(fields: &'static [Field]) -> BoxedStrategy<Value> {
    let members: Vec<_> = fields.iter().map(|(_, _, kind)| content(*kind)).collect();
    let object = move |members: Vec<Option<Value>>| {
        let members = fields.iter().zip(members);
        members
            .filter_map(|((_, name, _), value)| Some(((*name).to_owned(), value?)))
            .collect::<Map<_, _>>()
    };
    members.prop_map(move |members| object(members).into()).boxed()
}

/// Encodes an object. `explicit` also writes what is unset, as Go's clients do.
fn encode(object: &Value, fields: &[Field], explicit: bool) -> Vec<u8> {
    let field = |(field, name, content): &Field| {
        let Some(value) = object.get(name) else {
            return match content {
                Content::Text | Content::Time if explicit => block(*field, ""),
                Content::Number if explicit => number(*field, 0),
                _ => vec![],
            };
        };
        let bytes = |value: &Value| value.as_str().unwrap().as_bytes().to_vec();
        let entries = |convert: &dyn Fn(&Value) -> Vec<u8>| -> Vec<u8> {
            let entries = value.as_object().unwrap().iter();
            entries.flat_map(|(key, value)| block(*field, entry(key, convert(value)))).collect()
        };
        let elements = || value.as_array().unwrap().iter();
        match content {
            Content::Text | Content::OptionalText => block(*field, bytes(value)),
            Content::Number | Content::OptionalNumber => number(*field, value.as_i64().unwrap()),
            Content::Bool | Content::PlainBool => number(*field, value.as_bool().unwrap().into()),
            Content::Time => {
                let time: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
                block(*field, [number(1, time.as_second()), number(2, 0)].concat())
            }
            Content::Texts => elements().flat_map(|text| block(*field, bytes(text))).collect(),
            Content::TextMap => entries(&bytes),
            Content::ByteMap => entries(&|value| STANDARD.decode(bytes(value)).unwrap()),
            Content::Fields => block(*field, block(1, value.to_string())),
            Content::Object(fields) => block(*field, encode(value, fields, explicit)),
            Content::Objects(fields) => elements()
                .flat_map(|value| block(*field, encode(value, fields, explicit)))
                .collect(),
        }
    };
    // Unknown ones of all wire types stand between them.
    let unknown = [
        number(90, 1),
        block(91, "x"),
        vec![0xe5, 5, 1, 2, 3, 4],
        vec![0xe1, 5, 1, 2, 3, 4, 5, 6, 7, 8],
    ];
    let unknown = unknown.iter().cycle();
    fields
        .iter()
        .rev()
        .zip(unknown)
        .flat_map(|(known, unknown)| [field(known), unknown.clone()].concat())
        .collect()
}

fn any_object() -> BoxedStrategy<(Kind, Value, Bytes)> {
    let of = |(kind, fields): (Kind, &'static [Field])| {
        (object(fields), any::<bool>()).prop_map(move |(mut value, explicit)| {
            let message = encode(&value, fields, explicit);
            value["kind"] = kind.name().into();
            value["apiVersion"] = kind.api_version().into();
            (kind, value, envelope(kind.api_version(), kind.name(), &message))
        })
    };
    proptest::sample::select(&KINDS).prop_flat_map(of).boxed()
}

proptest! {
    #[test]
    fn objects_come_back((kind, value, body) in any_object()) {
        prop_assert_eq!(decode(&body, kind).unwrap(), value);
    }

    #[test]
    fn damaged_bodies_are_an_error_or_an_object(
        (kind, _, body) in any_object(),
        length in any::<proptest::sample::Index>(),
        damage in collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut body = body.to_vec();
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.truncate(length.index(body.len()) + 1);
        match decode(&body.into(), kind) {
            Ok(value) => prop_assert!(value.is_object()),
            Err(ProtobufError::Envelope { defect, .. } | ProtobufError::Object { defect, .. }) => {
                let text = defect.to_string().replace("years 1 to 9999", "");
                prop_assert!(!text.contains(|c: char| c.is_ascii_digit()), "{}", text);
            }
            Err(_) => {}
        }
    }

    #[test]
    fn random_bytes_are_an_error_or_an_object(
        (kind, _) in proptest::sample::select(&KINDS),
        bytes in collection::vec(any::<u8>(), 0..400),
    ) {
        let whole = decode(&[MAGIC, bytes.as_slice()].concat().into(), kind);
        let message = decode(&envelope("", "", &bytes), kind);
        let metadata = decode(&envelope("", "", &block(1, &bytes)), kind);
        let without_magic = decode(&bytes.into(), kind);
        for found in [whole, message, metadata, without_magic].into_iter().flatten() {
            prop_assert!(found.is_object());
        }
    }
}
