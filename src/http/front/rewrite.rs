//! Writes request heads: those that cannot go on unchanged, and those of refusals.

use super::{REFUSAL_HEADER, Refusal, TARGET_HEADER};

/// The longest value that a refusal repeats, in bytes.
pub(super) const REPEATED: usize = 512;

/// What is to change in a well-formed head.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// The method, the path and the version of a new request line, and the target to move.
    pub(super) target: Option<MovedTarget<'a>>,
    /// Fields that only we may set are to go.
    pub(super) internal: bool,
    /// The offer of another protocol is to go; the value is what stays of `Connection`.
    pub(super) upgrade: Option<&'static str>,
}

/// A target that moves out of the request line.
#[derive(Debug)]
pub(super) struct MovedTarget<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) version: &'static str,
    pub(super) original: &'a str,
}

impl Changes<'_> {
    /// True when the head can go on as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.target.is_none() && !self.internal && self.upgrade.is_none()
    }

    /// The changed head.
    pub(super) fn apply(&self, head: &[u8]) -> Vec<u8> {
        let mut new = Vec::with_capacity(head.len() + 256);
        let mut lines = lines(head);
        let request_line = lines.next().unwrap_or_default();
        match &self.target {
            None => line(&mut new, &[request_line]),
            Some(moved) => {
                let (method, path) = (moved.method.as_bytes(), moved.path.as_bytes());
                line(&mut new, &[method, b" ", path, b" ", moved.version.as_bytes()]);
                let original = moved.original.as_bytes();
                line(&mut new, &[TARGET_HEADER.as_bytes(), b": ", original]);
            }
        }
        for field in lines.filter(|field| !field.is_empty() && !self.drops(name(field))) {
            line(&mut new, &[field]);
        }
        if let Some(connection) = self.upgrade.filter(|connection| !connection.is_empty()) {
            line(&mut new, &[b"connection: ", connection.as_bytes()]);
        }
        line(&mut new, &[]);
        new
    }

    fn drops(&self, name: &[u8]) -> bool {
        is_internal(name)
            || self.upgrade.is_some()
                && [&b"upgrade"[..], b"connection", b"http2-settings"]
                    .iter()
                    .any(|dropped| name.eq_ignore_ascii_case(dropped))
    }
}

/// True for the names of the fields that only we may set.
pub(super) fn is_internal(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(TARGET_HEADER.as_bytes())
        || name.eq_ignore_ascii_case(REFUSAL_HEADER.as_bytes())
}

/// A small request in place of a refused one; `rest` is what is left of the refused head.
///
/// `Host`, `Accept` and `Origin` are repeated if they can be read, because they shape the answer.
/// Answers the head and whether it is a `HEAD` request.
pub(super) fn refusal_request(refusal: Refusal, rest: &[u8]) -> (Vec<u8>, bool) {
    let is_head = rest.starts_with(b"HEAD ");
    let method: &[u8] = if is_head { b"HEAD" } else { b"GET" };
    let mut new = Vec::with_capacity(256);
    line(&mut new, &[method, b" / HTTP/1.1"]);
    line(&mut new, &[b"host: ", field(rest, b"host", is_host).unwrap_or(b"localhost")]);
    for name in [&b"accept"[..], b"origin"] {
        if let Some(value) = field(rest, name, is_visible) {
            line(&mut new, &[name, b": ", value]);
        }
    }
    line(&mut new, &[b"connection: close"]);
    line(&mut new, &[REFUSAL_HEADER.as_bytes(), b": ", refusal.token().as_bytes()]);
    line(&mut new, &[]);
    (new, is_head)
}

/// The value of the first sane field of that name.
fn field<'a>(head: &'a [u8], wanted: &[u8], is_sane: fn(&[u8]) -> bool) -> Option<&'a [u8]> {
    lines(head)
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| name(line).eq_ignore_ascii_case(wanted))
        .filter_map(|line| line.get(wanted.len() + 1..))
        .map(<[u8]>::trim_ascii)
        .find(|value| !value.is_empty() && value.len() <= REPEATED && is_sane(value))
}

/// The characters of a host with an optional port: RFC 3986, section 3.2.2, without the comma,
/// which is the trace of two fields merged into one.
pub(super) fn is_host(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte))
}

pub(super) fn is_visible(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

/// The complete lines of a head, without their ends.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\r\n"))
}

/// What stands before the first colon of a line.
fn name(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b':').next().unwrap_or_default()
}

fn line(new: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        new.extend_from_slice(part);
    }
    new.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_repeats_host_accept_and_origin() {
        let rest = b"GET /xxxx\r\nHOST: a.b:80 \r\nOrigin: http://c\r\nAccept:text/xml\r\nAcc";
        let (head, is_head) = refusal_request(Refusal::UriTooLong, rest);
        assert!(!is_head);
        assert_eq!(
            String::from_utf8_lossy(&head),
            "GET / HTTP/1.1\r\nhost: a.b:80\r\naccept: text/xml\r\norigin: http://c\r\n\
             connection: close\r\n\
             sae-secret-refusal: uri-too-long\r\n\r\n"
        );
    }

    #[test]
    fn a_refusal_repeats_nothing_insane() {
        let rest =
            b"HEAD / HTTP/1.1\r\nHost: a b\r\nHost : x\r\nAccept: \x07\r\n\r\nHost: next\r\n";
        let (head, is_head) = refusal_request(Refusal::Malformed, rest);
        assert!(is_head);
        assert_eq!(
            String::from_utf8_lossy(&head),
            "HEAD / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             sae-secret-refusal: malformed\r\n\r\n"
        );
    }
}
