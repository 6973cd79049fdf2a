use super::*;
use crate::kubernetes::model::yaml::to_json;

#[track_caller]
fn read(yaml: &str, expected: &str) {
    assert_eq!(to_json(yaml.as_bytes()).unwrap().json, expected, "{yaml:?}");
}

#[track_caller]
fn refused(yaml: &str, expected: &str) {
    assert_eq!(to_json(yaml.as_bytes()).unwrap_err().to_string(), expected, "{yaml:?}");
}

#[track_caller]
fn repeated(yaml: &str, expected: &[&str]) {
    let converted = to_json(yaml.as_bytes()).unwrap();
    let found: Vec<_> = converted.duplicates.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{yaml:?}");
}

#[test]
fn aliases_stand_for_what_they_name() {
    read(
        "a: &x [1, {b: c}]\nd: *x\ne: [*x]",
        r#"{"a":[1,{"b":"c"}],"d":[1,{"b":"c"}],"e":[[1,{"b":"c"}]]}"#,
    );
    read("a: &x b\n*x : c", r#"{"a":"b","b":"c"}"#);
    // The last anchor of a name before the alias counts.
    read("a: &x 1\nb: *x\nc: &x 2\nd: *x", r#"{"a":1,"b":1,"c":2,"d":2}"#);
    refused("a: *x\nb: &x 1", "yaml: unknown anchor referenced");
    refused("a: &x [*x]", "yaml: anchor value contains itself");
    refused("a: &x {b: {<<: *x}}", "yaml: anchor value contains itself");
}

#[test]
fn merge_keys_set_keys_where_they_stand() {
    read("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3", r#"{"a":{"k":1,"l":2},"b":{"k":3,"l":2}}"#);
    // What is merged later replaces what stands before (as a real server answers).
    read("a: &x {k: 1}\nb:\n  k: 3\n  <<: *x", r#"{"a":{"k":1},"b":{"k":1}}"#);
    read("b: {<<: [{k: 1}, {k: 2, l: 3}]}", r#"{"b":{"k":1,"l":3}}"#);
    read("b: {<<: {<<: {k: 1}, l: 2}}", r#"{"b":{"k":1,"l":2}}"#);
    read("b: {! '<<': {k: 1}, !!merge \"<<\": {l: 2}}", r#"{"b":{"k":1,"l":2}}"#);
    read("b: {'<<': 1}\nc: <<", r#"{"b":{"<<":1},"c":"<<"}"#);
    for value in ["", "a", "[a]", "[{k: 1}, [l]]", "*s", "[*s]"] {
        let yaml = format!("s: &s [1]\nb: {{<<: {value}}}");
        refused(&yaml, "yaml: map merge requires map or sequence of maps as the value");
    }
}

#[test]
fn of_a_repeated_key_the_last_value_is_left() {
    read("a: 1\nb: 2\na: 3", r#"{"a":3,"b":2}"#);
    read("1: a\n'1': b", r#"{"1":"b"}"#);
    read("'1': a\n1: b", r#"{"1":"b"}"#);
}

#[test]
fn repeated_keys_are_told_in_their_order() {
    repeated(
        "a: 1\na: 2\nb: {c: 1, c: 2}\na: 3",
        &[
            "line 2: key \"a\" already set in map",
            "line 3: key \"c\" already set in map",
            "line 4: key \"a\" already set in map",
        ],
    );
    repeated(
        "a: {b: 1, b: 2}\na: 3",
        &["line 1: key \"b\" already set in map", "line 2: key \"a\" already set in map"],
    );
    repeated("a:\n  b: 1\na:\n  c: 2", &["line 4: key \"a\" already set in map"]);
    // As Go writes them.
    repeated("1: a\n0x1: b", &["line 2: key 1 already set in map"]);
    repeated("1e6: a\n1_000_000.0: b", &["line 2: key 1e+06 already set in map"]);
    repeated("y: a\non: b", &["line 2: key true already set in map"]);
    repeated("2020-01-02: a\n2020-01-02: b", &["line 2: key \"2020-01-02\" already set in map"]);
    repeated(
        "\"é\\\"\\n\\x7f\": a\n\"é\\\"\\n\\x7f\": b",
        &["line 2: key \"é\\\"\\n\\x7f\" already set in map"],
    );
    // Such a mapping cannot become JSON, but another value may take its place.
    repeated(
        "a: {~: b, ~: c, 18446744073709551615: d, 0xFFFFFFFFFFFFFFFF: e}\na: f",
        &[
            "line 1: key <nil> already set in map",
            "line 1: key 0xffffffffffffffff already set in map",
            "line 2: key \"a\" already set in map",
        ],
    );
    // Different types are different keys.
    repeated("1: a\n'1': b\n1.0: c", &[]);
    repeated("a: 1\nA: 2", &[]);
}

#[test]
fn merge_keys_repeat_keys_too() {
    repeated("a: &x {k: 1}\nb:\n  <<: *x\n  k: 3", &["line 4: key \"k\" already set in map"]);
    repeated("a: &x {k: 1}\nb:\n  k: 3\n  <<: *x", &["line 1: key \"k\" already set in map"]);
    repeated(
        "a: &x {k: 1, k: 2}\nb: *x",
        &["line 1: key \"k\" already set in map", "line 1: key \"k\" already set in map"],
    );
}

#[test]
fn no_more_than_a_thousand_repeated_keys_are_kept() {
    let converted = to_json("a: b\n".repeat(5000).as_bytes()).unwrap();
    assert_eq!(converted.json, r#"{"a":"b"}"#);
    assert_eq!(converted.duplicates.len(), DUPLICATES_MAX);
    assert_eq!(converted.duplicates.last().map(|duplicate| duplicate.line), Some(1001));
}

#[test]
fn aliases_may_not_multiply_a_document() {
    const EXCESSIVE: &str = "yaml: document contains excessive aliasing";
    let mut laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    let mut merges = "a0: &a0 {k0: x}\n".to_owned();
    for level in 1..30 {
        let below = level - 1;
        laughs.extend([format!("a{level}: &a{level} [{}]\n", format!("*a{below},").repeat(9))]);
        merges
            .extend([format!("a{level}: &a{level} {{<<: [*a{below}, *a{below}], k{level}: x}}\n")]);
    }
    refused(&laughs, EXCESSIVE);
    refused(&merges, EXCESSIVE);
    // The real server takes a hundred thousand aliases, and so do we.
    let many = "b: &b c\na:\n".to_owned() + &"- *b\n".repeat(100_000);
    assert!(to_json(many.as_bytes()).is_ok());
    // It makes gigabytes of this one.
    let big = format!("b: &b {}\na:\n{}", "c".repeat(1_000_000), "- *b\n".repeat(1000));
    refused(&big, EXCESSIVE);
}

#[test]
fn keys_are_scalars() {
    refused("? [a]\n: b", "yaml: invalid map key");
    refused("a: &x {b: c}\n*x : d", "yaml: invalid map key");
    refused("{~: b}", "unsupported map key of type: %!s(<nil>)");
    refused("18446744073709551615: b", "unsupported map key of type: uint64");
}

#[test]
fn number_keys_are_rounded_to_32_bits() {
    for (key, name) in [
        ("1.10", "1.1"),
        ("12.50", "12.5"),
        ("1e3", "1000"),
        ("1e6", "1e+06"),
        ("0.00001", "1e-05"),
        ("16777217.5", "1.6777218e+07"),
        ("-0.0", "-0"),
        ("1e300", ".inf"),
        (".inf", ".inf"),
        ("-.inf", "-.inf"),
        (".nan", ".nan"),
        ("9223372036854775807", "9223372036854775807"),
    ] {
        read(&format!("{key}: a"), &format!(r#"{{"{name}":"a"}}"#));
    }
}
