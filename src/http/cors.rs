//! Calls from browser pages: which origins may make them.

use actix_cors::Cors;
use actix_web::http::{Uri, header::HeaderValue};

/// How long a browser may remember what an origin may do, in seconds.
const MAX_AGE: usize = 3600;

/// The origins whose pages may call.
#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Origins as browsers write them (RFC 6454, section 6.2): scheme, host and perhaps a port, without a path, not
    /// even `/`.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let parse = |text: &str| {
            is_origin(text).then(|| text.to_owned()).ok_or_else(|| {
                format!(
                    "{text:?} is no origin as browsers write it: http:// or https://, the host in lower case, :port \
                     unless it is the scheme's own, and no path, not even /"
                )
            })
        };
        texts.iter().map(|text| parse(text.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether no origin is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an origin is named.
    pub(super) fn contains(&self, origin: &HeaderValue) -> bool {
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
pub fn headers(origins: &Origins, exposed: &[actix_web::http::header::HeaderName]) -> Cors {
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers(exposed)
        .max_age(MAX_AGE);
    origins.0.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
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
