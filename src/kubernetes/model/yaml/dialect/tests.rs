use crate::kubernetes::model::yaml::to_json;

#[track_caller]
fn refused(yaml: &str, expected: &str) {
    assert_eq!(to_json(yaml.as_bytes()).unwrap_err().to_string(), expected, "{yaml:?}");
}

#[track_caller]
fn read(yaml: &str, expected: &str) {
    assert_eq!(to_json(yaml.as_bytes()).unwrap().json, expected, "{yaml:?}");
}

#[test]
fn a_tab_is_no_indentation() {
    const NO_TOKEN: &str = "yaml: line 2: found character that cannot start any token";
    const IN_PLAIN: &str = "yaml: line 2: found a tab character that violates indentation";
    const IN_BLOCK: &str =
        "yaml: line 2: found a tab character where an indentation space is expected";
    refused("metadata:\n\tname: x\n", NO_TOKEN);
    refused("\ta: b", "yaml: found character that cannot start any token");
    refused("# c\n\ta: b", NO_TOKEN);
    refused("a:\n\t\n  b: c", NO_TOKEN);
    refused("a: 'b'\n \t\n", NO_TOKEN);
    refused("a: [b]\n\t# c\n", NO_TOKEN);
    refused("a:\n-\tb", NO_TOKEN);
    refused("a: b\n\tc: d", IN_PLAIN);
    refused("a: b\n\t\nc: d", IN_PLAIN);
    refused("a: b\n\t", IN_PLAIN);
    refused("a: |\n\tb", IN_BLOCK);
    refused("a: |-\n  \tb", IN_BLOCK);
}

#[test]
fn a_tab_that_separates_is_taken() {
    read("a:\tb\t# c\n", r#"{"a":"b"}"#);
    read("a:\t\n  b: c\n", r#"{"a":{"b":"c"}}"#);
    read("- a\t\n-  b\n", r#"["a","b"]"#);
    read("a: b\n \t\nc: d", r#"{"a":"b","c":"d"}"#);
    read("{\n\t\"a\":\t[\n\t\t1,\n\t\t2\n\t]\n}\n", r#"{"a":[1,2]}"#);
    read("a: |2\n  \tb", "{\"a\":\"\\u0009b\"}");
    read("a: \"b\tc\"\nd: |\n  e\tf\n", "{\"a\":\"b\\u0009c\",\"d\":\"e\\u0009f\\u000a\"}");
    read("# \tc\na: b # \t\n", r#"{"a":"b"}"#);
    read("---\ta\n", r#""a""#);
}

#[test]
fn escapes_of_json_alone_are_refused() {
    refused(r#"{"a": "b\/c"}"#, "yaml: found unknown escape character");
    refused(
        "a:\n  \"\\ud83c\\udf89\"",
        "yaml: line 2: found invalid Unicode character escape code",
    );
    refused(
        "a: \"\n\n\\uD83C\\uDF89\"",
        "yaml: line 3: found invalid Unicode character escape code",
    );
    read(r#"{"a": "\\/ \\ud83c \u00e9 \U0001F389"}"#, r#"{"a":"\\/ \\ud83c é 🎉"}"#);
    read(r"a: 'b\/c \ud83c'", r#"{"a":"b\\/c \\ud83c"}"#);
}

#[test]
fn anchors_have_plain_names() {
    refused("a: &b.c x", "yaml: did not find expected alphabetic or numeric character");
    refused("schedule: */5 * * * *", "yaml: did not find expected alphabetic or numeric character");
    refused("a:\n- *.log", "yaml: line 2: did not find expected alphabetic or numeric character");
    read("a: &b-c_1 x\nd: *b-c_1", r#"{"a":"x","d":"x"}"#);
}

#[test]
fn directives_are_known() {
    refused("# c\n%FOO bar\n---\na: b", "yaml: line 2: found unknown directive name");
    refused("%YAMLX 1.1\n---\na: b", "yaml: found unknown directive name");
    read("%YAML 1.1\n%TAG !e! tag:example.com,2000:\n---\na: !e!x 1", r#"{"a":"1"}"#);
    read("a: b\n---\n%FOO", r#"{"a":"b"}"#);
}

#[test]
fn a_flow_collection_needs_quotation_marks_for_more() {
    refused("{u: http://x/?y=1}", "yaml: did not find expected ',' or '}'");
    refused("a:\n  [b, c?]", "yaml: line 1: did not find expected ',' or ']'");
    refused("{a:}", "yaml: did not find expected ',' or '}'");
    read("{u: 'http://x/?y=1', v: http://x/y}", r#"{"u":"http://x/?y=1","v":"http://x/y"}"#);
    read("u: http://x/?y=1", r#"{"u":"http://x/?y=1"}"#);
    read("{a: , b: }", r#"{"a":null,"b":null}"#);
}

/// A repeated key is told with the line where its second value begins.
#[test]
fn nodes_begin_with_their_tag_their_anchor_and_their_bar() {
    for (value, line) in [
        (" x", 2),
        ("\n  x", 3),
        (" |\n\n\n  x", 2),
        (" >2- # |\n\n   x", 2),
        ("\n  |\n  x", 3),
        (" |", 2),
        (" |-\n\n", 2),
        (" !!str\n  x", 2),
        (" &x\n  x", 2),
        (" &x !!str |\n  x", 2),
        ("\n  &x\n  b: c", 3),
        ("\n  b: c", 3),
        ("\n- b", 3),
        (" [\n b]", 2),
        (" \"\n b\"", 2),
    ] {
        let yaml = format!("a: 1\na:{value}\n");
        let converted = to_json(yaml.as_bytes()).unwrap();
        assert_eq!(converted.duplicates.len(), 1, "{yaml:?}");
        assert_eq!(converted.duplicates[0].line, line, "{yaml:?}");
    }
}
