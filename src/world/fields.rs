//! Reads typed values out of the tree. Whatever is not as expected is reported once, where it
//! stands.

use super::{
    mistakes::{Mistakes, Position},
    tree::{Content, Entry, Node},
};

/// The largest quota that a file may set.
pub(super) const QUOTA_MAX: u32 = 1_000_000;

/// A mapping whose keys are known.
pub(super) struct Fields<'n, 't> {
    at: Position,
    entries: &'n [Entry<'t>],
}

impl<'n, 't> Fields<'n, 't> {
    /// The mapping with these keys; other keys are reported, `None` when the node is no mapping.
    pub fn of(node: &'n Node<'t>, known: &[&str], mistakes: &mut Mistakes) -> Option<Self> {
        let entries = map(node, mistakes)?;
        for entry in entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
            let hint = match nearest(&entry.key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are {}", known.join(", ")),
            };
            mistakes.add(entry.at, format!("unknown key; {hint}"));
        }
        Some(Self { at: node.at, entries })
    }

    pub fn get(&self, key: &str) -> Option<&'n Node<'t>> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&'n Entry<'t>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key that must be there.
    pub fn require(&self, key: &str, mistakes: &mut Mistakes) -> Option<&'n Node<'t>> {
        let value = self.get(key);
        if value.is_none() {
            mistakes.add(self.at, format!("the key `{key}` is missing"));
        }
        value
    }
}

/// The entries of a mapping.
pub(super) fn map<'n, 't>(node: &'n Node<'t>, mistakes: &mut Mistakes) -> Option<&'n [Entry<'t>]> {
    match &*node.content {
        Content::Map(entries) => Some(entries),
        _ => unexpected(node, "a mapping", mistakes),
    }
}

/// The items of a list.
pub(super) fn list<'n, 't>(node: &'n Node<'t>, mistakes: &mut Mistakes) -> Option<&'n [Node<'t>]> {
    match &*node.content {
        Content::List(items) => Some(items),
        _ => unexpected(node, "a list", mistakes),
    }
}

/// A scalar as it is written.
pub(super) fn text<'n>(node: &'n Node<'_>, mistakes: &mut Mistakes) -> Option<&'n str> {
    match &*node.content {
        Content::Text { text, .. } => Some(text),
        Content::Null => {
            mistakes.add(node.at, "expected a text, found nothing; an empty text is written ''");
            None
        }
        _ => unexpected(node, "a text", mistakes),
    }
}

/// A scalar that a rule turns into something; `rule` is the message when it does not.
pub(super) fn parsed<T>(
    node: &Node<'_>,
    rule: &str,
    mistakes: &mut Mistakes,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let value = parse(text(node, mistakes)?);
    if value.is_none() {
        mistakes.add(node.at, rule);
    }
    value
}

/// A whole number from 0 to [`QUOTA_MAX`], not quoted. A wrong one counts as the largest, so that
/// no mistake follows from it.
pub(super) fn quota(node: &Node<'_>, mistakes: &mut Mistakes) -> u32 {
    let number = match &*node.content {
        Content::Text { text, plain: true } if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok().filter(|number| *number <= QUOTA_MAX)
        }
        Content::Refused => Some(QUOTA_MAX),
        _ => None,
    };
    number.unwrap_or_else(|| {
        mistakes.add(node.at, format!("expected a whole number from 0 to {QUOTA_MAX}"));
        QUOTA_MAX
    })
}

/// A truth value as YAML 1.2 writes it, not quoted; a wrong one counts as false.
pub(super) fn truth(node: &Node<'_>, mistakes: &mut Mistakes) -> bool {
    match &*node.content {
        Content::Text { text, plain: true } if matches!(&**text, "true" | "True" | "TRUE") => true,
        Content::Text { text, plain: true } if matches!(&**text, "false" | "False" | "FALSE") => {
            false
        }
        Content::Refused => false,
        _ => {
            mistakes.add(node.at, "expected true or false");
            false
        }
    }
}

fn unexpected<T>(node: &Node<'_>, expected: &str, mistakes: &mut Mistakes) -> Option<T> {
    let found = match &*node.content {
        Content::Null => "nothing",
        Content::Text { .. } => "a text",
        Content::List(_) => "a list",
        Content::Map(_) => "a mapping",
        Content::Refused => return None,
    };
    mistakes.add(node.at, format!("expected {expected}, found {found}"));
    None
}

