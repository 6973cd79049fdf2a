use serde_json::json;

use super::*;
use crate::kubernetes::model::yaml::to_json;

#[track_caller]
fn written(value: &Value, expected: &str) {
    assert_eq!(from_json(value), expected);
}

const SECRET: &str = r#"apiVersion: v1
kind: Secret
metadata:
  creationTimestamp: "2026-11-30T19:35:36Z"
  managedFields:
  - apiVersion: v1
    fieldsType: FieldsV1
    fieldsV1:
      f:data:
        .: {}
        f:a: {}
      f:type: {}
    manager: unknown
    operation: Update
    time: "2026-11-30T19:35:36Z"
  name: min
  namespace: pr1
  resourceVersion: "213"
  uid: 1ce5f2cc-16dc-4c13-adf5-293a1770ce50
type: Opaque
"#;

const NOT_FOUND: &str = r#"apiVersion: v1
code: 404
details:
  kind: secrets
  name: nope
kind: Status
message: secrets "nope" not found
metadata: {}
reason: NotFound
status: Failure
"#;

const FORBIDDEN: &str = r#"apiVersion: v1
code: 403
details:
  kind: secrets
kind: Status
message: 'secrets is forbidden: User "alice" cannot list resource "secrets" in API
  group "" in the namespace "ex1"'
metadata: {}
reason: Forbidden
status: Failure
"#;

const TABLE: &str = r#"columnDefinitions:
- description: 'Name must be unique within a namespace. Is required when creating
    resources, although some resources may allow a client to request the generation
    of an appropriate name automatically. Name is primarily intended for creation
    idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names'
  format: name
  name: Name
  priority: 0
  type: string
- description: Data contains the secret data. Each key must consist of alphanumeric
    characters, '-', '_' or '.'. The serialized form of the secret data is a base64
    encoded string, representing the arbitrary (possibly non-string) data value here.
    Described in https://tools.ietf.org/html/rfc4648#section-4
  format: ""
  name: Data
  priority: 0
  type: string
"#;

/// Answers of the real server.
#[test]
fn answers_look_as_the_real_server_writes_them() {
    for yaml in [SECRET, NOT_FOUND, FORBIDDEN, TABLE] {
        let value = serde_json::from_str(&to_json(yaml.as_bytes()).unwrap().json).unwrap();
        written(&value, yaml);
    }
}

