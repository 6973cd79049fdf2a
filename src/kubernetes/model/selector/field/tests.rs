use proptest::prelude::*;

use super::FieldSelector;

const SECRET: [&str; 3] = ["metadata.name", "metadata.namespace", "type"];
const NAMESPACE: [&str; 2] = ["metadata.name", "status.phase"];

/// Name, namespace and type.
type Object = [&'static str; 3];

/// The secrets that a real server was asked about.
const PR2: [Object; 3] =
    [["l1", "pr2", "Opaque"], ["l2", "pr2", "Opaque"], ["l3", "pr2", "kubernetes.io/basic-auth"]];
const EX2: [Object; 4] = [
    ["l0", "ex2", "Opaque"],
    ["l00", "ex2", "Opaque"],
    ["l1", "ex2", "Opaque"],
    ["l2", "ex2", "Opaque"],
];
const OTHERS: [Object; 5] = [
    ["d4", "ex2", "Opaque"],
    ["gzs", "ex1", "Opaque"],
    ["pb", "ex1", "Opaque"],
    ["w0", "ex1", "Opaque"],
    ["w1", "ex1", "Opaque"],
];

fn selected(selector: &str, objects: &[Object]) -> Vec<&'static str> {
    let selector = FieldSelector::parse(selector, &SECRET).unwrap();
    objects
        .iter()
        .filter(|[name, namespace, kind]| {
            selector.matches(|field| match field {
                "metadata.name" => name,
                "metadata.namespace" => namespace,
                "type" => kind,
                other => panic!("asked for {other}"),
            })
        })
        .map(|[name, ..]| *name)
        .collect()
}

fn message(selector: &str) -> String {
    FieldSelector::parse(selector, &SECRET).unwrap_err().to_string()
}

#[test]
fn what_a_real_server_lists_is_selected() {
    let cases: &[(&str, &[Object], &[&str])] = &[
        ("metadata.name=l1", &PR2, &["l1"]),
        ("metadata.namespace=pr2", &PR2, &["l1", "l2", "l3"]),
        ("type=Opaque", &PR2, &["l1", "l2"]),
        ("type!=Opaque", &PR2, &["l3"]),
        ("metadata.name=", &PR2, &[]),
        ("metadata.name=l1,", &PR2, &["l1"]),
        ("metadata.name=l0", &EX2, &["l0"]),
        ("metadata.name=l1", &EX2, &["l1"]),
        ("metadata.name==l1", &EX2, &["l1"]),
        ("metadata.name!=l1", &EX2, &["l0", "l00", "l2"]),
        ("type=Opaque", &EX2, &["l0", "l00", "l1", "l2"]),
        ("metadata.namespace=ex2", &EX2, &["l0", "l00", "l1", "l2"]),
        ("metadata.name=l1,metadata.name=l2", &EX2, &[]),
        ("=", &EX2, &["l0", "l00", "l1", "l2"]),
        (",", &EX2, &["l0", "l00", "l1", "l2"]),
        ("metadata.name=l1,", &EX2, &["l1"]),
        ("metadata.name=A b", &EX2, &[]),
        ("metadata.name=\\,", &EX2, &[]),
        ("metadata.name=d4", &OTHERS, &["d4"]),
        ("metadata.name=gzs", &OTHERS, &["gzs"]),
        ("metadata.name=pb", &OTHERS, &["pb"]),
        ("metadata.name=w0", &OTHERS, &["w0"]),
        ("metadata.namespace=ex1", &OTHERS, &["gzs", "pb", "w0", "w1"]),
    ];
    for (selector, objects, expected) in cases {
        assert_eq!(selected(selector, objects), *expected, "{selector}");
    }
}

#[test]
fn namespaces_are_selected_by_name_and_phase() {
    for (selector, expected) in [
        ("metadata.name=exn-a", &["exn-a"][..]),
        ("status.phase=Active,metadata.name=exn-a", &["exn-a"]),
        ("metadata.name=ex1", &["ex1"]),
        ("status.phase!=Active", &["gone"]),
    ] {
        let selector = FieldSelector::parse(selector, &NAMESPACE).unwrap();
        let found: Vec<_> = [("ex1", "Active"), ("exn-a", "Active"), ("gone", "Terminating")]
            .into_iter()
            .filter(|(name, phase)| {
                selector.matches(|field| if field == "metadata.name" { name } else { phase })
            })
            .map(|(name, _)| name)
            .collect();
        assert_eq!(found, expected);
    }
    let refused = FieldSelector::parse("metadata.namespace=x", &NAMESPACE).unwrap_err();
    assert_eq!(refused.to_string(), "field label not supported: metadata.namespace");
}

