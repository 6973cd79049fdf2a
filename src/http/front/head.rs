//! Judges a complete request head: RFC 9112, sections 2 to 6.
//!
//! The head is refused wherever two parsers could read it differently, because a proxy in front
//! of us and the dispatcher behind us have to see the same requests.

use actix_web::http::Method;
use httparse::{EMPTY_HEADER, Error, Request, Status};

use super::{
    DISPATCHER_HEADERS, Limits, Refusal,
    framing::Body,
    rewrite::{Changes, MovedTarget, is_host, is_internal},
    target,
};

/// A request that can be handed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The head to hand on, unless it can go on unchanged.
    pub(super) rewritten: Option<Vec<u8>>,
    /// The body that follows the head.
    pub(super) body: Option<Body>,
    /// The answer will have no body.
    pub(super) is_head: bool,
    /// The client wants no further request to be read from this connection.
    pub(super) is_last: bool,
}

/// Judges a head that ends with its empty line.
///
/// # Errors
/// The reason to refuse it; never [`Refusal::Timeout`].
pub(super) fn judge(head: &[u8], limits: &Limits) -> Result<Accepted, Refusal> {
    let mut headers = [EMPTY_HEADER; DISPATCHER_HEADERS];
    let room = limits.headers.min(DISPATCHER_HEADERS);
    let mut request = Request::new(headers.get_mut(..room).unwrap_or_default());
    match request.parse(head) {
        Ok(Status::Complete(length)) if length == head.len() => {}
        Err(Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Ok(_) | Err(_) => return Err(Refusal::Malformed),
    }
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(Refusal::Malformed);
    };
    let mut fields = Fields::default();
    for header in request.headers.iter() {
        fields.note(header.name, header.value)?;
    }
    let new = version == 1;
    fields.check(method, new)?;
    let path = target::check(method, target)?;
    let version = if new { "HTTP/1.1" } else { "HTTP/1.0" };
    let is_last = fields.close || (!new && !fields.keep_alive);
    let changes = Changes {
        target: path.map(|path| MovedTarget { method, path, version, original: target }),
        internal: fields.internal,
        upgrade: fields.upgrade.then_some(if fields.close {
            "close"
        } else if fields.keep_alive {
            "keep-alive"
        } else {
            ""
        }),
    };
    Ok(Accepted {
        rewritten: (!changes.is_empty()).then(|| changes.apply(head)),
        body: fields.body(),
        is_head: method == "HEAD",
        is_last,
    })
}

/// What the header fields say about the connection and the body.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for a header field or an option")]
struct Fields {
    host: bool,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    upgrade: bool,
    internal: bool,
}

impl Fields {
    fn note(&mut self, name: &str, value: &[u8]) -> Result<(), Refusal> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("host") {
            if self.host || !is_host(value) {
                return Err(Refusal::Malformed);
            }
            self.host = true;
        } else if is("content-length") {
            if self.length.is_some() {
                return Err(Refusal::Malformed);
            }
            self.length = Some(parse_length(value).ok_or(Refusal::Malformed)?);
        } else if is("transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::Malformed);
            }
            self.chunked = true;
        } else if is("connection") {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                self.upgrade |= option.eq_ignore_ascii_case(b"upgrade");
            }
        } else if is("upgrade") {
            self.upgrade = true;
        } else if is_internal(name.as_bytes()) {
            self.internal = true;
        }
        Ok(())
    }

    /// The rules that hold between fields, method and version.
    fn check(&self, method: &str, new: bool) -> Result<(), Refusal> {
        let two_lengths = self.chunked && self.length.is_some();
        let no_host = new && !self.host;
        let chunked_before_its_time = self.chunked && !new;
        // The dispatcher refuses an HTTP/1.0 POST without a length (RFC 1945, section 8.3).
        let no_length = !new && method == "POST" && self.length.is_none();
        // A tunnel has no message framing, and there is nothing behind us to tunnel to.
        let tunnel = method == "CONNECT";
        // The dispatcher knows fewer characters of a method than the parser.
        let no_method = Method::from_bytes(method.as_bytes()).is_err();
        if no_method || two_lengths || no_host || chunked_before_its_time || no_length || tunnel {
            return Err(Refusal::Malformed);
        }
        Ok(())
    }

    fn body(&self) -> Option<Body> {
        if self.chunked {
            return Some(Body::chunked());
        }
        self.length.filter(|length| *length > 0).map(Body::Length)
    }
}

