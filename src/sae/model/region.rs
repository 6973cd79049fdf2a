//! The regions of SAE.

use crate::region::RegionId;

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

/// The region's readable name; the id itself where none is published.
pub fn local_name(region: &RegionId) -> &str {
    let id = region.as_str();
    DOCUMENTED_REGIONS.iter().find(|(known, _)| *known == id).map_or(id, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_region_is_well_formed() {
        for (id, name) in DOCUMENTED_REGIONS {
            assert_eq!(RegionId::parse(id).as_ref().map(local_name), Some(*name));
        }
        assert_eq!(RegionId::parse("xx-future-9").as_ref().map(local_name), Some("xx-future-9"));
    }
}
