//! Regions: where namespaces live.

use std::fmt;

/// Every region that SAE documents, with a readable name, in the order in which `DescribeRegions` lists them.
/// Source: the endpoint table of the official SDK, `alibabacloud_sae20190506` 2.11.2; the names are Alibaba
/// Cloud's public region names.
pub const DOCUMENTED_REGIONS: &[(&str, &str)] = &[
    ("cn-beijing", "China (Beijing)"),
    ("cn-hangzhou", "China (Hangzhou)"),
    ("cn-shanghai", "China (Shanghai)"),
    ("cn-shenzhen", "China (Shenzhen)"),
    ("cn-zhangjiakou", "China (Zhangjiakou)"),
    ("cn-wulanchabu", "China (Ulanqab)"),
    ("cn-heyuan", "China (Heyuan)"),
    ("cn-guangzhou", "China (Guangzhou)"),
    ("cn-chengdu", "China (Chengdu)"),
    ("cn-hongkong", "China (Hong Kong)"),
    ("ap-southeast-1", "Singapore"),
    ("ap-northeast-1", "Japan (Tokyo)"),
    ("eu-central-1", "Germany (Frankfurt)"),
    ("us-east-1", "US (Virginia)"),
    ("us-west-1", "US (Silicon Valley)"),
];

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

    /// The region's readable name; the id itself where none is published.
    pub fn local_name(&self) -> &str {
        DOCUMENTED_REGIONS.iter().find(|(id, _)| *id == self.0).map_or(&self.0, |(_, name)| name)
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
    fn every_documented_region_is_well_formed() {
        for (id, name) in DOCUMENTED_REGIONS {
            assert_eq!(RegionId::parse(id).as_ref().map(RegionId::local_name), Some(*name));
        }
    }

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
