//! The syntax of a registry's name: a key of `auths`.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest host name and the longest label of one, in characters (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// How many characters of a registry's name a reason shows; no DNS name with a port is longer.
const SHOWN_CHARS: usize = 260;

/// Checks that `name` is a registry as Docker and Kubernetes write it:
/// `[http://|https://] host [:port] [/path]`.
///
/// * The host is a DNS name in either case, `localhost`, an IPv4 address or an IPv6 address in
///   brackets, by the grammar of Docker image references: labels of letters, digits and inner
///   hyphens (no underscore), parted by dots. DNS adds 63 characters a label and 253 in all.
/// * `*` may stand in a label wherever a letter may (Kubernetes, "Images", interpretation of
///   config.json: `*.kubernetes.io`, `prefix.*.io`, `*-good.kubernetes.io`). The `?` and `[a-z]` of
///   the underlying glob library are refused: Kubernetes parses the key as a URL first, where they
///   begin a query and an IPv6 address.
/// * The port is 1 to 65535.
/// * The path holds unreserved URL characters (RFC 3986, section 2.3): it is a prefix of repository
///   names, or the `/v1/` of Docker Hub's `https://index.docker.io/v1/`. A slash may end it.
/// * User information, query, fragment, spaces and control characters are refused.
///
/// # Errors
/// A reason that quotes nothing of the name.
pub(super) fn check(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("the name is empty");
    }
    if name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("the name holds a space or a control character");
    }
    let rest =
        name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
    if rest.contains("://") {
        return Err("the only schemes are http:// and https://, in lower case");
    }
    if rest.contains('@') {
        return Err("the name must not hold user information");
    }
    if rest.contains(['?', '#']) {
        return Err("the name must not hold a query or a fragment");
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    check_authority(authority)?;
    check_path(path)
}

