use crate::kubernetes::model::yaml::to_json;

/// What people get wrong, with the texts of the real server.
#[test]
fn mistakes_are_told_in_the_words_that_people_search_for() {
    for (yaml, expected) in [
        ("a: b: c", "mapping values are not allowed in this context"),
        ("a: b\n c: d", "line 2: mapping values are not allowed in this context"),
        ("a: - b", "block sequence entries are not allowed in this context"),
        ("a: b\nc: ? d", "line 2: mapping keys are not allowed in this context"),
        ("a: b\nc\nd: e", "line 3: could not find expected ':'"),
        ("a: b\nc\n\n  more\n# c\nd: e", "line 5: could not find expected ':'"),
        ("a: b\nc", "line 3: could not find expected ':'"),
        ("- a\nb: c", "line 1: did not find expected '-' indicator"),
        ("a: 'b' c", "did not find expected key"),
        ("a:\n- b\n c: d", "line 3: mapping values are not allowed in this context"),
        ("a: [b", "line 1: did not find expected ',' or ']'"),
        ("a: [b,\n", "line 1: did not find expected node content"),
        ("a: {b: c", "line 1: did not find expected ',' or '}'"),
        ("a: {", "line 1: did not find expected node content"),
        ("a: ]", "did not find expected node content"),
        ("a: 'b\nc: d\n", "line 3: found unexpected end of stream"),
        ("a: \"b\\qc\"", "found unknown escape character"),
        ("a: \"b\\xq\"", "did not find expected hexdecimal number"),
        ("a: @b", "found character that cannot start any token"),
        ("a: b\nc: `d`", "line 2: found character that cannot start any token"),
        ("a: %b", "found character that cannot start any token"),
        ("a: | b", "did not find expected comment or line break"),
        ("a: |0\n", "found an indentation indicator equal to 0"),
        ("a: !<b c", "did not find the expected '>'"),
        ("a: !x!y b", "found undefined tag handle"),
        ("%YAML 1.1\na: b", "line 1: did not find expected <document start>"),
        ("%YAML 1.1\n%YAML 1.1\n---\n", "line 1: found duplicate %YAML directive"),
        ("%YAML\n---\n", "did not find expected version number"),
        ("a: &", "did not find expected alphabetic or numeric character"),
    ] {
        let error = to_json(yaml.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, format!("yaml: {expected}"), "{yaml:?}");
    }
}
