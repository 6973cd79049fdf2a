//! The handlers of namespaces and regions.

use serde_json::{Value, json};

use super::{
    errors::worded,
    reply::Answer,
    request::Request,
    requests::{NamespaceListRequest, OneNamespaceRequest, PageRequest, WriteNamespaceRequest},
};
use crate::{
    pop::{ApiError, Fault},
    region::RegionId,
    sae::model::{
        Error, Field, Namespace, NamespaceId, NamespaceName, local_name, parse_description,
    },
};

/// `CreateNamespace`.
pub async fn create(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = WriteNamespaceRequest::read(&request.take_parameters()).map_err(worded)?;
    let id = named_id(&request, wanted.namespace_id.as_deref(), wanted.short_id.as_deref())?;
    let name = NamespaceName::parse(&wanted.namespace_name.unwrap_or_default())?;
    let description = parse_description(&wanted.description.unwrap_or_default())?;
    let micro_registration = wanted.micro_registration.unwrap_or(true);
    let (service, now) = (&request.sae.service, request.call.now);
    let namespace =
        service.create_namespace(now, id, name, description, micro_registration).await?;
    Answer::data(&namespace_body(&namespace))
}

/// `UpdateNamespace`. A description or a registry setting that is absent stays as it is.
pub async fn update(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = WriteNamespaceRequest::read(&request.take_parameters()).map_err(worded)?;
    let id = named_id(&request, wanted.namespace_id.as_deref(), wanted.short_id.as_deref())?;
    let name = NamespaceName::parse(&wanted.namespace_name.unwrap_or_default())?;
    let description = wanted.description.as_deref().map(parse_description).transpose()?;
    let (service, now) = (&request.sae.service, request.call.now);
    let namespace =
        service.update_namespace(now, id, name, description, wanted.micro_registration).await?;
    Answer::data(&namespace_body(&namespace))
}

/// `DescribeNamespace`.
pub async fn describe(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let id = one_namespace(&mut request)?;
    let namespace = request.sae.service.describe_namespace(id).await?;
    Answer::data(&namespace_body(&namespace))
}

/// `DeleteNamespace`.
pub async fn delete(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let id = one_namespace(&mut request)?;
    request.sae.service.delete_namespace(id).await?;
    Ok(Answer::Data(None))
}

/// `DescribeNamespaces`: the namespaces that users made, page by page.
pub async fn page(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = PageRequest::read(&request.take_parameters()).map_err(worded)?;
    let number = wanted.current_page.unwrap_or(1);
    let size = wanted.page_size.unwrap_or_default();
    let region = wanted_region(&request)?;
    let service = &request.sae.service;
    let mut namespaces = service.list_namespaces(region).await?;
    namespaces.retain(|namespace| !namespace.id.is_default());
    let skipped = (number as usize).saturating_sub(1).saturating_mul(size as usize);
    let items = namespaces.iter().skip(skipped).take(size as usize).map(|namespace| {
        json!({
            "NamespaceId": namespace.id.to_string(),
            "NameSpaceShortId": namespace.id.short(),
            "NamespaceName": namespace.name,
            "NamespaceDescription": namespace.description,
            "RegionId": namespace.id.region().as_str(),
            "TenantId": tenant_id(&service.cloud.account, &namespace.id),
            "AccessKey": "",
            "SecretKey": "",
            "AddressServerHost": "",
        })
    });
    Answer::data(&json!({
        "CurrentPage": number,
        "PageSize": size,
        "TotalSize": namespaces.len(),
        "Namespaces": items.collect::<Value>(),
    }))
}

/// `DescribeNamespaceList`: the default namespace of each region first; the others unless `ContainCustom` is false.
pub async fn list(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = NamespaceListRequest::read(&request.take_parameters()).map_err(worded)?;
    let contain_custom = wanted.contain_custom.unwrap_or(true);
    let region = wanted_region(&request)?;
    let namespaces = request.sae.service.list_namespaces(region).await?;
    let shown = namespaces.iter().filter(|namespace| contain_custom || namespace.id.is_default());
    let items = shown.enumerate().map(|(index, namespace)| {
        json!({
            "NamespaceId": namespace.id.to_string(),
            "NameSpaceShortId": namespace.id.short(),
            "NamespaceName": namespace.name,
            "RegionId": namespace.id.region().as_str(),
            "VpcId": "",
            "VSwitchId": "",
            "SecurityGroupId": "",
            "AgentInstall": "",
            "Current": index == 0,
            "Custom": !namespace.id.is_default(),
            "HybridCloudEnable": false,
        })
    });
    Answer::data(&items.collect::<Value>())
}