/// The words by which a reason calls the registry: its name, or its place in `auths` where the name
/// could carry more than a host, a port and a path (`user:password@host`, `host?token=…`).
pub(super) fn label(position: usize, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/*[]".contains(c);
    let rest = name.split_once("://").map_or(name, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
    // `user:password` looks like a host with a port that is no number.
    let port_is_number = after_host
        .split_once(':')
        .is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if name.is_empty() || !port_is_number || !name.chars().all(plain) {
        return format!("registry number {position}");
    }
    let shown: String = name.chars().take(SHOWN_CHARS).collect();
    let more = if shown.len() < name.len() { "…" } else { "" };
    format!("registry [{shown}{more}]")
}

fn check_authority(authority: &str) -> Result<(), &'static str> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) =
            rest.split_once(']').ok_or("the IPv6 address has no closing bracket")?;
        // The grammar of image references has neither zones nor embedded IPv4 addresses.
        let plain = address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        if !plain || address.parse::<Ipv6Addr>().is_err() {
            return Err("the text in brackets is not an IPv6 address");
        }
        return match port.strip_prefix(':') {
            Some(port) => check_port(port),
            None if port.is_empty() => Ok(()),
            None => Err("only a port may follow the IPv6 address"),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    check_host(host)?;
    port.map_or(Ok(()), check_port)
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("the host is missing");
    }
    if host.len() > MAX_HOST {
        return Err("the host is longer than 253 characters");
    }
    for label in host.split('.') {
        if label.is_empty() {
            return Err("a label of the host is empty");
        }
        if label.len() > MAX_LABEL {
            return Err("a label of the host is longer than 63 characters");
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'*';
        if !label.bytes().all(allowed) {
            return Err("the host may hold only letters, digits, '-', '.' and '*'");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("a label of the host begins or ends with '-'");
        }
    }
    let looks_like_address =
        host.contains('.') && host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if looks_like_address && host.parse::<Ipv4Addr>().is_err() {
        return Err("the host is not an IPv4 address");
    }
    Ok(())
}

fn check_port(port: &str) -> Result<(), &'static str> {
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(1..) if digits => Ok(()),
        _ => Err("the port is not a number from 1 to 65535"),
    }
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Ok(());
    }
    // A slash alone is the end of an empty segment: `host//`.
    let path = path.strip_suffix('/').unwrap_or(path);
    for segment in path.split('/') {
        if matches!(segment, "" | "." | "..") {
            return Err("a segment of the path is empty, '.' or '..'");
        }
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if !segment.bytes().all(unreserved) {
            return Err("the path may hold only letters, digits, '-', '.', '_', '~' and '/'");
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_that_docker_and_kubernetes_accept() {
        let longest_label = format!("{}.example", "a".repeat(63));
        let longest_host = format!("{}{}", "a.".repeat(126), "a");
        for name in [
            "registry-vpc.cn-beijing.aliyuncs.com",
            "crpi-a1b2c3.cn-hangzhou.personal.cr.aliyuncs.com",
            "Registry.CN-Beijing.Aliyuncs.COM",
            "docker.io",
            "index.docker.io",
            "localhost",
            "localhost:5000",
            "registry",
            "registry:5000",
            "a",
            "1password.example",
            "xn--fiqs8s.example",
            "registry.example:1",
            "registry.example:65535",
            "127.0.0.1",
            "10.0.0.1:5000",
            "[::1]",
            "[2001:db8::1]:5000",
            "http://[::1]:5000/v2/",
            "https://index.docker.io/v1/",
            "https://index.docker.io/v1",
            "http://registry.example:80",
            "https://registry.example",
            "https://registry.example/",
            "registry.example/",
            "registry.example/team",
            "registry.example:5000/Team_a/app.b~c/",
            "gcr.io/my_project/img",
            "*.kubernetes.io",
            "*.*.kubernetes.io",
            "prefix.*.io",
            "*-good.kubernetes.io",
            "app*.k8s.io",
            "*.kubernetes.io:8443/path",
            "https://*.example.com",
            "*",
            "a--b.example",
            &longest_label,
            &longest_host,
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_are_refused() {
        for (name, word) in [
            ("", "empty"),
            (" ", "space"),
            ("registry .example", "space"),
            ("registry.example\n", "space"),
            ("registry\u{0}.example", "control"),
            ("registry\u{7f}", "control"),
            ("a\u{a0}b", "space"),
            ("https://", "missing"),
            ("http:///v1/", "missing"),
            (":5000", "missing"),
            ("/path", "missing"),
            ("//registry.example", "missing"),
            ("::1", "missing"),
            ("ftp://registry.example", "scheme"),
            ("HTTPS://registry.example", "scheme"),
            ("https://https://registry.example", "scheme"),
            ("docker.io/https://a", "scheme"),
            ("user@registry.example", "user information"),
            ("u:p@registry.example", "user information"),
            ("https://u:p@registry.example/v1/", "user information"),
            ("registry.example/v1/?a=b", "query"),
            ("registry.example?a", "query"),
            ("a?.example", "query"),
            ("registry.example#frag", "fragment"),
            ("registry.example:", "port"),
            ("registry.example:0", "port"),
            ("registry.example:65536", "port"),
            ("registry.example:+80", "port"),
            ("registry.example:http", "port"),
            ("a:80:80", "port"),
            ("2001:db8::1", "port"),
            ("a:99999999999999999999", "port"),
            ("[::1]:", "port"),
            ("[::1", "closing"),
            ("[]", "IPv6"),
            ("[:::]", "IPv6"),
            ("[fe80::1%eth0]", "IPv6"),
            ("[::ffff:1.2.3.4]", "IPv6"),
            ("[127.0.0.1]", "IPv6"),
            ("[::1]5000", "only a port"),
            ("registry.example//a", "segment"),
            ("registry.example/a//", "segment"),
            ("registry.example//", "segment"),
            ("registry.example/../a", "segment"),
            ("registry.example/./a", "segment"),
            ("registry.example/*", "path may"),
            ("registry.example/a:tag", "path may"),
            ("registry.example/a%20b", "path may"),
            ("registry.example/é", "path may"),
        ] {
            let reason = check(name).unwrap_err();
            assert!(reason.contains(word), "{name:?}: {reason}");
        }
    }

    #[test]
    fn hosts_that_are_refused() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_host = format!("{}{}", "a.".repeat(126), "ab");
        for (name, word) in [
            ("registry..example", "empty"),
            (".registry.example", "empty"),
            ("registry.example.", "empty"),
            ("my_registry:5000", "only letters"),
            ("регистр.example", "only letters"),
            ("a[a-z].example", "only letters"),
            ("registry,example", "only letters"),
            ("a%41.b", "only letters"),
            ("-a.example", "'-'"),
            ("a-.example", "'-'"),
            ("a.-", "'-'"),
            (long_label.as_str(), "63"),
            (long_host.as_str(), "253"),
            ("999.1.1.1", "IPv4"),
            ("1.2.3", "IPv4"),
            ("1.2.3.4.5", "IPv4"),
            ("01.2.3.4", "IPv4"),
        ] {
            let reason = check(name).unwrap_err();
            assert!(reason.contains(word), "{name:?}: {reason}");
        }
    }

    #[test]
    fn a_label_shows_only_what_a_host_and_a_path_can_hold() {
        assert_eq!(label(1, "[::1]:50/a_b~"), "registry [[::1]:50/a_b~]");
        assert_eq!(label(2, "my_registry"), "registry [my_registry]");
        for name in ["", "u:p@host", "host?t=1", "host#a", "a b", "a\nb", "é", "a=", "a\"b"] {
            assert_eq!(label(3, name), "registry number 3", "{name:?}");
        }
        let long = label(4, &"a".repeat(100_000));
        assert!(long.ends_with("…]") && long.len() < 300);
    }
}
