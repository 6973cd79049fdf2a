use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(yaml: &[u8]) -> Value {
    let converted =
        to_json(yaml).unwrap_or_else(|error| panic!("{error}: {}", yaml.escape_ascii()));
    serde_json::from_str(&converted.json).unwrap()
}

fn refused(yaml: &[u8]) -> String {
    to_json(yaml).unwrap_err().to_string()
}

/// k15.
#[test]
fn unquoted_values_that_are_no_text() {
    let numbers = "[0123, 089, 0x1F, 0o17, 0b11, 1_000, 1e3, .5, +1, -0]";
    assert_eq!(to_json(numbers.as_bytes()).unwrap().json, "[83,89,31,15,3,1000,1000,0.5,1,0]");
    let words = b"[on, off, yes, no, y, n, On, OFF, Yes, NO, Y, N, true, False]";
    assert_eq!(
        read(words),
        json!([
            true, false, true, false, true, false, true, false, true, false, true, false, true,
            false
        ])
    );
}

/// k16.
#[test]
fn unquoted_values_that_are_text_or_nothing() {
    assert_eq!(
        read(b"[2020-01-02, 2020-01-02T03:04:05Z, '12:30:45', 1.2.3, =, <<, yEs, nULL]"),
        json!([
            "2020-01-02",
            "2020-01-02T03:04:05Z",
            "12:30:45",
            "1.2.3",
            "=",
            "<<",
            "yEs",
            "nULL"
        ])
    );
    assert_eq!(read(b"a: 12:30:45\nb: 1,000\n"), json!({"a": "12:30:45", "b": "1,000"}));
    assert_eq!(
        read(b"a: ~\nb: null\nc:\nd: ''\n"),
        json!({"a": null, "b": null, "c": null, "d": ""})
    );
}

/// k17.
#[test]
fn blocks() {
    for (block, expected) in [
        ("|\n  x\n  y\n", "x\ny\n"),
        ("|-\n  x\n  y\n\n", "x\ny"),
        ("|+\n  x\n\n", "x\n\n"),
        (">\n  WVdK\n  ag==\n", "WVdK ag==\n"),
        (">-\n  x\n  y\n\n  z\n", "x y\nz"),
        ("|2\n   x\n", " x\n"),
        ("|\n  x", "x"),
        ("|\r\n  x\r\n  y\r\n", "x\ny\n"),
        ("|\n  # no comment\n  ---\n", "# no comment\n---\n"),
    ] {
        assert_eq!(read(format!("a: {block}").as_bytes()), json!({"a": expected}), "{block:?}");
    }
}