/// `DescribeNamespaceResources`, for a default namespace too. No network stands behind an emulated namespace: what
/// would name a part of it is empty.
pub async fn resources(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let id = one_namespace(&mut request)?;
    let namespace = request.sae.service.find_namespace(id).await?;
    let cloud = &request.sae.service.cloud;
    Answer::data(&json!({
        "AppCount": cloud.applications_in(&namespace.id).len(),
        "BelongRegion": namespace.id.region().as_str(),
        "Description": namespace.description,
        "JumpServerAppId": "",
        "JumpServerIp": "",
        "LastChangeOrderId": "",
        "LastChangeOrderRunning": false,
        "LastChangeOrderStatus": "",
        "NamespaceId": namespace.id.to_string(),
        "NameSpaceShortId": namespace.id.short(),
        "NamespaceName": namespace.name,
        "NotificationExpired": false,
        "SecurityGroupId": "",
        "SlsConfigs": "",
        "TenantId": tenant_id(&cloud.account, &namespace.id),
        "UserId": cloud.account,
        "VSwitchId": "",
        "VSwitchName": "",
        "VpcId": "",
        "VpcName": "",
        "ApmJavaAgentVersion": "",
    }))
}

/// `DescribeRegions`: the served regions, whichever the request names.
pub fn regions(request: &Request<'_>) -> Answer {
    let regions = request.sae.service.cloud.regions.iter().map(|region| {
        json!({
            "RegionId": region.as_str(),
            "LocalName": local_name(region),
            "RegionEndpoint": format!("sae.{region}.aliyuncs.com"),
            "RecommendZones": { "RecommendZone": [] },
        })
    });
    Answer::Regions(json!({ "Region": regions.collect::<Value>() }))
}

fn one_namespace(request: &mut Request<'_>) -> Result<NamespaceId, ApiError> {
    let wanted = OneNamespaceRequest::read(&request.take_parameters()).map_err(worded)?;
    named_id(request, wanted.namespace_id.as_deref(), wanted.short_id.as_deref())
}

/// The namespace that an operation on one namespace names: by its id, else by its short id in the caller's region. It
/// is noted for the log.
fn named_id(
    request: &Request<'_>,
    id: Option<&str>,
    short: Option<&str>,
) -> Result<NamespaceId, ApiError> {
    let regions = &request.sae.service.cloud.regions;
    let id = match (id.filter(|id| !id.is_empty()), short.filter(|short| !short.is_empty())) {
        (Some(id), _) => NamespaceId::parse_served(id, regions)?,
        (None, Some(short)) => {
            let region = match wanted_region(request)? {
                None => regions.first(),
                Some(region) => regions.iter().find(|served| **served == region),
            };
            NamespaceId::from_short(short, region.cloned().ok_or(Error::NamespaceIdFormat)?)?
        }
        (None, None) => return Err(Error::Missing(Field::NamespaceId).into()),
    };
    request.note(&id);
    Ok(id)
}

/// The region that the request names, which a listing is narrowed to. A region that is not served has no namespaces.
fn wanted_region(request: &Request<'_>) -> Result<Option<RegionId>, ApiError> {
    request.region.clone().map_err(|_| worded(Fault::Invalid("RegionId")))
}

/// A tenant id that is the same at every call: a UUID made of account and namespace.
fn tenant_id(account: &str, id: &NamespaceId) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{account}/{id}").as_bytes()).to_string()
}

fn namespace_body(namespace: &Namespace) -> Value {
    json!({
        "NamespaceId": namespace.id.to_string(),
        "NameSpaceShortId": namespace.id.short(),
        "NamespaceName": namespace.name,
        "NamespaceDescription": namespace.description,
        "RegionId": namespace.id.region().as_str(),
        "EnableMicroRegistration": namespace.micro_registration,
    })
}
