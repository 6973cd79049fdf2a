//! Networks of addresses, as settings and policies name them.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// A network (`10.0.0.0/8`), or an address as the network of it alone.
///
/// What IPv6 has for IPv4 (`::ffff:10.0.0.0/104`) is the network of IPv4: requests are known by such an address too. A
/// larger one, such as `::/0`, is of IPv6 alone.
pub fn parse(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let network: IpNet = text.parse().or_else(|_| address()).ok()?;
    let IpNet::V6(v6) = network else { return Some(network) };
    let length = v6.prefix_len().checked_sub(96);
    let v4 = v6.addr().to_ipv4_mapped().zip(length);
    let v4 = v4.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    Some(v4.map_or(network, IpNet::V4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipv6_has_for_ipv4_is_ipv4() {
        for (text, meant) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.1/128", "192.0.2.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::ffff:0:0/95"),
            ("::/0", "::/0"),
            ("::1", "::1/128"),
            ("2001:db8::/104", "2001:db8::/104"),
        ] {
            assert_eq!(parse(text), meant.parse().ok(), "{text}");
        }
        for text in ["", "*", "host", "10.0.0", "10.0.0.0/33", "::/129", "::ffff:10.0.0.0/8/8"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
