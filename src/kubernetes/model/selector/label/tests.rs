use std::collections::BTreeMap;

use proptest::prelude::*;

use super::LabelSelector;

type Object = (&'static str, &'static [(&'static str, &'static str)]);

/// The secrets of the namespaces that a real server was asked about.
const PR2: [Object; 3] =
    [("l1", &[("app", "a"), ("tier", "x")]), ("l2", &[("app", "b")]), ("l3", &[("tier", "x")])];
const EX2: [Object; 4] = [
    ("l0", &[("n", "0"), ("all", "1")]),
    ("l00", &[]),
    ("l1", &[("n", "1"), ("all", "1")]),
    ("l2", &[("n", "2"), ("all", "1")]),
];
const EX1: [Object; 4] =
    [("w0", &[("a", "1")]), ("w1", &[]), ("w2", &[("a", "1")]), ("w2, patched", &[("a", "2")])];

const KEY_FORM: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_FORM: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NO_INTEGER: &str = "for 'Gt', 'Lt' operators, the value must be an integer";

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn selected(selector: &str, objects: &[Object]) -> Vec<&'static str> {
    let selector = LabelSelector::parse(selector).unwrap();
    objects
        .iter()
        .filter(|(_, pairs)| selector.matches(&labels(pairs)))
        .map(|(name, _)| *name)
        .collect()
}

fn message(selector: &str) -> String {
    LabelSelector::parse(selector).unwrap_err().to_string()
}

#[test]
fn what_a_real_server_lists_is_selected() {
    let cases: &[(&str, &[Object], &[&str])] = &[
        ("app", &PR2, &["l1", "l2"]),
        ("!app", &PR2, &["l3"]),
        ("app=a", &PR2, &["l1"]),
        ("app!=a", &PR2, &["l2", "l3"]),
        ("app notin (a)", &PR2, &["l2", "l3"]),
        ("app in (a),tier", &PR2, &["l1"]),
        ("app in ()", &PR2, &[]),
        ("app>1", &PR2, &[]),
        ("tier=x", &PR2, &["l1", "l3"]),
        ("tier", &PR2, &["l1", "l3"]),
        ("none=none", &PR2, &[]),
        ("app", &EX2, &[]),
        ("all=1", &EX2, &["l0", "l1", "l2"]),
        ("!all", &EX2, &["l00"]),
        ("n notin (0)", &EX2, &["l00", "l1", "l2"]),
        ("n>0", &EX2, &["l1", "l2"]),
        ("n<2", &EX2, &["l0", "l1"]),
        ("n=0,all", &EX2, &["l0"]),
        ("n in ()", &EX2, &[]),
        ("n==0", &EX2, &["l0"]),
        ("n!=0", &EX2, &["l00", "l1", "l2"]),
        ("n=2", &EX2, &["l2"]),
        ("kubernetes.io/x=1", &EX2, &[]),
        ("a=1", &EX1, &["w0", "w2"]),
        ("none=1", &EX1, &[]),
    ];
    for (selector, objects, expected) in cases {
        assert_eq!(selected(selector, objects), *expected, "{selector}");
    }
    let namespace = ("exn-a", [("kubernetes.io/metadata.name", "exn-a")].as_slice());
    assert_eq!(selected("kubernetes.io/metadata.name=exn-a", &[namespace]), ["exn-a"]);
}

