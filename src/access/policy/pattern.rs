//! Texts with `*` and `?`.

const ACTION: &str =
    "an action is SERVICE:ACTION, such as sae:DescribeSecret or sae:List*, or * alone";
const RESOURCE: &str = "a resource is acs:SERVICE:REGION:ACCOUNT:ID, or * alone";

/// A text in which `*` stands for any characters, none included, and `?` for one. A `*` in a text that is matched is more
/// than `?` stands for: there it means all of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// Reads a pattern for actions: `SERVICE:ACTION`, or `*` for all. Capital letters do not matter (RAM page "Permission
    /// policy elements": in most services they do not), so it matches actions in small letters.
    pub fn action(text: &str) -> Result<Self, &'static str> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_*?".contains(&byte);
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_plain);
        let fits = match text.split_once(':') {
            Some((service, action)) => is_name(service) && is_name(action),
            None => is_everything(text),
        };
        fits.then(|| Self::new(&text.to_ascii_lowercase())).ok_or(ACTION)
    }

    /// Reads a pattern for resources: `acs:SERVICE:REGION:ACCOUNT:ID`, or `*` for all.
    pub fn resource(text: &str) -> Result<Self, &'static str> {
        let fits = is_everything(text) || text.starts_with("acs:") && text.split(':').count() >= 5;
        fits.then(|| Self::new(text)).ok_or(RESOURCE)
    }

    /// Any text as a pattern.
    pub fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Whether it matches all of a text, in time bounded by the product of the two lengths: only the last `*` met ever
    /// has to be tried again, because what stands before it has its first match already.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut read) = (0, 0);
        let mut retry = None;
        while let Some(character) = text.get(read) {
            match self.0.get(at) {
                Some('*') => {
                    retry = Some((at, read));
                    at += 1;
                }
                Some(part) if (*part == '?' && *character != '*') || part == character => {
                    at += 1;
                    read += 1;
                }
                _ => {
                    let Some((star, taken)) = retry else { return false };
                    retry = Some((star, taken + 1));
                    at = star + 1;
                    read = taken + 1;
                }
            }
        }
        self.0.iter().skip(at).all(|part| *part == '*')
    }

    /// Whether it matches some text that begins so and has no further colons: then what it begins with matches the
    /// beginning. Only where it has none itself does a `*` stand for colons.
    pub fn matches_some(&self, beginning: &str) -> bool {
        let colons = |text: &[char]| text.iter().filter(|part| **part == ':').count();
        let wanted = if colons(&self.0) == 0 { 0 } else { beginning.matches(':').count() };
        (0..=self.0.len())
            .filter_map(|end| self.0.get(..end))
            .any(|begun| colons(begun) == wanted && Self(begun.to_vec()).matches(beginning))
    }
}

fn is_everything(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition itself, slow and plain.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], _) => {
                (0..=text.len()).any(|taken| by_definition(rest, text.split_at(taken).1))
            }
            (['?', rest @ ..], [character, text @ ..]) => {
                *character != '*' && by_definition(rest, text)
            }
            ([part, rest @ ..], [character, text @ ..]) => {
                part == character && by_definition(rest, text)
            }
            (_, []) => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_its_definition_says(pattern in "[ab*?\u{e9}]{0,7}", text in "[ab*?\u{e9}]{0,7}") {
            let parts: Vec<char> = pattern.chars().collect();
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(Pattern::new(&pattern).matches(&text), by_definition(&parts, &characters));
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_the_product_of_the_lengths() {
        let pattern = Pattern::new(&"*a".repeat(1000));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(5000))));
        assert!(pattern.matches(&"a".repeat(5000)));
    }

    #[test]
    fn a_pattern_matches_some_text_or_none_of_a_beginning() {
        for (pattern, matches) in [
            ("*", true),
            ("acs:*:*:*:*", true),
            ("acs:kms:*:13:secret/a", false),
            ("acs:kms:cn-x:12:secret/a", true),
            ("acs:kms:cn-?:*:s*", true),
            ("acs:kms:cn-x:12:secret", true),
            ("acs:kms:cn-x:12:key/*", false),
            ("acs:kms:cn-y:12:secret/a", false),
            ("acs:kms:cn-x:12:secre", false),
            ("acs:sae:*", false),
        ] {
            let known = Pattern::new(pattern);
            assert_eq!(known.matches_some("acs:kms:cn-x:12:secret"), matches, "{pattern}");
        }
    }

    #[test]
    fn an_action_has_a_service() {
        for good in
            ["*", "**", "sae:*", "sae:Describe*", "SAE:list?ecrets", "*:*", "s?e:CreateSecret"]
        {
            assert!(Pattern::action(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "sae",
            "sae:",
            ":Create",
            "sae:a b",
            "sae:a:b",
            "CreateSecret",
            "sa*",
            "sae:Cr\u{e9}e",
        ] {
            assert_eq!(Pattern::action(bad), Err(ACTION), "{bad}");
        }
    }

    #[test]
    fn a_resource_has_five_parts() {
        for good in ["*", "acs:sae:*:*:*", "acs:sae:cn-beijing:1:application/*/x", "acs:a:b:c:d:e"]
        {
            assert!(Pattern::resource(good).is_ok(), "{good}");
        }
        for bad in ["", "acs:sae:*", "acs:sae:*:*", "secret/1", "arn:aws:s3:::x", "?"] {
            assert_eq!(Pattern::resource(bad), Err(RESOURCE), "{bad}");
        }
    }
}
