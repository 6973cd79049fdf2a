//! Where a request comes from.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use actix_web::{HttpRequest, http::header::HeaderMap};
use ipnet::IpNet;

use crate::network;

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The address of the client, as far as it is known for certain.
    pub address: Option<IpAddr>,
    /// Whether the client's connection is encrypted.
    pub is_secure: bool,
}

/// The proxies that are believed about where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Proxies by address (`192.0.2.1`, `::1`) or network (`10.0.0.0/8`).
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            network::parse(text.trim()).ok_or_else(|| {
                format!("{text:?} is neither an IP address nor a network such as 10.0.0.0/8")
            })
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where the request comes from. `X-Forwarded-For` and `X-Forwarded-Proto` count only when a trusted proxy sends them, and
    /// of the first only what trusted proxies have added: any client can send more.
    #[must_use]
    pub fn source(&self, request: &HttpRequest) -> Source {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let mut source = Source { address: peer, is_secure: request.app_config().secure() };
        if !peer.is_some_and(|peer| self.trusts(peer)) {
            return source;
        }
        for hop in items(request.headers(), "x-forwarded-for").iter().rev() {
            let Some(address) = hop_address(hop) else { break };
            source.address = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        // Each proxy tells how it was reached; the last one is the one that is trusted.
        if let Some(scheme) = items(request.headers(), "x-forwarded-proto").last() {
            source.is_secure = scheme.eq_ignore_ascii_case("https");
        }
        source
    }
}

/// The items of a comma-separated header, all its lines together; what is no text ends up as an item that means nothing.
fn items<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines = headers.get_all(name).map(|value| value.to_str().unwrap_or("?"));
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

/// The address of one hop, with or without a port.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address =
        bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn source(peer: &str, headers: &[(&'static str, &str)]) -> Source {
        let texts = ["::ffff:10.0.0.0/104", "::ffff:192.0.2.1", "fd00::/8"].map(str::to_owned);
        let proxies = TrustedProxies::parse(&texts).unwrap();
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        let request = TestRequest::default().peer_addr(peer);
        let request =
            headers.iter().fold(request, |request, header| request.append_header(*header));
        proxies.source(&request.to_http_request())
    }

    fn address(peer: &str, forwarded: &[&str]) -> String {
        let headers: Vec<_> = forwarded.iter().map(|line| ("x-forwarded-for", *line)).collect();
        source(peer, &headers).address.unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(address("203.0.113.1", &["198.51.100.1"]), "203.0.113.1");
        assert!(!source("203.0.113.1", &[("x-forwarded-proto", "https")]).is_secure);
    }

    #[test]
    fn of_what_a_trusted_proxy_tells_only_the_last_unknown_hop_counts() {
        for (lines, expected) in [
            (&[][..], "10.0.0.1"),
            (&["198.51.100.1"], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (&["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1, 192.0.2.1,10.9.9.9"], "198.51.100.1"),
            (&["10.9.9.9"], "10.9.9.9"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["2001:db8::1, fd00::1"], "2001:db8::1"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["198.51.100.1, nonsense"], "10.0.0.1"),
            (&["198.51.100.1, "], "10.0.0.1"),
            (&["198.51.100.1, é"], "10.0.0.1"),
            (&["198.51.100.1, unknown, 10.2.2.2"], "10.2.2.2"),
        ] {
            assert_eq!(address("10.0.0.1", lines), expected, "{lines:?}");
        }
        assert_eq!(address("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(address("192.0.2.2", &["198.51.100.1"]), "192.0.2.2");
    }

    #[test]
    fn a_trusted_proxy_tells_whether_it_was_reached_securely() {
        for (value, is_secure) in
            [("https", true), ("HTTPS", true), ("http", false), ("https, http", false), ("", false)]
        {
            assert_eq!(
                source("10.0.0.1", &[("x-forwarded-proto", value)]).is_secure,
                is_secure,
                "{value}"
            );
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        for bad in ["", "proxy.example", "10.0.0.0/33", "10.0.0", "*"] {
            assert!(TrustedProxies::parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