#[test]
fn a_refused_selector_has_the_message_of_a_real_server() {
    let long = "x".repeat(64);
    let very_long = "a".repeat(20_000);
    for (selector, expected) in [
        ("app in (a", "unable to parse requirement: found '', expected: ',' or ')'".to_owned()),
        ("=a", "found '=', expected: !, identifier, or 'end of string'".to_owned()),
        (",", "found ',', expected: !, identifier, or 'end of string'".to_owned()),
        (
            "a b",
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"
                .to_owned(),
        ),
        (
            "exists(n)",
            "unable to parse requirement: found '(', expected: in, notin, =, ==, !=, gt, lt"
                .to_owned(),
        ),
        ("!", "unable to parse requirement: found '', expected: identifier".to_owned()),
        (
            "app>x",
            format!("unable to parse requirement: values[0]: Invalid value: \"x\": {NO_INTEGER}"),
        ),
        (
            "app=-",
            format!("unable to parse requirement: values[0][app]: Invalid value: \"-\": {VALUE_FORM}"),
        ),
        (
            "a/b/c=d",
            format!(
                "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key {KEY_FORM} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ),
        ),
        (
            "/x=1",
            "unable to parse requirement: <nil>: Invalid value: \"/x\": prefix part must be non-empty"
                .to_owned(),
        ),
        (
            &format!("{long}=1"),
            format!(
                "unable to parse requirement: <nil>: Invalid value: \"{long}\": name part must be no more than 63 bytes"
            ),
        ),
        (
            &format!("n={long}"),
            format!(
                "unable to parse requirement: values[0][n]: Invalid value: \"{long}\": must be no more than 63 bytes"
            ),
        ),
        (
            &very_long,
            format!(
                "unable to parse requirement: <nil>: Invalid value: \"{very_long}\": name part must be no more than 63 bytes"
            ),
        ),
        // Contract 2.8.
        ("app=a,", "found '', expected: identifier after ','".to_owned()),
    ] {
        assert_eq!(message(selector), expected);
    }
}

/// Checked against version 0.37.2 of the library that a real server parses selectors with.
#[test]
fn odd_texts_have_the_message_of_a_real_server() {
    let requirement = |rest: &str| format!("unable to parse requirement: {rest}");
    for (selector, expected) in [
        ("a,,b", "found ',', expected: identifier after ','".to_owned()),
        ("a,=", "found '=', expected: identifier after ','".to_owned()),
        ("a=b c", "found 'c', expected: ',' or 'end of string'".to_owned()),
        ("a=b=c", "found '=', expected: ',' or 'end of string'".to_owned()),
        ("!a=b", "found '=', expected: ',' or 'end of string'".to_owned()),
        ("!a in (b)", "found 'in', expected: ',' or 'end of string'".to_owned()),
        ("!!a", requirement("found '!', expected: identifier")),
        ("!,a", requirement("found ',', expected: identifier")),
        ("a===b", requirement("found '=', expected: identifier")),
        ("a<=1", requirement("found '=', expected: identifier")),
        ("a=)", requirement("found ')', expected: identifier")),
        ("a in", requirement("found '' expected: '('")),
        ("a in b", requirement("found 'b' expected: '('")),
        ("a in (=", requirement("found '=', expected: ',', ')' or identifier")),
        ("a in (", requirement("found '', expected: ',', ')' or identifier")),
        ("a in (b,", requirement("found '', expected: ',', or identifier")),
        ("a in (b,(", requirement("found '(', expected: ',', or identifier")),
        ("a in (b c)", requirement("found 'c', expected: ',' or ')'")),
        ("a In (b)", requirement("found 'In', expected: in, notin, =, ==, !=, gt, lt")),
        ("a>", requirement(&format!("values[0]: Invalid value: \"\": {NO_INTEGER}"))),
        (
            "a>9223372036854775808",
            requirement(&format!(
                "values[0]: Invalid value: \"9223372036854775808\": {NO_INTEGER}"
            )),
        ),
        ("a>-1", requirement(&format!("values[0][a]: Invalid value: \"-1\": {VALUE_FORM}"))),
        (
            "a<x-",
            requirement(&format!(
                "[values[0]: Invalid value: \"x-\": {NO_INTEGER}, values[0][a]: Invalid value: \"x-\": {VALUE_FORM}]"
            )),
        ),
        (
            "a in (z-,m,b-)",
            requirement(&format!(
                "[values[0][a]: Invalid value: \"b-\": {VALUE_FORM}, values[2][a]: Invalid value: \"z-\": {VALUE_FORM}]"
            )),
        ),
        ("Ä_=1", requirement(&format!("<nil>: Invalid value: \"Ä_\": name part {KEY_FORM}"))),
        (
            "a\u{a0}",
            requirement(&format!("<nil>: Invalid value: \"a\\u00a0\": name part {KEY_FORM}")),
        ),
        (
            "A/=1",
            requirement(&format!(
                "<nil>: Invalid value: \"A/\": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'); name part must be non-empty; name part {KEY_FORM}"
            )),
        ),
        ("a=b\0c", "found 'c', expected: ',' or 'end of string'".to_owned()),
    ] {
        assert_eq!(message(selector), expected, "{selector}");
    }
}

#[test]
fn odd_texts_that_a_real_server_takes_select_the_same() {
    for (selector, pairs) in [
        ("a=", &[("a", "")][..]),
        ("a=,b", &[("a", ""), ("b", "1")]),
        ("a==", &[("a", "")]),
        ("a in ()", &[("a", "")]),
        ("a in (,)", &[("a", "")]),
        ("a in (,b)", &[("a", "")]),
        ("a in (b,)", &[("a", "")]),
        ("a in (b,,c)", &[("a", "")]),
        ("a in (b,,c)", &[("a", "c")]),
        ("\ta\r\nin\n(b , c)", &[("a", "c")]),
        ("in in (in,notin)", &[("in", "notin")]),
        ("in", &[("in", "")]),
        ("a=in", &[("a", "in")]),
        ("!notin", &[]),
        ("! a", &[]),
        ("a>007", &[("a", "8")]),
        ("a<1,a", &[("a", "0")]),
        ("a=\0b", &[("a", "b")]),
        ("a=b \0 = garbage", &[("a", "b")]),
    ] {
        let parsed = LabelSelector::parse(selector).unwrap();
        assert!(parsed.matches(&labels(pairs)), "{selector:?}");
        assert!(!parsed.is_everything(), "{selector:?}");
    }
    for (selector, pairs) in [
        ("a in (b,c)", &[("a", "")][..]),
        ("a=", &[]),
        ("a!=", &[("a", "")]),
        ("a notin ()", &[("a", "")]),
        ("a>1", &[("a", "x")]),
        ("a<1", &[]),
        ("a<5", &[("a", "5")]),
        ("a>5", &[("a", "5")]),
        ("a<1", &[("a", "99999999999999999999")]),
        ("a,!a", &[("a", "1")]),
    ] {
        assert!(!LabelSelector::parse(selector).unwrap().matches(&labels(pairs)), "{selector:?}");
    }
}

#[test]
fn an_empty_text_selects_everything() {
    for text in ["", " ", "\t\r\n", "\0a=b"] {
        let selector = LabelSelector::parse(text).unwrap();
        assert!(selector.is_everything(), "{text:?}");
        assert!(selector.matches(&BTreeMap::new()));
        assert_eq!(selector, LabelSelector::default());
    }
}

#[test]
fn huge_texts_are_read_in_linear_time() {
    let many = 300_000;
    let values: Vec<String> = (0..many).map(|number| number.to_string()).collect();
    let selector = LabelSelector::parse(&format!("a in ({})", values.join(","))).unwrap();
    assert!(selector.matches(&labels(&[("a", "299999")])));
    assert!(LabelSelector::parse(&"(".repeat(many)).is_err());
    assert!(LabelSelector::parse(&"!".repeat(many)).is_err());
    assert!(LabelSelector::parse(&format!("a in ({}", ",".repeat(many))).is_err());
    assert!(LabelSelector::parse(&" ".repeat(many)).unwrap().is_everything());
    let requirements = vec!["a!=b"; many].join(",");
    assert!(LabelSelector::parse(&requirements).unwrap().matches(&BTreeMap::new()));
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "\\PC{0,40}|[ab/. =!<>(),\\x00\\n-]{0,24}") {
        if let Ok(selector) = LabelSelector::parse(&text) {
            let object = labels(&[("a", "b"), ("b", "1")]);
            prop_assert!(selector.matches(&object) || !selector.is_everything());
        }
    }

    #[test]
    fn equality_selects_by_key_and_value(
        key in "[a-z0-9]{1,8}", value in "[A-Za-z0-9]{0,8}", other in "[A-Za-z0-9]{0,8}",
    ) {
        let object = labels(&[(&key, &other)]);
        let is_selected = |text: String| LabelSelector::parse(&text).unwrap().matches(&object);
        prop_assert_eq!(is_selected(format!("{key}={value}")), value == other);
        prop_assert_eq!(is_selected(format!("{key}!={value}")), value != other);
        prop_assert_eq!(is_selected(format!("{key} in ({value},0-0)")), value == other || other == "0-0");
    }
}
