//! The handler of regions.

use serde_json::{Value, json};

use super::{reply::Answer, request::Request};

/// `DescribeRegions`: the served regions.
pub fn list(request: &Request<'_>) -> Answer {
    let regions = request.sae.service.cloud().regions.iter().map(|region| {
        json!({
            "RegionId": region.as_str(),
            "LocalName": region.local_name(),
            "RegionEndpoint": format!("sae.{region}.aliyuncs.com"),
            "RecommendZones": { "RecommendZone": [] },
        })
    });
    Answer::Regions(json!({ "Region": regions.collect::<Value>() }))
}