#[test]
fn quotation_marks_stand_where_something_else_would_be_read() {
    for (text, expected) in [
        ("a", "a"),
        ("", "\"\""),
        ("true", "\"true\""),
        ("N", "\"N\""),
        ("~", "\"~\""),
        ("12", "\"12\""),
        ("0x1F", "\"0x1F\""),
        ("1e3", "\"1e3\""),
        ("2020-01-02", "\"2020-01-02\""),
        ("12:30:45", "\"12:30:45\""),
        ("-1_0:59.5_", "\"-1_0:59.5_\""),
        ("1:60", "1:60"),
        ("a:1", "a:1"),
        (".inf", "\".inf\""),
        ("1.2.3", "1.2.3"),
        ("=", "="),
        ("YQ==", "YQ=="),
        ("a b", "a b"),
        (" a", "' a'"),
        ("a ", "'a '"),
        ("a: b", "'a: b'"),
        ("a:", "'a:'"),
        ("a:b", "a:b"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("-", "'-'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("? a", "'? a'"),
        ("?a", "?a"),
        ("--- a", "'--- a'"),
        ("...", "'...'"),
        ("it's", "it's"),
        ("'a'", "'''a'''"),
        ("{a}", "'{a}'"),
        ("[a", "'[a'"),
        ("*a", "'*a'"),
        ("%a", "'%a'"),
        ("@a", "'@a'"),
        ("`a", "'`a'"),
        ("\"a\"", "'\"a\"'"),
        ("a\tb", "\"a\\tb\""),
        ("é日\u{A0}", "é日\u{A0}"),
        ("\u{1F389}", "\"\\U0001F389\""),
        ("a\0\u{7}\u{8}\u{B}\u{C}\u{1B}\"\\", "\"a\\0\\a\\b\\v\\f\\e\\\"\\\\\""),
        // The real server cannot write these at all, or not so that it could read them.
        ("<<", "\"<<\""),
        (
            "a\u{7F}\u{85}\u{9F}\u{2028}\u{2029}\u{FEFF}\u{FFFF}",
            "\"a\\x7F\\N\\x9F\\L\\P\\uFEFF\\uFFFF\"",
        ),
    ] {
        written(&json!(text), &format!("{expected}\n"));
        written(&json!([text]), &format!("- {expected}\n"));
        written(&json!({"k": text}), &format!("k: {expected}\n"));
        if !text.contains(['\u{85}', '\u{2028}']) {
            written(&json!({text: text}), &format!("{expected}: {expected}\n"));
        }
    }
}

#[test]
fn lines_of_text_are_blocks() {
    for (text, expected) in [
        ("a\n", "k: |\n  a\n"),
        ("a\nb", "k: |-\n  a\n  b\n"),
        ("a\n\n", "k: |+\n  a\n\n"),
        ("\n", "k: |2+\n\n"),
        ("\na\n", "k: |2\n\n  a\n"),
        (" a\n  b\n", "k: |2\n   a\n    b\n"),
        ("a\n\n  b\n", "k: |\n  a\n\n    b\n"),
        ("a \nb", "k: \"a \\nb\"\n"),
        ("a\nb ", "k: \"a\\nb \"\n"),
        ("a\r\nb", "k: \"a\\r\\nb\"\n"),
        ("a\n\tb", "k: \"a\\n\\tb\"\n"),
        ("---\n# a: b\n", "k: |\n  ---\n  # a: b\n"),
    ] {
        written(&json!({"k": text}), expected);
    }
    written(&json!({"k": [["a\nb\n", "c"]]}), "k:\n- - |\n    a\n    b\n  - c\n");
    written(&json!("a\nb"), "|-\n  a\n  b\n");
}

#[test]
fn collections_are_laid_out() {
    written(&json!({}), "{}\n");
    written(&json!([]), "[]\n");
    written(&json!({"a": {}, "b": [], "c": null, "d": true}), "a: {}\nb: []\nc: null\nd: true\n");
    written(&json!({"a": {"b": {"c": 1}}}), "a:\n  b:\n    c: 1\n");
    written(&json!({"a": [1, {"b": [2], "c": 3}]}), "a:\n- 1\n- b:\n  - 2\n  c: 3\n");
    written(&json!([[1, [2]], []]), "- - 1\n  - - 2\n- []\n");
    written(&json!([{"a": {"b": 1}}, {}]), "- a:\n    b: 1\n- {}\n");
}

#[test]
fn numbers_are_written_as_go_does() {
    written(
        &json!([1, -7, u64::MAX, 1.5, 1e21, 1e-7]),
        "- 1\n- -7\n- 18446744073709551615\n- 1.5\n- 1e+21\n- 1e-07\n",
    );
    written(&json!(5.0), "5\n");
}

#[test]
fn long_lines_are_broken_at_single_blanks() {
    let words = |count| vec!["word"; count].join(" ");
    // Not at the first of two blanks.
    let text = format!("{} two  word word", words(15));
    written(&json!({"k": &text}), &format!("k: {} two  word\n  word\n", words(15)));
    let text = format!("it: {}", words(17));
    written(&json!({"k": &text}), &format!("k: 'it: {}\n  word word'\n", words(15)));
    let text = format!("\t{}  {}", words(16), words(1));
    written(&json!({"k": &text}), &format!("k: \"\\t{}\n  \\ word\"\n", words(16)));
    let text = words(25);
    written(&json!([[&text]]), &format!("- - {}\n    {}\n", words(16), words(9)));
    // A key is never broken.
    written(&json!({&text: 1}), &format!("{text}: 1\n"));
}

#[test]
fn a_long_key_has_a_line_of_its_own() {
    let key = "k".repeat(129);
    written(&json!({&key: 1}), &format!("? {key}\n: 1\n"));
    written(&json!({&key: {"a": [1]}}), &format!("? {key}\n: a:\n  - 1\n"));
    written(&json!({&key: [1, 2]}), &format!("? {key}\n: - 1\n  - 2\n"));
    written(&json!({"a": {"b\nc": 1}}), "a:\n  ? |-\n    b\n    c\n  : 1\n");
    let key = "k".repeat(128);
    written(&json!({&key: 1}), &format!("{key}: 1\n"));
}

#[test]
fn keys_are_in_natural_order() {
    let expected = [
        "-",
        "1",
        "9",
        "10",
        "B",
        "a",
        "a-1",
        "a.b",
        "a2",
        "a2b",
        "a02",
        "a10",
        "a9223372036854775808",
        "a18446744073709551616",
        "b",
        "é",
    ];
    let mut keys = expected;
    keys.reverse();
    keys.sort_by(|a, b| compare_naturally(a, b));
    assert_eq!(keys, expected);
}

proptest::proptest! {
    /// The sort would panic otherwise.
    #[test]
    fn the_order_of_keys_is_total(mut keys in proptest::collection::vec("[ab019.-]{0,5}", 60..90)) {
        keys.sort_by(|a, b| compare_naturally(a, b));
        for (at, key) in keys.iter().enumerate() {
            for later in keys.iter().skip(at) {
                let order = compare_naturally(key, later);
                proptest::prop_assert!(order.is_le(), "{key} {later}");
                proptest::prop_assert_eq!(compare_naturally(later, key), order.reverse());
            }
        }
    }
}
