//! Whether a foreign browser page sends a request.
//!
//! A browser sends what any page asks it to send, from its user's machine and to addresses that only this machine
//! reaches. So an unsigned request is believed to come from its user alone if nothing in its head speaks against that:
//! the page that made it came from here, and under a name that no foreign page can have.

use std::net::{Ipv4Addr, Ipv6Addr};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{
        ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    },
    middleware::Next,
    web,
};

use super::cors::Origins;

/// What page made a request (Fetch Metadata, section 2.3), as the browser tells.
static FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How much of a header the log repeats, in characters: a DNS name and a port.
const SHOWN: usize = 260;

/// Where pages may come from.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    /// The origins that were named.
    pub origins: Origins,
    /// The names that were given to the server.
    pub hosts: Hosts,
}

/// The names under which unsigned requests are taken, beside those that a foreign page cannot have.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Host names without scheme and port; upper case means lower case.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let name = text.trim().to_ascii_lowercase();
            let fits = name.split('.').all(is_label);
            fits.then_some(name).ok_or_else(|| {
                format!(
                    "{text:?} is no host name such as secrets.example: letters, digits, hyphens and dots, and neither a \
                     scheme nor a port nor a *"
                )
            })
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether pages under that name are the user's own, so that its requests are taken. Public names have a dot;
    /// `localhost` is this machine (RFC 6761, section 6.3); and a page under an address was served from there.
    fn allow(&self, host: &str) -> bool {
        let Some((name, _)) = split_port(host) else { return false };
        if let Some(address) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            return address.parse::<Ipv6Addr>().is_ok();
        }
        let name = name.to_ascii_lowercase();
        let rooted = name.strip_suffix('.').unwrap_or(&name);
        let is_local = rooted == "localhost" || rooted.ends_with(".localhost");
        let is_address = name.parse::<Ipv4Addr>().is_ok();
        is_local || is_address || is_label(&name) || self.0.iter().any(|known| known == rooted)
    }
}

/// One part of a host name, with the `_` that names in private networks may have.
fn is_label(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=63).contains(&text.len()) && text.bytes().all(is_part)
}

/// Why a request is refused, by the header that says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// `Host` is a name that others may have pointed to this server.
    #[error("its Host {:?} is none of --allowed-host", shown(.0))]
    Host(String),
    /// `Origin` is another one than the server's own, and was not named.
    #[error("its Origin {:?} is none of --cors-origin", shown(.0))]
    Origin(String),
    /// A page of another site sends this, or one of another port or name of this site.
    #[error("its Sec-Fetch-Site is cross-site or same-site")]
    FetchSite,
}

fn shown(value: &str) -> String {
    value.chars().take(SHOWN).collect()
}

/// What speaks against taking a request without a signature; the first that does, in the order of [`Foreign`]. The log
/// says which header it was.
pub fn check_unsigned(request_id: &str, headers: &HeaderMap, sites: &Sites) -> Result<(), Foreign> {
    judge(headers, sites).inspect_err(|foreign| {
        log::warn!(request_id; "an unsigned request was refused: {foreign}");
    })
}

fn judge(headers: &HeaderMap, sites: &Sites) -> Result<(), Foreign> {
    let host = headers.get(HOST).map(text);
    if let Some(host) = host.as_deref().filter(|host| !sites.hosts.allow(host)) {
        return Err(Foreign::Host(host.to_owned()));
    }
    let mut is_named = false;
    for origin in headers.get_all(ORIGIN) {
        if sites.origins.contains(origin) {
            is_named = true;
        } else if !is_same(&text(origin), host.as_deref().unwrap_or_default()) {
            return Err(Foreign::Origin(text(origin)));
        }
    }
    // Some APIs take what changes something by GET as well, with which a browser sends no Origin.
    let is_other = |value: &HeaderValue| {
        [&b"cross-site"[..], b"same-site"]
            .iter()
            .any(|site| value.as_bytes().eq_ignore_ascii_case(site))
    };
    if !is_named && headers.get_all(&FETCH_SITE).any(is_other) {
        return Err(Foreign::FetchSite);
    }
    Ok(())
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Whether an origin is that of a host. A proxy may have taken the TLS off, so the scheme only tells the port.
fn is_same(origin: &str, host: &str) -> bool {
    let (authority, own_port) =
        match (origin.strip_prefix("http://"), origin.strip_prefix("https://")) {
            (Some(authority), _) => (authority, "80"),
            (_, Some(authority)) => (authority, "443"),
            _ => return false,
        };
    let whole = |text| {
        split_port(text).map(|(name, port)| (name.to_ascii_lowercase(), port.unwrap_or(own_port)))
    };
    whole(authority).is_some_and(|origin| whole(host).is_some_and(|host| origin == host))
}

/// The name and the port of an authority, which has no user.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => {
            port.bytes().all(|byte| byte.is_ascii_digit()).then_some((name, Some(port)))
        }
        _ => Some((authority, None)),
    }
}

