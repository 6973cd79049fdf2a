//! Where the server listens.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// An address or a name of this machine, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// An IP address, an IPv6 one without brackets, or a name that still has to be resolved.
    pub host: String,
    /// The port; 0 is any free one.
    pub port: u16,
}

impl FromStr for ListenAddress {
    type Err = String;

    /// The error says what is missing.
    fn from_str(text: &str) -> Result<Self, String> {
        const BRACKETS: &str = "an IPv6 address stands in brackets, as in [::1]:8080";
        let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_v6 = |text: &str| text.parse::<Ipv6Addr>().is_ok();
        let or = |text: &str, other| if text.is_empty() { other } else { text.to_owned() };
        let no_port = |host: &str| format!("the port is missing, as in {host}:8080");
        if text.contains('/') {
            return Err(
                "it is a URL, and only address and port are wanted: leave out what stands before and behind them".into()
            );
        }
        if is_v6(text) {
            return Err(BRACKETS.into());
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ if !text.is_empty() && is_port(text) => ("", text),
            _ => return Err(no_port(&or(text, "127.0.0.1".to_owned()))),
        };
        if host.is_empty() {
            let port = or(port, "8080".to_owned());
            return Err(format!(
                "the address is missing: 127.0.0.1:{port} is for this machine alone, 0.0.0.0:{port} for all that can reach it"
            ));
        }
        if port.is_empty() {
            return Err(no_port(host));
        }
        // The parser would take a sign before it.
        let port = port.parse().ok().filter(|_| is_port(port));
        let port = port.ok_or("the port is not a number from 0 to 65535")?;
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match inner {
            Some(inner) => is_v6(inner).then_some(inner),
            None if is_v6(host) => return Err(BRACKETS.into()),
            None => is_name(host).then_some(host),
        };
        let host = host.ok_or(
            "what stands before the port is neither an address nor a name, as in 127.0.0.1:8080 or localhost:8080",
        )?;
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Whether it is an IPv4 address or may be the name of a host.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

impl ListenAddress {
    /// The host as an address, where it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip() {
            Some(IpAddr::V6(host)) => write!(f, "[{host}]:{}", self.port),
            _ => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_taken() {
        for text in
            ["127.0.0.1:8080", "0.0.0.0:0", "[::1]:80", "[::]:65535", "localhost:8080", "a-b.c_d:1"]
        {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        for (text, part) in [
            (":8080", "the address is missing: 127.0.0.1:8080"),
            ("8080", "the address is missing: 127.0.0.1:8080"),
            (":", "the address is missing: 127.0.0.1:8080"),
            ("", "the port is missing, as in 127.0.0.1:8080"),
            ("localhost", "the port is missing, as in localhost:8080"),
            ("localhost:", "the port is missing, as in localhost:8080"),
            ("[::1]", "the port is missing, as in [::1]:8080"),
            ("::1", "brackets"),
            ("::1:8080", "brackets"),
            ("fe80::1:8080", "brackets"),
            ("localhost:+80", "not a number"),
            ("localhost:65536", "not a number"),
            ("localhost:http", "not a number"),
            ("http://localhost:8080", "URL"),
            ("localhost:8080/", "URL"),
            ("*:8080", "neither an address nor a name"),
            ("[localhost]:8080", "neither an address nor a name"),
            ("a b:8080", "neither an address nor a name"),
        ] {
            let error = text.parse::<ListenAddress>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
