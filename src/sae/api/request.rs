//! One request as handlers see it.

use std::{collections::HashSet, sync::Arc};

use actix_web::http::header::HeaderValue;

use crate::{
    access::Access,
    exchange::{Call, Exchange},
    pop::{self, ApiError, Malformed, Parameters, TraceIds},
    region::RegionId,
    sae::{
        model::{NamespaceId, SecretId},
        service::Service,
    },
};

/// What the product needs to answer. Cloning is cheap.
#[derive(Clone)]
pub struct Sae {
    pub service: Service,
    pub access: Arc<Access>,
    pub exchange: Exchange,
    pub trace_ids: TraceIds,
}

/// What the logs call where a secret is, and the secret.
pub const NAMESPACE: &str = "namespace";
pub const SECRET_ID: &str = "secret_id";
pub const SECRET_NAME: &str = "secret_name";

/// The region that a request names, served or not, if it names one; an error if what it names is no region. Most
/// operations do not need it.
pub type NamedRegion = Result<Option<RegionId>, Malformed>;

/// One request, ready for a handler.
pub struct Request<'a> {
    pub parameters: Parameters,
    pub region: NamedRegion,
    pub sae: &'a Sae,
    pub call: &'a Call<'a>,
}

impl Request<'_> {
    /// The parameters, which are gone from the request then: what the handler does not use is not held while it waits.
    pub fn take_parameters(&mut self) -> Parameters {
        std::mem::take(&mut self.parameters)
    }

    /// Notes the namespace for the log.
    pub fn note(&self, namespace: &NamespaceId) {
        self.call.note(|outcome| outcome.place = Some((NAMESPACE, Some(namespace.to_string()))));
    }

    /// Notes the secret for the logs, as far as it is known.
    pub fn note_secret(&self, id: Option<SecretId>, name: Option<&str>) {
        self.call.note(|outcome| {
            if let Some(id) = id {
                outcome.note_object(SECRET_ID, id.get());
            }
            if let Some(name) = name {
                outcome.note_object(SECRET_NAME, name);
            }
        });
    }

    /// Parses the namespace that a secret operation names, and notes it for the log.
    pub fn namespace(&self, text: &str) -> Result<NamespaceId, ApiError> {
        let namespace = NamespaceId::parse(text)?;
        self.note(&namespace);
        Ok(namespace)
    }
}

/// Something went wrong inside while a body was read.
pub fn unfinished() -> ApiError {
    ApiError::new(pop::Code::InternalError, &[])
}

/// The region that a request names: by parameter, by header, or by the real service's host name. Inferred; clients
/// that are pointed at another host name none.
pub fn find_region(call: &Call<'_>, parameters: &Parameters) -> NamedRegion {
    let region = |text: &str| RegionId::parse(text).map(Some).ok_or(Malformed);
    if let Some(text) = parameters.text("RegionId")?.filter(|text| !text.is_empty()) {
        return region(&text);
    }
    let headers = call.head.headers().get_all("x-acs-region-id").map(HeaderValue::as_bytes);
    let headers: HashSet<&[u8]> = headers.filter(|value| !value.is_empty()).collect();
    if let Some(first) = headers.iter().next() {
        let text = std::str::from_utf8(first).ok().filter(|_| headers.len() == 1);
        return region(text.ok_or(Malformed)?);
    }
    let host = call.header("host").and_then(|host| host.strip_prefix("sae."));
    let text = host.and_then(|host| host.split_once(".aliyuncs.com"));
    text.map_or(Ok(None), |(text, _)| region(text))
}