/// k18; the tabs are tests of the dialect.
#[test]
fn what_windows_writes() {
    let value = json!({"a": "b", "c": "d\n"});
    let text = "a: b\r\nc: |\r\n  d\r\n";
    assert_eq!(read(text.as_bytes()), value);
    assert_eq!(read(format!("\u{FEFF}{text}").as_bytes()), value);
    assert_eq!(read("\u{FEFF}{\"a\": 1}".as_bytes()), json!({"a": 1}));
    let utf_16 = "\u{FEFF}a: é".encode_utf16();
    assert_eq!(
        read(&utf_16.clone().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        json!({"a": "é"})
    );
    assert_eq!(read(&utf_16.flat_map(u16::to_be_bytes).collect::<Vec<_>>()), json!({"a": "é"}));
    assert_eq!(refused(b"a: caf\xE9 au lait"), "yaml: invalid trailing UTF-8 octet");
    assert_eq!(refused(b"a\0:\0 \0b\0"), "yaml: control characters are not allowed");
}

/// k19.
#[test]
fn only_the_first_document_is_read() {
    for yaml in [
        "a: b\n",
        "# c\n\n---\na: b\n",
        "--- # c\na: b\n...\n",
        "a: b\n---\nc: d\n",
        "a: b\n---\n\tno: [yaml\n",
        "a: b\n...\n\tno: [yaml\n",
        "{a: b} no yaml",
    ] {
        assert_eq!(read(yaml.as_bytes()), json!({"a": "b"}), "{yaml:?}");
    }
    for yaml in
        ["", "\n", "# c\n", "---\n", "---\n---\na: b\n", "# c\n---\n# c\n---\na: b\n", "\u{FEFF}"]
    {
        assert_eq!(read(yaml.as_bytes()), Value::Null, "{yaml:?}");
    }
    // A wrong byte counts in the blocks that have been read.
    let far = [b"a: b\n---\n".as_slice(), &[b'#'; 1000], b"\xE9\n"].concat();
    assert_eq!(read(&far), json!({"a": "b"}));
    assert_eq!(refused(b"a: b\n---\nc: caf\xE9 au lait\n"), "yaml: invalid trailing UTF-8 octet");
    assert_eq!(
        refused(&[b"a: @\n".as_slice(), &[b'#'; 1000], b"\xE9\n"].concat()),
        "yaml: found character that cannot start any token"
    );
}

#[test]
fn other_versions_are_refused() {
    for version in ["1.2", "1.0", "2.0"] {
        let yaml = format!("%YAML {version}\n---\na: b\n");
        assert_eq!(refused(yaml.as_bytes()), "yaml: found incompatible YAML document");
    }
    assert_eq!(read(b"%YAML 1.1\n---\na: b\n"), json!({"a": "b"}));
}

/// k20.
#[test]
fn anchors_and_merge_keys() {
    assert_eq!(
        read(b"metadata: &m {name: x}\ndata: {a: &v YQ==, b: *v}\n"),
        json!({"metadata": {"name": "x"}, "data": {"a": "YQ==", "b": "YQ=="}})
    );
    assert_eq!(
        read(b"x-base: &base\n  a: YQ==\n  b: Yg==\ndata:\n  <<: *base\n  c: Yw==\n"),
        json!({"x-base": {"a": "YQ==", "b": "Yg=="}, "data": {"a": "YQ==", "b": "Yg==", "c": "Yw=="}})
    );
}

/// k21.
#[test]
fn unquoted_keys_are_converted() {
    let keys =
        ["on", "N", "010", "0x1F", "1_000", "1e3", "1.10", "y", "2020-01-02", "1.2.3", "'010'"];
    let names =
        ["true", "false", "8", "31", "1000", "1000", "1.1", "true", "2020-01-02", "1.2.3", "010"];
    for (key, name) in keys.iter().zip(names) {
        assert_eq!(read(format!("{key}: x").as_bytes()), json!({name: "x"}), "{key}");
    }
    assert_eq!(read(b"data: {a: {b: c}}"), json!({"data": {"a": {"b": "c"}}}));
    assert_eq!(to_json(b"b: 1\na: 2\nB: 3").unwrap().json, r#"{"B":3,"a":2,"b":1}"#);
}

/// k22, and what else a message could tell.
#[test]
fn messages_tell_no_values() {
    for yaml in [
        "data: {{ hunter2 }}",
        "data:\n  a: {{ .Values.hunter2 }}",
        "data:\n  {{ hunter2 }}: x",
        "data: {~: hunter2}",
        "data: {18446744073709551615: hunter2}",
        "data: *hunter2",
        "data: &hunter2 [*hunter2]",
        "data: !!int hunter2",
        "data: !!float hunter2",
        "data: !!binary hunter2!",
        "data: {<<: hunter2}",
        "data: 'hunter2",
        "data: \"hunter2\\q\"",
        "data: hunter2: x",
        "data: @hunter2",
        "data: hunter2\nhunter2\n",
        "data: [hunter2",
        "data: hunter2\n\thunter2",
        "data: |hunter2",
        "data: !hunter2!x y",
        "%hunter2\n---\n",
        "%YAML 1.2\n---\nhunter2",
        "data: [.inf, hunter2]",
    ] {
        let error = to_json(yaml.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{yaml:?}: {error}");
    }
    assert_eq!(refused(b"x: {{ .V }}"), "yaml: invalid map key");
    assert_eq!(refused(b"data: {~: YQ==}"), "unsupported map key of type: %!s(<nil>)");
    assert_eq!(refused(b"a: *b"), "yaml: unknown anchor referenced");
    let converted = to_json(b"a: hunter2").unwrap();
    assert!(!format!("{converted:?}").contains("hunter2"));
}

#[test]
fn numbers_that_json_has_not() {
    assert_eq!(refused(b"a: .inf"), "json: unsupported value: +Inf");
    assert_eq!(refused(b"a: -.inf"), "json: unsupported value: -Inf");
    assert_eq!(refused(b"a: .nan\nb: .inf"), "json: unsupported value: NaN");
    // Keys are looked at first.
    assert_eq!(refused(b"a: .inf\nb: {~: 1}"), "unsupported map key of type: %!s(<nil>)");
}

#[test]
fn big_integers_stay_exact_up_to_64_bits() {
    let yaml =
        "[9223372036854775807, -9223372036854775808, 18446744073709551615, 123456789012345678901]";
    assert_eq!(
        to_json(yaml.as_bytes()).unwrap().json,
        "[9223372036854775807,-9223372036854775808,18446744073709551615,123456789012345680000]"
    );
}

#[test]
fn json_is_read_as_yaml() {
    let text = r#"{"metadata":{"name":"x","labels":{"a":"1"}},"data":{"k":"YQ==","e":""},"l":[1,-2.5,true,null,"\u00e9\n\t\"\\"]}"#;
    assert_eq!(read(text.as_bytes()), serde_json::from_str::<Value>(text).unwrap());
}

#[test]
fn nothing_is_nested_deeper_than_ten_thousand() {
    const TOO_DEEP: &str = "yaml: exceeded max depth of 10000";
    for depth in [9_999, 10_000] {
        let flow = ["[".repeat(depth), "]".repeat(depth)].concat();
        assert_eq!(to_json(flow.as_bytes()).unwrap().json, flow);
        assert!(to_json("- ".repeat(depth).as_bytes()).is_ok());
    }
    for yaml in ["[", "{\"x\":", "- ", "? "] {
        assert_eq!(refused(yaml.repeat(10_001).as_bytes()), TOO_DEEP, "{yaml}");
    }
    assert_eq!(refused("[".repeat(3_000_000).as_bytes()), TOO_DEEP);
    // Aliases can nest deeper than brackets do.
    let mut aliases = "a0: &a0 [x]\n".to_owned();
    for level in 1..60 {
        let (open, close) = ("[".repeat(300), "]".repeat(300));
        aliases.extend([format!("a{level}: &a{level} {open}*a{}{close}\n", level - 1)]);
    }
    assert_eq!(refused(aliases.as_bytes()), TOO_DEEP);
}

/// Each of these takes a second at most without optimisation. Quadratic time would be minutes.
#[test]
fn big_bodies_take_no_quadratic_time() {
    let started = std::time::Instant::now();
    let deep = "[".repeat(9_000) + &"a,".repeat(100_000) + &"]".repeat(9_000);
    let anchors = (0..30_000).map(|n| ["k", "l"].map(|key| format!("{key}{n}")));
    let anchors = anchors.map(|[key, other]| format!("{key}: &{key} v\n{other}: *{key}\n"));
    for (yaml, is_taken) in [
        (deep, true),
        ("k: v\n".repeat(100_000), true),
        ("a: \"".to_owned() + &"\\x01".repeat(100_000) + "\"", true),
        ("a:\n".to_owned() + &"  x\n".repeat(100_000), true),
        ("a: |\n".to_owned() + &"  x\n".repeat(100_000), true),
        ("a: b".to_owned() + &"\n".repeat(500_000), true),
        ("a:".to_owned() + &"\t".repeat(500_000) + "b", true),
        (anchors.collect::<Vec<_>>().concat(), true),
        ("- {<<: {a: b}}\n".repeat(20_000), true),
        ("'".to_owned() + &"x\n".repeat(300_000), false),
        ("a: b\n".to_owned() + &"key\n".repeat(100_000), false),
    ] {
        assert_eq!(to_json(yaml.as_bytes()).is_ok(), is_taken, "{yaml:.20}");
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "[-a-z0-9+.:~=<>#&*!|%@'\"{}\\[\\],?_ \n\t]{0,12}",
        "[ -~]{60,200}",
        "([a-z']{1,9} {1,2}){10,40}[a-z]",
        prop::sample::select(vec![
            "true",
            "no",
            "12",
            "1e3",
            "0x1F",
            "12:30:45",
            "2020-01-02",
            "null",
            "~",
            "",
            "-",
            "=",
            "<<",
            "---",
            "...",
            "a: b",
            "\n",
            " \n",
            "\n ",
            "a\n",
            "a\n\n",
            " a\nb",
            "a\n  b\n c",
            "\u{FEFF}",
            "\u{85}",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) + 0.5)),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read_back(value in any_json()) {
        let yaml = from_json(&value);
        let converted = to_json(yaml.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
        let found: Value = serde_json::from_str(&converted.json).unwrap();
        prop_assert_eq!(&found, &value, "{}", yaml);
        prop_assert!(converted.duplicates.is_empty());
    }

    #[test]
    fn random_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(converted) = to_json(&bytes) {
            prop_assert!(serde_json::from_str::<Value>(&converted.json).is_ok());
        }
    }

    #[test]
    fn random_signs_are_answered(text in "[-\\[\\]{}:,?&*!|>'\"%@`# \t\r\nab01.<~\\\\]{0,60}") {
        if let Ok(converted) = to_json(text.as_bytes()) {
            prop_assert!(serde_json::from_str::<Value>(&converted.json).is_ok());
        }
    }

    #[test]
    fn json_is_yaml(value in any_json()) {
        // Its escapes of surrogates and of `/` are not; serde_json writes none.
        let text = value.to_string();
        prop_assume!(!text.contains(['\u{7F}', '\u{85}', '\u{FFFE}', '\u{FFFF}']));
        prop_assume!(!text.contains(|character| ('\u{80}'..'\u{A0}').contains(&character)));
        // A key may have 1024 characters.
        let found: Value = serde_json::from_str(&to_json(text.as_bytes()).unwrap().json).unwrap();
        prop_assert_eq!(found, value, "{}", text);
    }
}
