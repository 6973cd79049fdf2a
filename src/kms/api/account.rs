//! The handlers of what an account has besides secrets and keys.

use serde::Serialize;

use super::{
    reply::Nothing,
    request::{Handled, Request},
};
use crate::kms::model::{InstanceId, Page, Result};

/// A list in its wrapper.
macro_rules! wrapped {
    ($wrapper:ident { $wire:literal: $item:ident }) => {
        #[derive(Serialize)]
        struct $wrapper<'a> {
            #[serde(rename = $wire)]
            items: Vec<$item<'a>>,
        }
    };
}

/// `DescribeRegions`.
pub fn regions(request: &Request<'_>) -> Handled {
    check(request)?;
    let regions = request.service.cloud.regions.iter();
    let items = regions.map(|region| RegionBody { region_id: region.as_str() }).collect();
    request.answer(&RegionsBody { regions: RegionList { items } })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionsBody<'a> {
    regions: RegionList<'a>,
}

wrapped!(RegionList { "Region": RegionBody });

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionBody<'a> {
    region_id: &'a str,
}

/// `ListKmsInstances`: those that the world names.
pub fn instances(request: &Request<'_>) -> Handled {
    check(request)?;
    let page = request.page(Page::SIZE_OF_LONG)?;
    let cloud = &request.service.cloud;
    let known = cloud.instances.iter().flat_map(|known| known.keys());
    let ids: Vec<&str> = known.map(InstanceId::as_str).collect();
    let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let shown = ids.iter().skip(offset).take(page.size as usize);
    let region = &request.context.scope.region;
    let items = shown.map(|id| InstanceBody {
        kms_instance_id: id,
        kms_instance_arn: format!("acs:kms:{region}:{}:keystore/{id}", cloud.account),
    });
    request.answer(&InstancesBody {
        kms_instances: InstanceList { items: items.collect() },
        page_number: page.number,
        page_size: page.size,
        total_count: ids.len(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstancesBody<'a> {
    kms_instances: InstanceList<'a>,
    page_number: u32,
    page_size: u32,
    total_count: usize,
}

wrapped!(InstanceList { "KmsInstance": InstanceBody });

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceBody<'a> {
    kms_instance_id: &'a str,
    kms_instance_arn: String,
}

/// `OpenKmsService`: it is open.
pub fn open(request: &Request<'_>) -> Handled {
    check(request)?;
    request.answer(&Nothing {})
}

/// `DescribeAccountKmsStatus`.
pub fn status(request: &Request<'_>) -> Handled {
    check(request)?;
    request.answer(&StatusBody { account_status: "Enabled" })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusBody {
    account_status: &'static str,
}

/// Whether the caller may do this, which is about no resource.
fn check(request: &Request<'_>) -> Result<()> {
    request.context.rights.check(request.operation.action(), "*")
}
