//! Numbers of things, as their holders call them.

use std::fmt;

/// How many there are of each kind of thing, in the order in which the kinds were first counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(Vec<(&'static str, u64)>);

/// A number of things, each of which is called `what`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

impl Counts {
    /// Counts so many more, which may be none, of what is called by that noun; its plural ends in `s`.
    pub fn add(&mut self, noun: &'static str, number: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == noun) {
            Some((_, count)) => *count += number,
            None => self.0.push((noun, number)),
        }
    }

    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// The kinds of which there are any, and the first one.
    fn shown(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let shown =
            self.0.iter().enumerate().filter(|(index, (_, count))| *index == 0 || *count > 0);
        shown.map(|(_, known)| *known)
    }

    /// The numbers with their nouns and a further one, such as `5 secrets and 1 key`.
    pub(super) fn with(&self, further: String) -> String {
        joined(self.shown().map(|(noun, count)| counted(count, noun)).chain([further]).collect())
    }

    /// The same as [`fmt::Display`] with every noun in the plural.
    pub(super) fn plural(&self) -> String {
        joined(self.shown().map(|(noun, count)| format!("{count} {noun}s")).collect())
    }
}

/// The numbers with their nouns, such as `5 secrets, 1 version and 2 keys`. A kind of which there are none is left out unless
/// it is the first.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(self.shown().map(|(noun, count)| counted(count, noun)).collect()))
    }
}

fn joined(mut parts: Vec<String>) -> String {
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_left_out_unless_it_is_the_first() {
        let mut counts = Counts::default();
        counts.add("secret", 0);
        counts.add("KMS secret version", 0);
        assert_eq!(counts.to_string(), "0 secrets");
        assert_eq!(counts.with(counted(1, "key")), "0 secrets and 1 key");
        for noun in ["secret", "KMS key", "KMS secret version", "KMS secret version"] {
            counts.add(noun, 1);
        }
        assert_eq!(counts.to_string(), "1 secret, 2 KMS secret versions and 1 KMS key");
        assert_eq!(counts.plural(), "1 secrets, 2 KMS secret versions and 1 KMS keys");
        assert_eq!(counts.total(), 4);
        assert_eq!(Counts::default().with(counted(2, "key")), "2 keys");
    }
}
