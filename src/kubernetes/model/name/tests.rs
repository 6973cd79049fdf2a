use proptest::prelude::*;

use super::*;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const PREFIX_PART: &str = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const TWO_SLASHES: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const DATA_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const FINALIZER: &str = "name is neither a standard finalizer name nor is it fully qualified";

fn check(rule: fn(&str) -> Vec<&'static str>, cases: &[(&str, &[&str])]) {
    for (value, expected) in cases {
        assert_eq!(rule(value), *expected, "{value:?}");
    }
}

fn x(count: usize) -> String {
    "x".repeat(count)
}

#[test]
fn names_of_secrets() {
    let too_long = "must be no more than 253 characters";
    check(
        dns_subdomain,
        &[
            ("a", &[]),
            ("a-b.c-d", &[]),
            (&x(64), &[]),
            (&x(253), &[]),
            (&x(254), &[too_long]),
            (&"X".repeat(254), &[too_long, SUBDOMAIN]),
            ("A", &[SUBDOMAIN]),
            ("a_b", &[SUBDOMAIN]),
            ("-a", &[SUBDOMAIN]),
            (".a", &[SUBDOMAIN]),
            ("a..b", &[SUBDOMAIN]),
            ("é", &[SUBDOMAIN]),
            ("a/b", &[SUBDOMAIN]),
            ("a%2f", &[SUBDOMAIN]),
            ("a%", &[SUBDOMAIN]),
            ("a:b", &[SUBDOMAIN]),
            ("\u{fffd}", &[SUBDOMAIN]),
            ("NoUppercaseOrSpecialCharsLike=Equals", &[SUBDOMAIN]),
            ("-_Invliad^&Characters", &[SUBDOMAIN]),
            ("", &[SUBDOMAIN]),
            ("a\n", &[SUBDOMAIN]),
        ],
    );
}

#[test]
fn names_of_namespaces() {
    let too_long = "must be no more than 63 characters";
    check(
        dns_label,
        &[
            ("a", &[]),
            (&x(63), &[]),
            (&x(64), &[too_long]),
            ("a.b", &["must not contain dots"]),
            ("a-", &[LABEL]),
            ("-a", &[LABEL]),
            ("A", &[LABEL]),
            ("a_b", &[LABEL]),
            ("é", &[LABEL]),
            ("..", &[LABEL]),
            (".", &[LABEL]),
            ("", &[LABEL]),
        ],
    );
}

#[test]
fn bases_of_generated_names() {
    check(
        dns_subdomain_base,
        &[
            ("gen-", &[]),
            ("genx-", &[]),
            ("a--", &[]),
            ("--", &[]),
            (&x(60), &[]),
            (&x(253), &[]),
            (&format!("{}-", x(253)), &[]),
            (&x(254), &["must be no more than 253 characters"]),
            ("gen.", &[SUBDOMAIN]),
            ("Gen-", &[SUBDOMAIN]),
            ("-", &[SUBDOMAIN]),
            ("-a", &[SUBDOMAIN]),
            ("a_", &[SUBDOMAIN]),
            ("a/", &[SUBDOMAIN]),
            ("%", &[SUBDOMAIN]),
            ("..", &[SUBDOMAIN]),
            ("a..", &[SUBDOMAIN]),
        ],
    );
    check(
        dns_label_base,
        &[
            ("gen-", &[]),
            (&format!("{}-", x(63)), &[]),
            (&x(64), &["must be no more than 63 characters"]),
            ("gen.", &[LABEL]),
            ("a.b-", &["must not contain dots"]),
        ],
    );
}

#[test]
fn qualified_names() {
    check(
        qualified_name,
        &[
            ("foo", &[]),
            ("1k_.-z", &[]),
            ("example.com/my-key", &[]),
            (&format!("{}/k", x(253)), &[]),
            (&format!("{}/k", x(254)), &["prefix part must be no more than 253 bytes"]),
            ("Example.com/k", &[PREFIX_PART]),
            ("a/b/c", &[TWO_SLASHES]),
            ("//", &[TWO_SLASHES]),
            ("/x", &["prefix part must be non-empty"]),
            ("k/", &["name part must be non-empty", NAME_PART]),
            ("", &["name part must be non-empty", NAME_PART]),
            ("/", &["prefix part must be non-empty", "name part must be non-empty", NAME_PART]),
            ("-k", &[NAME_PART]),
            ("k.", &[NAME_PART]),
            ("a b", &[NAME_PART]),
            ("example.com/F_", &[NAME_PART]),
            (&x(64), &["name part must be no more than 63 bytes"]),
            (&"é".repeat(32), &["name part must be no more than 63 bytes", NAME_PART]),
        ],
    );
}

