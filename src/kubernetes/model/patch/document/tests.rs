use serde_json::json;

use super::*;

fn findings(text: &str) -> Vec<String> {
    Document::read(text).unwrap().findings
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn tells_what_stands_twice_in_the_words_and_the_order_of_the_real_server() {
    assert_eq!(
        findings(r#"{"bogus":1,"data":{"a":"YQ==","a":"Yg=="}}"#),
        [r#"duplicate field "data.a""#]
    );
    assert_eq!(
        findings(r#"{"a":{"b":{"c":1,"c":2},"b":{"c":1,"c":3}},"a":{"b":1}}"#),
        [r#"duplicate field "a.b.c""#, r#"duplicate field "a.b""#, r#"duplicate field "a""#]
    );
    assert_eq!(
        findings(r#"{"a":[{"x":1,"x":2},[[{"y":1,"y":1}]]]}"#),
        [r#"duplicate field "a[0].x""#, r#"duplicate field "a[1][0][0].y""#]
    );
    assert_eq!(
        findings(r#"{"":{"a":1,"a":2},"b":1,"b":{"c":1,"c":1}}"#),
        [r#"duplicate field ".a""#, r#"duplicate field "b""#, r#"duplicate field "b.c""#]
    );
}

#[test]
fn takes_the_last_of_repeated_members() {
    let document = Document::read(r#"{"data":{"a":"YQ==","b":1,"a":"Yg=="}}"#).unwrap();
    assert_eq!(document.value, json!({"data": {"a": "Yg==", "b": 1}}));
}

#[test]
fn keeps_every_kind_of_value() {
    let text = r#"{"a":[null,true,-1,18446744073709551615,2.5,"\u00e9\ud83d\ude00",{},[]]}"#;
    let expected = json!({"a": [null, true, -1, u64::MAX, 2.5, "é😀", {}, []]});
    assert_eq!(Document::read(text).unwrap().value, expected);
}

#[test]
fn tells_a_hundred_findings_each_once() {
    let same = r#""k":1,"#.repeat(300);
    let several: Vec<_> = (0..150).map(|i| format!(r#""{i}":1,"{i}":1"#)).collect();
    let found = findings(&format!("{{{same}{}}}", several.join(",")));
    assert_eq!(found.len(), 100);
    assert_eq!(found[0], r#"duplicate field "k""#);
    assert_eq!(found[99], r#"duplicate field "98""#);
}

#[test]
fn a_long_name_is_not_put_together_for_every_finding_behind_it() {
    let name = "x".repeat(FINDINGS_BYTES_MAX);
    let many = r#""v":{"k":1,"k":1},"#.repeat(50_000);
    let found = findings(&format!(r#"{{"{name}":{{{many}"z":1}}}}"#));
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with(r#"x.v.k""#));
}

#[test]
fn quotes_names_as_the_real_server() {
    assert_eq!(quoted("a\"b\\c"), r#""a\"b\\c""#);
    assert_eq!(
        quoted("\u{7}\u{8}\u{C}\n\r\t\u{B}\0\u{1F}\u{7F}"),
        r#""\a\b\f\n\r\t\v\x00\x1f\x7f""#
    );
    assert_eq!(
        quoted("\u{200b}\u{ad}\u{85}\u{feff}\u{e000}"),
        r#""\u200b\u00ad\u0085\ufeff\ue000""#
    );
    assert_eq!(quoted("\u{e0001}"), r#""\U000e0001""#);
    assert_eq!(quoted("it's é e\u{301} 😀"), "\"it's é e\u{301} 😀\"");
}

#[test]
fn refuses_what_is_not_json() {
    for text in [
        "",
        " ",
        "{x",
        "{not json",
        "[1,]",
        "{} x",
        "{}{}",
        "'a'",
        "NaN",
        "\u{feff}{}",
        "[1e400]",
        r#"{"a":"\ud800"}"#,
        "// a\n{}",
        "{\"a\":\"\u{1}\"}",
    ] {
        assert_eq!(Document::read(text).unwrap_err(), PatchError::NotJson, "{text:?}");
    }
    assert_eq!(PatchError::NotJson.to_string(), "invalid JSON patch");
}

#[test]
fn reads_as_deep_as_the_limit_says() {
    let deepest = Document::read(&nested(DEPTH_MAX)).unwrap().value;
    assert_eq!(measure(&deepest), (DEPTH_MAX, DEPTH_MAX));
    assert_eq!(bounded(deepest.clone()), Ok(deepest));
    for depth in [DEPTH_MAX + 1, 10_000, 1_000_000] {
        assert_eq!(Document::read(&nested(depth)).unwrap_err(), PatchError::NotJson);
    }
}

#[test]
fn measures_depth_and_number_of_values() {
    assert_eq!(measure(&json!("a")), (0, 1));
    assert_eq!(measure(&json!({})), (1, 1));
    assert_eq!(measure(&json!({"a": [1, {"b": null}], "c": 2})), (3, 6));
}

#[test]
fn drops_a_value_that_is_nested_far_too_deeply() {
    let mut value = json!("end");
    for level in 0..100_000 {
        value = if level % 2 == 0 {
            Value::Array(vec![value])
        } else {
            Value::from_iter([("a", value)])
        };
    }
    assert_eq!(bounded(value), Err(PatchError::NotJson));
}

#[test]
fn no_value_is_printed() {
    let document = Document::read(r#"{"data":{"a":"c2VjcmV0"}}"#).unwrap();
    assert!(!format!("{document:?}").contains("c2VjcmV0"));
}