/// A content length: digits only, as long as the number fits (RFC 9110, section 8.6).
fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn judged(head: &str) -> Result<Accepted, Refusal> {
        judge(head.as_bytes(), &Limits::default())
    }

    #[test]
    fn framing_and_persistence_are_read() {
        for (head, body, is_head, is_last) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", None, false, false),
            ("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: a, Close\r\n\r\n", None, true, true),
            ("GET / HTTP/1.0\r\n\r\n", None, false, true),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", None, false, false),
            (
                "PUT / HTTP/1.1\r\nHost:\r\ncontent-length: 007 \r\n\r\n",
                Some(Body::Length(7)),
                false,
                false,
            ),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", None, false, false),
            (
                "DELETE / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\tChunked\r\n\r\n",
                Some(Body::chunked()),
                false,
                false,
            ),
        ] {
            let accepted = judged(head).unwrap();
            assert_eq!(accepted, Accepted { rewritten: None, body, is_head, is_last }, "{head}");
        }
    }

    #[test]
    fn ambiguous_heads_are_malformed() {
        for lines in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5, 5",
            "Content-Length: +5",
            "Content-Length: -1",
            "Content-Length: 0x5",
            "Content-Length:",
            "Content-Length: 5 5",
            "Content-Length: 18446744073709551616",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding : chunked",
            "Content-Length\t: 5",
            "Host: y",
            "X: a\r\n b",
            ": x",
            "no colon",
            "X\u{e4}: y",
        ] {
            let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n");
            assert_eq!(judged(&head), Err(Refusal::Malformed), "{lines}");
        }
        for head in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET / http/1.1\r\nHost: a\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
            "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.0\r\n\r\n",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "G#T / HTTP/1.1\r\nHost: a\r\n\r\n",
            "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(judged(head), Err(Refusal::Malformed), "{head}");
        }
    }

    #[test]
    fn the_dispatcher_takes_every_accepted_name() {
        let mut taken = 0;
        for byte in 0..=255_u8 {
            let name = [b'x', byte];
            let head = [b"GET / HTTP/1.1\r\nHost: a\r\n", &name[..], b": b\r\n\r\n"].concat();
            if judge(&head, &Limits::default()).is_ok() {
                assert!(byte == b':' || HeaderName::from_bytes(&name).is_ok(), "{name:?}");
                taken += 1;
            }
        }
        assert_eq!(taken, 78);
    }

    #[test]
    fn our_own_fields_are_never_taken_from_a_client() {
        let head = "GET / HTTP/1.1\r\nSAE-Secret-Target: /x\r\nHost: x\r\n\
                    sae-secret-REFUSAL: timeout\r\nA: b\r\nsae-secret-target:\r\n\r\n";
        let rewritten = judged(head).unwrap().rewritten.unwrap();
        assert_eq!(rewritten, b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");
    }

    #[test]
    fn an_offered_protocol_is_ignored() {
        let head = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n\
                    Upgrade: h2c\r\nHTTP2-Settings: AAE\r\nA: b\r\n\r\n";
        let rewritten = judged(head).unwrap().rewritten.unwrap();
        assert_eq!(rewritten, b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");
        let head = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, upgrade\r\n\
                    Upgrade: websocket\r\nContent-Length: 3\r\n\r\n";
        let accepted = judged(head).unwrap();
        assert!(accepted.is_last);
        assert_eq!(accepted.body, Some(Body::Length(3)));
        let expected =
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nconnection: close\r\n\r\n";
        assert_eq!(accepted.rewritten.unwrap(), expected);
    }

    #[test]
    fn a_long_target_moves_into_a_header() {
        let target = format!("/a/b?{}", "q".repeat(100_000));
        let head = format!("PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
        let rewritten = judged(&head).unwrap().rewritten.unwrap();
        let expected = format!(
            "PUT /a/b HTTP/1.1\r\nsae-secret-target: {target}\r\nHost: x\r\n\
             Content-Length: 1\r\n\r\n"
        );
        assert_eq!(rewritten, expected.as_bytes());
    }
}