#[test]
fn annotation_keys() {
    check(
        annotation_key,
        &[
            ("k", &[]),
            ("A.B/c", &[]),
            ("a b", &[NAME_PART]),
            ("a/b/c", &[TWO_SLASHES]),
            // The letters that become an ASCII letter in lower case: the Kelvin sign and `İ`.
            ("\u{212a}/\u{130}", &[]),
            ("Ä", &[NAME_PART]),
        ],
    );
}

#[test]
fn label_values() {
    check(
        label_value,
        &[
            ("", &[]),
            ("bar", &[]),
            ("A_b.c-D", &[]),
            (&x(63), &[]),
            (&x(64), &["must be no more than 63 bytes"]),
            (&"é".repeat(32), &["must be no more than 63 bytes", LABEL_VALUE]),
            ("-v", &[LABEL_VALUE]),
            ("a b", &[LABEL_VALUE]),
            ("c d", &[LABEL_VALUE]),
            ("a-", &[LABEL_VALUE]),
            ("é", &[LABEL_VALUE]),
            ("..", &[LABEL_VALUE]),
            (".", &[LABEL_VALUE]),
            ("a\n", &[LABEL_VALUE]),
        ],
    );
}

#[test]
fn data_keys() {
    check(
        data_key,
        &[
            ("data-1", &[]),
            ("A_b.c-9", &[]),
            (".x", &[]),
            ("a..", &[]),
            (&x(253), &[]),
            (&x(254), &["must be no more than 253 characters"]),
            (&" ".repeat(254), &["must be no more than 253 characters", DATA_KEY]),
            ("a*b", &[DATA_KEY]),
            ("a*", &[DATA_KEY]),
            ("a b", &[DATA_KEY]),
            ("", &[DATA_KEY]),
            (".", &["must not be '.'"]),
            ("..", &["must not be '..'"]),
            ("..x", &["must not start with '..'"]),
            ("..*", &[DATA_KEY, "must not start with '..'"]),
        ],
    );
}

#[test]
fn finalizers() {
    check(
        finalizer,
        &[
            ("kubernetes", &[]),
            ("orphan", &[]),
            ("foregroundDeletion", &[]),
            ("example.com/f", &[]),
            ("Example.com/f", &[]),
            ("abc", &[FINALIZER]),
            ("a b", &[FINALIZER]),
            ("example.com", &[FINALIZER]),
            ("Kubernetes", &[FINALIZER]),
            ("", &[FINALIZER]),
        ],
    );
}

#[test]
fn path_segments() {
    check(
        path_segment,
        &[
            ("a", &[]),
            ("", &[]),
            ("...", &[]),
            (".", &["may not be '.'"]),
            ("..", &["may not be '..'"]),
            ("a/b", &["may not contain '/'"]),
            ("%/", &["may not contain '/'", "may not contain '%'"]),
        ],
    );
}

proptest! {
    #[test]
    fn well_formed_names_break_no_rule(
        label in "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?",
        name in "([A-Za-z0-9][-A-Za-z0-9_.]{0,40})?[A-Za-z0-9]",
        key in "[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,40}",
    ) {
        prop_assert!(dns_label(&label).is_empty());
        prop_assert!(dns_subdomain(&[label.as_str(), &label].join(".")).is_empty());
        prop_assert!(dns_label_base(&[label.as_str(), "x-"].concat()).is_empty());
        prop_assert!(qualified_name(&[label.as_str(), &name].join("/")).is_empty());
        prop_assert!(label_value(&name).is_empty());
        prop_assert!(data_key(&key).is_empty());
    }

    #[test]
    fn a_foreign_character_breaks_every_rule(text in "[a-z]{1,9}[^-_./A-Za-z0-9][a-z]{1,9}") {
        let rules =
            [dns_subdomain, dns_label, dns_subdomain_base, qualified_name, label_value, data_key];
        for rule in rules {
            prop_assert_eq!(rule(&text).len(), 1);
        }
    }
}