/// Makes a preflight of an origin that is not named a request like any other, so that it is answered in the product's
/// own shape.
pub async fn forget_preflight<B: MessageBody>(
    sites: web::Data<Sites>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let origin = request.headers().get(ORIGIN);
    if origin.is_none_or(|origin| !sites.origins.contains(origin)) {
        request.headers_mut().remove(ACCESS_CONTROL_REQUEST_METHOD);
    }
    next.call(request).await
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn sites() -> Sites {
        Sites {
            origins: Origins::parse(&["https://console.example".to_owned()]).unwrap(),
            hosts: Hosts::parse(&["Secrets.example".to_owned()]).unwrap(),
        }
    }

    fn judged(headers: &[(&'static str, &str)]) -> Result<(), Foreign> {
        let request = headers
            .iter()
            .fold(TestRequest::default(), |request, header| request.append_header(*header));
        judge(request.to_http_request().headers(), &sites())
    }

    #[test]
    fn only_names_that_no_foreign_page_can_have_are_allowed() {
        for host in [
            "127.0.0.1",
            "192.0.2.7:8080",
            "[::1]",
            "[2001:db8::1]:8080",
            "localhost",
            "LOCALHOST:8080",
            "localhost.:8080",
            "a.b.localhost",
            "sae-secret",
            "sae_secret:8080",
            "secrets.example",
            "SECRETS.example.:443",
        ] {
            assert_eq!(judged(&[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "",
            ":8080",
            "evil.example",
            "evil.example:8080",
            "[:",
            "a b",
            "sub.secrets.example",
            "secrets.example.evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost.",
            "ai.",
            "127.0.0.1:80:80",
            "127.0.0.1:x",
            "[::1].evil.example",
            "[evil.example]",
            "[::1",
            "user@127.0.0.1.example",
            "127.0.0.1/.example",
            "127.0.0.1\\.example",
            "é.example",
        ] {
            assert_eq!(judged(&[("host", host)]), Err(Foreign::Host(host.to_owned())), "{host}");
        }
        assert_eq!(judged(&[]), Ok(()), "no browser leaves it out");
    }

    #[test]
    fn pages_come_from_the_server_itself_or_from_a_named_origin() {
        for (host, origin) in [
            ("localhost:8080", "http://localhost:8080"),
            ("localhost:8080", "https://LOCALHOST:8080"),
            ("127.0.0.1", "http://127.0.0.1"),
            ("127.0.0.1:80", "http://127.0.0.1"),
            ("secrets.example", "https://secrets.example:443"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("localhost:8080", "https://console.example"),
        ] {
            assert_eq!(judged(&[("host", host), ("origin", origin)]), Ok(()), "{host} {origin}");
        }
        for (host, origin) in [
            ("localhost:8080", "http://localhost:3000"),
            ("localhost:8080", "http://localhost"),
            ("localhost:443", "http://localhost"),
            ("127.0.0.1:8080", "http://localhost:8080"),
            ("localhost:8080", "null"),
            ("localhost:8080", ""),
            ("localhost:8080", "localhost:8080"),
            ("localhost:8080", "ftp://localhost:8080"),
            ("localhost:8080", "https://console.example.evil.example"),
            ("localhost:8080", "http://console.example"),
        ] {
            let refused = Err(Foreign::Origin(origin.to_owned()));
            assert_eq!(judged(&[("host", host), ("origin", origin)]), refused, "{host} {origin}");
        }
        let both = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "null")];
        assert_eq!(judged(&both), Err(Foreign::Origin("null".to_owned())));
    }

    #[test]
    fn a_rebound_name_is_refused_although_its_origin_is_its_host() {
        let rebound = [
            ("host", "evil.example:8080"),
            ("origin", "http://evil.example:8080"),
            ("sec-fetch-site", "same-origin"),
        ];
        assert_eq!(judged(&rebound), Err(Foreign::Host("evil.example:8080".to_owned())));
    }

    #[test]
    fn what_another_site_has_the_browser_send_is_refused_also_without_an_origin() {
        for (site, verdict) in [
            ("none", Ok(())),
            ("same-origin", Ok(())),
            ("same-site", Err(Foreign::FetchSite)),
            ("", Ok(())),
            ("cross-site", Err(Foreign::FetchSite)),
            ("Cross-Site", Err(Foreign::FetchSite)),
        ] {
            assert_eq!(
                judged(&[("host", "localhost"), ("sec-fetch-site", site)]),
                verdict,
                "{site}"
            );
        }
        let named = [("origin", "https://console.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(judged(&named), Ok(()));
    }

    #[test]
    fn hosts_are_names_alone() {
        for text in [
            "",
            "*",
            "*.example",
            "http://a",
            "a:80",
            "a/",
            "a..b",
            ".a",
            "a.",
            "é",
            "a b",
            "[::1]",
        ] {
            assert!(Hosts::parse(&[text.to_owned()]).is_err(), "{text}");
        }
        for text in
            ["a", "a.example", " A.Example ", "xn--bcher-kva.example", "a_b.svc.cluster.local"]
        {
            assert!(Hosts::parse(&[text.to_owned()]).is_ok(), "{text}");
        }
    }
}
