//! Regions: where resources are.

use std::fmt;

const REGION_ID_MAX: usize = 64;

/// A region's id such as `cn-beijing`: lower-case letters, digits and hyphens, at least one hyphen, starting with
/// a letter, at most 64 characters. Inferred from the ids that Alibaba Cloud publishes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId(String);

impl RegionId {
    pub fn parse(text: &str) -> Option<Self> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let well_formed = text.len() <= REGION_ID_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.contains('-')
            && !text.ends_with('-')
            && text.chars().all(legal);
        well_formed.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_region_is_refused() {
        for text in
            ["", "beijing", "CN-BEIJING", "cn_beijing", "cn-beijing:test", "-cn", "cn-", "1-cn"]
        {
            assert_eq!(RegionId::parse(text), None, "{text}");
        }
        assert_eq!(RegionId::parse(&format!("cn-{}", "a".repeat(62))), None);
    }
}