/// The known word that a writer most likely meant: at most a third of it is different.
pub(super) fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    let given: Vec<char> = given.chars().take(64).map(|c| c.to_ascii_lowercase()).collect();
    let ranked = known.iter().map(|word| (distance(&given, word), *word));
    let (distance, word) = ranked.min_by_key(|(distance, _)| *distance)?;
    (distance <= (word.len() / 3).max(1)).then_some(word)
}

/// How many characters must be put in, left out, replaced or swapped with their neighbour (optimal
/// string alignment), capital letters and hyphens not counted.
fn distance(given: &[char], word: &str) -> usize {
    let plain = |c: char| if c == '-' { '_' } else { c.to_ascii_lowercase() };
    let word: Vec<char> = word.chars().map(plain).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=word.len()).collect();
    let mut last = None;
    for (i, g) in given.iter().copied().map(plain).enumerate() {
        let mut next = vec![i + 1];
        for (j, w) in word.iter().copied().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut best =
                (at(&row, j) + usize::from(g != w)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = j > 0 && last == Some(w) && word.get(j - 1) == Some(&g);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(g);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    #[test]
    fn the_nearest_known_word_is_found() {
        let known = &["namespaces", "secrets_per_namespace", "keys_per_secret", "id", "name"];
        for (given, near) in [
            ("namespace", Some("namespaces")),
            ("Namespaces", Some("namespaces")),
            ("secretsPerNamespace", Some("secrets_per_namespace")),
            ("keys-per-secret", Some("keys_per_secret")),
            ("nmae", Some("name")),
            ("ID", Some("id")),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known), near, "{given}");
        }
        assert_eq!(nearest(&"n".repeat(1_000_000), known), None);
        assert_eq!(nearest("name", &[]), None);
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest_known_one() {
        let text = "\
account: 1
regoins: [cn-beijing]
quotas: { name-spaces: 1, keysPerSecret: 2 }
xyz: 1
";
        assert_eq!(
            told(text),
            [
                "2:1: unknown key; did you mean `regions`?",
                "3:11: unknown key; did you mean `namespaces`?",
                "3:27: unknown key; did you mean `keys_per_secret`?",
                "4:1: unknown key; the keys here are account, regions, upgrading, quotas, \
                 namespaces, secrets, users, root, sts",
            ]
        );
    }

    #[test]
    fn wrong_types_are_told_where_they_stand() {
        for (text, expected) in [
            ("[]", "1:1: expected a mapping, found a list"),
            ("just text", "1:1: expected a mapping, found a text"),
            ("account: [1]", "1:10: expected a text, found a list"),
            ("account: {}", "1:10: expected a text, found a mapping"),
            ("account:", "1:8: expected a text, found nothing; an empty text is written ''"),
            ("account: ~", "1:10: expected a text, found nothing; an empty text is written ''"),
            ("regions: cn-beijing", "1:10: expected a list, found a text"),
            ("regions:", "1:8: expected a list, found nothing"),
            ("regions: [[cn-beijing]]", "1:11: expected a text, found a list"),
            ("quotas: [1]", "1:9: expected a mapping, found a list"),
            ("quotas: null", "1:9: expected a mapping, found nothing"),
            ("namespaces: {}", "1:13: expected a list, found a mapping"),
            ("namespaces: [test]", "1:14: expected a mapping, found a text"),
            ("secrets: 1", "1:10: expected a list, found a text"),
            ("secrets: [~]", "1:11: expected a mapping, found nothing"),
        ] {
            assert_eq!(told(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_quota_is_a_whole_number() {
        for bad in
            ["-1", "1000001", "1.0", "1e3", "0x10", "+1", "1_000", "'1'", "''", "~", "many", "[1]"]
        {
            let text = format!("quotas: {{ namespaces: {bad} }}");
            assert_eq!(told(&text), ["1:23: expected a whole number from 0 to 1000000"], "{bad}");
        }
    }

    #[test]
    fn a_truth_value_is_true_or_false() {
        for bad in ["yes", "'true'", "1", "~", "tRUE", "[]"] {
            let text = format!("upgrading: {bad}");
            assert_eq!(told(&text), ["1:12: expected true or false"], "{bad}");
        }
    }
}
