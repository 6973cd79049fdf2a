//! The bodies of replies: what the products share of them.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderName, HeaderValue},
    },
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{error::ApiError, parameters::Parameters, xml};
use crate::exchange::Call;

/// The id of a request, in every reply.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");

/// The id that the platform's tracing gives a request.
const TRACE_ID: HeaderName = HeaderName::from_static("x-acs-trace-id");

/// When a throttled caller may try again, in the unit that the product's SDKs read.
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-acs-retry-after");

/// The headers of replies that a page may read.
pub const EXPOSED_HEADERS: [HeaderName; 3] = [REQUEST_ID, TRACE_ID, RETRY_AFTER];

/// How much of a `Host` header an error repeats, in characters: a DNS name and a port.
const HOST_MAX: usize = 260;

const JSON_TYPE: &str = "application/json;charset=utf-8";

/// The only type of XML that the official clients read.
const XML_TYPE: &str = "text/xml;charset=utf-8";

/// The format of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json;charset=utf-8`.
    Json,
    /// `text/xml;charset=utf-8`: the only XML that the official clients read.
    Xml,
}

impl Format {
    /// The format that the parameter `Format` asks for, where it says `JSON` or `XML`.
    pub fn named(parameters: &Parameters) -> Option<Self> {
        let format = parameters.text("Format").ok().flatten()?;
        [("xml", Self::Xml), ("json", Self::Json)]
            .into_iter()
            .find_map(|(name, known)| format.eq_ignore_ascii_case(name).then_some(known))
    }

    /// XML if and only if the `Accept` header likes it best: its type that is liked best, the first of equals, is an XML
    /// one. No `Accept` header is ever refused.
    pub fn accepted(accept: Option<&str>) -> Self {
        let mut best = ("", 0.0);
        for item in accept.unwrap_or_default().split(',') {
            let mut pieces = item.split(';').map(str::trim);
            let media_type = pieces.next().unwrap_or_default();
            let quality =
                pieces.find_map(|piece| piece.strip_prefix("q=").or(piece.strip_prefix("Q=")));
            let quality: f32 = quality.map_or(1.0, |quality| quality.trim().parse().unwrap_or(1.0));
            if quality > best.1 {
                best = (media_type, quality);
            }
        }
        let is_xml =
            ["application/xml", "text/xml"].iter().any(|xml| best.0.eq_ignore_ascii_case(xml));
        if is_xml { Self::Xml } else { Self::Json }
    }
}

/// How a product's replies look as XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Xml {
    /// The root element of errors.
    pub error_root: &'static str,
    /// Members whose value is a map with keys that are no element names.
    pub maps: &'static [&'static str],
    /// What becomes of a reply with characters that no XML document may hold.
    pub unsayable: Unsayable,
}

/// What becomes of characters that no XML document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsayable {
    /// Each is replaced by U+FFFD.
    Replaced,
    /// The reply is JSON, which can say them.
    AsJson,
}

/// Everything that a reply needs to know of its request.
pub struct Frame {
    pub request_id: String,
    pub trace_id: String,
    pub format: Format,
    /// What the caller called the server.
    pub host: String,
    xml: Xml,
}

/// The host that a caller named, as far as errors repeat it.
pub fn shown_host(call: &Call<'_>) -> String {
    call.header("host").unwrap_or_default().chars().take(HOST_MAX).collect()
}

impl Frame {
    /// Of a request that is answered in this format.
    pub fn new(call: &Call<'_>, trace_id: String, format: Format, xml: Xml) -> Self {
        Self { request_id: call.request_id.clone(), trace_id, format, host: shown_host(call), xml }
    }

    /// The body in the format that the caller wants; `root` is what XML calls it.
    pub fn render(
        &self,
        status: StatusCode,
        root: impl FnOnce() -> String,
        body: &impl Serialize,
    ) -> HttpResponse {
        let (content_type, text) = self.written(root, body);
        let Ok(text) = text else {
            log::error!("a reply cannot be written as JSON");
            return HttpResponse::InternalServerError().finish();
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static(content_type)));
        if let Ok(trace_id) = HeaderValue::from_str(&self.trace_id)
            && !trace_id.is_empty()
        {
            response.insert_header((TRACE_ID, trace_id));
        }
        response.body(text)
    }

    /// The content type and the text of a body.
    fn written(
        &self,
        root: impl FnOnce() -> String,
        body: &impl Serialize,
    ) -> (&'static str, serde_json::Result<String>) {
        if self.format == Format::Xml {
            let value = match serde_json::to_value(body) {
                Ok(value) => value,
                Err(error) => return (XML_TYPE, Err(error)),
            };
            if self.xml.unsayable == Unsayable::Replaced || xml::can_say(&value) {
                return (XML_TYPE, Ok(xml::document(&root(), &value, self.xml.maps)));
            }
        }
        (JSON_TYPE, serde_json::to_string(body))
    }

    /// The reply to a request that failed, with the members that the product lists and, where the error has one, the reason
    /// of a denial. What only the log is told of the error is logged here.
    pub fn failure(
        &self,
        error: &ApiError,
        members: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> HttpResponse {
        let request_id = self.request_id.as_str();
        if let Some(cause) = &error.cause {
            log::error!(request_id; "{cause}");
        }
        let denied = error.access_denied.as_deref();
        let denied = denied.map(|why| ("AccessDeniedDetail", why.clone()));
        let members = members.into_iter().chain(denied);
        let body: Map<_, _> = members.map(|(name, value)| (name.to_owned(), value)).collect();
        let status =
            StatusCode::from_u16(error.entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = self.render(status, || self.xml.error_root.to_owned(), &body);
        if let Some(wait) = error.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_decides() {
        for (accept, xml) in [
            ("application/json", false),
            ("application/xml", true),
            ("text/xml", true),
            ("TEXT/XML; charset=utf-8", true),
            ("*/*", false),
            ("", false),
            ("nonsense", false),
            ("application/octet-stream", false),
            ("text/html", false),
            ("text/*", false),
            ("application/json, application/xml", false),
            ("application/xml, application/json", true),
            ("application/xml;q=0.5, application/json;q=0.4", true),
            ("application/xml;q=0.4, application/json;q=0.5", false),
            ("application/xml;q=0", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("*/*, application/xml", false),
            ("application/xml, */*", true),
        ] {
            assert_eq!(Format::accepted(Some(accept)) == Format::Xml, xml, "{accept:?}");
        }
    }
}