#[test]
fn a_refused_selector_has_the_message_of_a_real_server() {
    for (selector, expected) in [
        ("data.a=b", "field label not supported: data.a"),
        ("metadata.uid=x", "field label not supported: metadata.uid"),
        ("metadata.labels.all=1", "field label not supported: metadata.labels.all"),
        ("immutable=true", "field label not supported: immutable"),
        ("a=b", "field label not supported: a"),
        ("foo", "invalid selector: 'foo'; can't understand 'foo'"),
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        (
            "metadata.name in (a)",
            "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'",
        ),
    ] {
        assert_eq!(message(selector), expected);
    }
}

/// Checked against version 0.37.2 of the library that a real server parses selectors with.
#[test]
fn odd_texts_have_the_message_of_a_real_server() {
    for (selector, expected) in [
        ("=x", "field label not supported: "),
        (" type=x", "field label not supported:  type"),
        ("Type=x", "field label not supported: Type"),
        ("ty\\pe=x", "field label not supported: ty\\pe"),
        ("a!b=c", "field label not supported: a!b"),
        // The sorted order decides, and what cannot be read comes before what is not supported.
        ("z=1,b=1,type=x", "field label not supported: b"),
        ("a=1,zz", "invalid selector: 'a=1,zz'; can't understand 'zz'"),
        ("zz,type,a", "invalid selector: 'zz,type,a'; can't understand 'a'"),
        ("type\\,=", "field label not supported: type\\,"),
        ("type>1", "invalid selector: 'type>1'; can't understand 'type>1'"),
        ("type=a=b", "invalid field selector: unescaped character in value: 61"),
        ("type===b", "invalid field selector: unescaped character in value: 61"),
        ("type!==b", "invalid field selector: unescaped character in value: 61"),
        ("type=\\", "invalid field selector: invalid escape sequence: \\"),
        ("type=\\é", "invalid field selector: invalid escape sequence: \\é"),
        ("type=\\\\\\", "invalid field selector: invalid escape sequence: \\"),
    ] {
        assert_eq!(message(selector), expected, "{selector}");
    }
}

#[test]
fn a_backslash_makes_a_value_of_commas_and_equals_signs() {
    for (selector, value) in [
        ("type=a\\,b", "a,b"),
        ("type=\\=", "="),
        ("type==\\\\", "\\"),
        ("type=\\\\,metadata.name!=x", "\\"),
        ("type=a b\tc\0", "a b\tc\0"),
        ("type= !x", " !x"),
    ] {
        let parsed = FieldSelector::parse(selector, &SECRET).unwrap();
        assert_eq!(parsed.required("type"), Some(value), "{selector}");
        assert!(parsed.matches(|field| if field == "type" { value } else { "other" }));
    }
}

#[test]
fn empty_comparisons_select_everything() {
    for text in ["", "=", "==", "!=", ",,", "=,!=,"] {
        let selector = FieldSelector::parse(text, &SECRET).unwrap();
        assert!(selector.is_everything(), "{text}");
        assert_eq!(selector, FieldSelector::default());
    }
    assert!(!FieldSelector::parse("type!=", &SECRET).unwrap().is_everything());
}

#[test]
fn only_equality_requires_a_value() {
    let required = |selector, field| {
        FieldSelector::parse(selector, &SECRET).unwrap().required(field).map(str::to_owned)
    };
    // A real server names this one in its 403.
    assert_eq!(required("metadata.name=x", "metadata.name").as_deref(), Some("x"));
    assert_eq!(required("type=x,metadata.name==a", "metadata.name").as_deref(), Some("a"));
    assert_eq!(required("metadata.name=", "metadata.name").as_deref(), Some(""));
    assert_eq!(required("metadata.name!=a", "metadata.name"), None);
    assert_eq!(required("metadata.name!=a,metadata.name=b", "metadata.name").as_deref(), Some("b"));
    assert_eq!(required("metadata.name=b,metadata.name=a", "metadata.name").as_deref(), Some("a"));
    assert_eq!(required("type=a", "metadata.name"), None);
    assert_eq!(required("", "metadata.name"), None);
}

#[test]
fn huge_texts_are_read_in_linear_time() {
    let many = 300_000;
    assert!(FieldSelector::parse(&",".repeat(many), &SECRET).unwrap().is_everything());
    assert!(FieldSelector::parse(&"\\".repeat(many), &SECRET).is_err());
    assert!(FieldSelector::parse(&format!("type{}", "=".repeat(many)), &SECRET).is_err());
    let selector = FieldSelector::parse(&"type=a,".repeat(many), &SECRET).unwrap();
    assert!(selector.matches(|_| "a"));
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "\\PC{0,40}|(type|[ty=!,\\\\é]){0,12}") {
        if let Ok(selector) = FieldSelector::parse(&text, &SECRET) {
            prop_assert!(selector.matches(|_| "") || !selector.is_everything());
        }
    }

    #[test]
    fn every_value_can_be_asked_for(value in "(\\PC|[,=\\\\]){0,12}") {
        let escaped = value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
        let selector = FieldSelector::parse(&format!("type={escaped}"), &SECRET).unwrap();
        prop_assert_eq!(selector.required("type"), Some(value.as_str()));
    }
}
