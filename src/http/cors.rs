//! Calls from browser pages: which origins may make them.

use actix_cors::Cors;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Uri,
        header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderName, HeaderValue, ORIGIN},
    },
    middleware::Next,
    web,
};

/// How long a browser may remember what an origin may do, in seconds.
const MAX_AGE: usize = 3600;

/// The origins whose pages may call.
#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<String>);

/// A text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no origin as browsers write it: http:// or https://, the host in lower case, :port unless it is the \
     scheme's own, and no path, not even /"
)]
pub struct OriginError(String);

impl Origins {
    /// Origins as browsers write them (RFC 6454, section 6.2): scheme, host and perhaps a port, without a path, not
    /// even `/`.
    ///
    /// # Errors
    /// [`OriginError`] with the first text that is none.
    pub fn parse(texts: &[String]) -> Result<Self, OriginError> {
        let texts = texts.iter().map(|text| text.trim().to_owned());
        let parse = |text: String| if is_origin(&text) { Ok(text) } else { Err(OriginError(text)) };
        texts.map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether no origin is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn contains(&self, origin: &HeaderValue) -> bool {
        self.0.iter().any(|known| known.as_bytes() == origin.as_bytes())
    }
}

fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let port = authority.as_str().rsplit_once(':').map(|(_, port)| port);
    let own_port = if scheme == "https" { "443" } else { "80" };
    let is_port = |port: &str| {
        port != own_port && port.parse::<u16>().is_ok_and(|number| number.to_string() == port)
    };
    matches!(scheme, "http" | "https")
        && text == format!("{scheme}://{authority}")
        && !authority.host().is_empty()
        && !text.contains(|c: char| c == '@' || c.is_ascii_uppercase())
        && port.is_none_or(|port| port.ends_with(']') || is_port(port))
}

/// Answers preflights of the named origins, and lets their pages read the replies with these headers.
pub fn headers(origins: &Origins, exposed: &[HeaderName]) -> Cors {
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers(exposed)
        .max_age(MAX_AGE);
    origins.0.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Set on a request that came from a page of an origin that is not named, whatever the client sent under this name.
static UNNAMED_ORIGIN: HeaderName = HeaderName::from_static("sae-secret-unnamed-origin");

/// Whether a page of an origin that is not named sends this. It gets no header that would let it read the reply; a
/// dialect must refuse what would change something all the same.
#[must_use]
pub fn is_from_unnamed_origin(request: &actix_web::HttpRequest) -> bool {
    request.headers().contains_key(&UNNAMED_ORIGIN)
}

/// Takes the origin off a request when it is not named, so that it is answered in the dialect's own shape, and marks
/// the request.
///
/// # Errors
/// None of its own.
pub async fn forget_unnamed<B: MessageBody>(
    origins: web::Data<Origins>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_unnamed = request.headers().get(ORIGIN).is_some_and(|origin| !origins.contains(origin));
    let headers = request.headers_mut();
    headers.remove(&UNNAMED_ORIGIN);
    if is_unnamed {
        headers.remove(ORIGIN);
        headers.remove(ACCESS_CONTROL_REQUEST_METHOD);
        headers.insert(UNNAMED_ORIGIN.clone(), HeaderValue::from_static("1"));
    }
    next.call(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_scheme_host_and_port_only() {
        for text in [
            "http://a",
            "https://a.example:8443",
            "http://127.0.0.1:3000",
            "http://[::1]:81",
            "http://[::1]",
        ] {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "a.example",
            "ftp://a",
            "http://",
            "http://a/",
            "http://a/b",
            "http://a?b",
            "http://[",
            "http://a:b",
            "http://a:b:c",
            "http://a:",
            "http://u@a",
            "http://a b",
            "http://a:99999",
            "http://A",
            "http://a:80",
            "https://a:443",
            "http://a:+81",
            "http://a:081",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
