//! The RAM resources that a request is authorised on.

use super::operation::Operation;
use crate::{
    pop::{Parameters, RegionId},
    sae::model::Cloud,
};

/// What a request is about: all that the account has in one region, or in each served region for a list that names none.
/// A caller must be allowed on every one of them. `named` is the region that the request names.
///
/// The region is found as the handlers find it, so that nothing else is done than what was allowed: an operation on one
/// namespace goes by its id, whatever other region the request names; a list has no id.
pub fn of(
    operation: Operation,
    parameters: &Parameters,
    named: Option<&RegionId>,
    cloud: &Cloud,
) -> Vec<String> {
    let is_of_regions = matches!(
        operation,
        Operation::DescribeNamespaces
            | Operation::DescribeNamespaceList
            | Operation::DescribeRegions
    );
    let region = if is_of_regions {
        named.cloned()
    } else {
        of_namespace(parameters).or_else(|| named.or(cloud.regions.first()).cloned())
    };
    match region {
        Some(region) => vec![cloud.ram_resource(&region)],
        None => cloud.regions.iter().map(|region| cloud.ram_resource(region)).collect(),
    }
}

/// The region in a namespace's id, also where the rest of the id is wrong: that is reported after authorization.
fn of_namespace(parameters: &Parameters) -> Option<RegionId> {
    let id = parameters.text("NamespaceId").ok().flatten()?;
    RegionId::parse(id.split(':').next().unwrap_or_default())
}
