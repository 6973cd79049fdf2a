//! The rules for names, and the text of a real server for each rule that a name breaks.
//!
//! Each function returns the texts of all broken rules in the order of the server's causes; none
//! means that the name is valid. A message is made of the name and one text:
//! `Invalid value: "a_b": <text>`. All lengths count bytes of UTF-8, also where the text says
//! "characters". The texts are those that a real server answers, word for word.

/// Most bytes of a label value, of the name part of a qualified name, and of a DNS label.
const LABEL_MAX: usize = 63;
/// Most bytes of a DNS subdomain, and of a key in `data`.
const SUBDOMAIN_MAX: usize = 253;

/// Finalizers that need no domain before them (documented).
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

// Some texts stand alone and behind a prefix; `concat!` takes literals only, so these are macros.
macro_rules! subdomain_form {
    () => {
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
         '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used \
         for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    };
}
macro_rules! qualified_name_form {
    () => {
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
         alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
         validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    };
}

/// The name of a secret: a DNS subdomain (RFC 1123) of at most 253 bytes.
#[must_use]
pub fn dns_subdomain(value: &str) -> Vec<&'static str> {
    subdomain_mistakes(value.as_bytes())
}

/// The name of a namespace: a DNS label (RFC 1123) of at most 63 bytes. A name that only has dots
/// too many is told so.
#[must_use]
pub fn dns_label(value: &str) -> Vec<&'static str> {
    label_mistakes(value.as_bytes())
}

/// `metadata.generateName` of a secret: as [`dns_subdomain`], but it may end in `-`.
#[must_use]
pub fn dns_subdomain_base(value: &str) -> Vec<&'static str> {
    subdomain_mistakes(&without_trailing_dash(value))
}

/// `metadata.generateName` of a namespace: as [`dns_label`], but it may end in `-`.
#[must_use]
pub fn dns_label_base(value: &str) -> Vec<&'static str> {
    label_mistakes(&without_trailing_dash(value))
}

/// A qualified name, which is the rule of label keys and finalizers: a name part of at most 63
/// bytes, and before it, if wanted, a DNS subdomain and `/`.
#[must_use]
pub fn qualified_name(value: &str) -> Vec<&'static str> {
    let (prefix, name) = match value.split_once('/') {
        None => (None, value),
        Some((_, rest)) if rest.contains('/') => {
            return vec![concat!(
                "a valid label key ",
                qualified_name_form!(),
                " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => (Some(prefix), name),
    };
    let mut mistakes = Vec::new();
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            mistakes.push("prefix part must be non-empty");
        } else {
            if prefix.len() > SUBDOMAIN_MAX {
                mistakes.push("prefix part must be no more than 253 bytes");
            }
            if !is_dns_subdomain(prefix.as_bytes()) {
                mistakes.push(concat!("prefix part ", subdomain_form!()));
            }
        }
    }
    if name.is_empty() {
        mistakes.push("name part must be non-empty");
    } else if name.len() > LABEL_MAX {
        mistakes.push("name part must be no more than 63 bytes");
    }
    if !is_name_part(name) {
        mistakes.push(concat!("name part ", qualified_name_form!()));
    }
    mistakes
}

/// The key of an annotation: a qualified name whose prefix may have upper-case letters too.
#[must_use]
pub fn annotation_key(value: &str) -> Vec<&'static str> {
    // One lower-case character each, as a real server does it: `str::to_lowercase` makes two of `İ`.
    let lower: String = value.chars().filter_map(|c| c.to_lowercase().next()).collect();
    qualified_name(&lower)
}

/// The value of a label, which may be empty, of at most 63 bytes.
#[must_use]
pub fn label_value(value: &str) -> Vec<&'static str> {
    let mut mistakes = Vec::new();
    if value.len() > LABEL_MAX {
        mistakes.push("must be no more than 63 bytes");
    }
    if !value.is_empty() && !is_name_part(value) {
        mistakes.push(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' \
             or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
             'my_value',  or '12345', regex used for validation is \
             '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        );
    }
    mistakes
}

/// A key in `data`, the same rule as for a config map, of at most 253 bytes.
pub fn data_key(value: &str) -> Vec<&'static str> {
    let mut mistakes = Vec::new();
    if value.len() > SUBDOMAIN_MAX {
        mistakes.push("must be no more than 253 characters");
    }
    if value.is_empty() || !value.bytes().all(is_name_byte) {
        mistakes.push(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. \
             'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
             '[-._a-zA-Z0-9]+')",
        );
    }
    match value {
        "." => mistakes.push("must not be '.'"),
        ".." => mistakes.push("must not be '..'"),
        _ if value.starts_with("..") => mistakes.push("must not start with '..'"),
        _ => {}
    }
    mistakes
}

/// A finalizer without a domain must be one of the standard ones. That it is a [`qualified_name`]
/// is a rule of its own: a real server reports the two in different fields.
#[must_use]
pub fn finalizer(value: &str) -> Vec<&'static str> {
    if value.contains('/') || STANDARD_FINALIZERS.contains(&value) {
        return Vec::new();
    }
    vec!["name is neither a standard finalizer name nor is it fully qualified"]
}

/// A name in the path of a request (`Name parameter invalid: ".": <text>`), and the rule by which a
/// field selector's `metadata.name` counts as the name of a list or watch request.
#[must_use]
pub fn path_segment(value: &str) -> Vec<&'static str> {
    match value {
        "." => return vec!["may not be '.'"],
        ".." => return vec!["may not be '..'"],
        _ => {}
    }
    let mut mistakes = Vec::new();
    if value.contains('/') {
        mistakes.push("may not contain '/'");
    }
    if value.contains('%') {
        mistakes.push("may not contain '%'");
    }
    mistakes
}

fn subdomain_mistakes(value: &[u8]) -> Vec<&'static str> {
    let mut mistakes = Vec::new();
    if value.len() > SUBDOMAIN_MAX {
        mistakes.push("must be no more than 253 characters");
    }
    if !is_dns_subdomain(value) {
        mistakes.push(subdomain_form!());
    }
    mistakes
}

fn label_mistakes(value: &[u8]) -> Vec<&'static str> {
    let mut mistakes = Vec::new();
    if value.len() > LABEL_MAX {
        mistakes.push("must be no more than 63 characters");
    }
    if !is_dns_label(value) {
        mistakes.push(if is_dns_subdomain(value) {
            "must not contain dots"
        } else {
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
             and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
             regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        });
    }
    mistakes
}

/// A base that ends in `-`, in the form in which a real server checks it: its last two bytes count
/// as one letter, so `a--` is valid and one byte more than the limit passes.
fn without_trailing_dash(base: &str) -> Vec<u8> {
    let mut bytes = base.as_bytes().to_vec();
    if bytes.len() > 1 && bytes.ends_with(b"-") {
        bytes.truncate(bytes.len().saturating_sub(2));
        bytes.push(b'a');
    }
    bytes
}

fn is_dns_subdomain(value: &[u8]) -> bool {
    value.split(|byte| *byte == b'.').all(is_dns_label)
}

fn is_dns_label(value: &[u8]) -> bool {
    let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    value.first().is_some_and(is_alphanumeric)
        && value.last().is_some_and(is_alphanumeric)
        && value.iter().all(|byte| is_alphanumeric(byte) || *byte == b'-')
}

fn is_name_part(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && value.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests;
