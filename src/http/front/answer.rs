//! Follows the dispatcher's answers, to know when one is complete.

use httparse::{EMPTY_HEADER, Response, Status};

use super::framing::{Body, Progress};

/// The longest head of an answer that is followed, in bytes.
const HEAD: usize = 64 * 1024;
/// The most header lines of an answer that is followed.
const HEADERS: usize = 128;

/// The state of the answer to the request that was handed on last.
#[derive(Debug, Default)]
pub(super) struct Answer {
    stage: Stage,
    /// The request was a `HEAD`: whatever its answer says, no body follows.
    bodiless: bool,
    /// Somebody waits for the end of the answer.
    is_awaited: bool,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Complete,
    Head(Vec<u8>),
    Body(Body),
    /// Only the end of the connection ends this answer.
    Endless,
}

impl Answer {
    /// A request has been handed on.
    pub(super) fn expect(&mut self, bodiless: bool) {
        self.stage = Stage::Head(Vec::new());
        self.bodiless = bodiless;
    }

    /// True from a request until its answer is complete.
    pub(super) fn is_due(&self) -> bool {
        matches!(self.stage, Stage::Head(_) | Stage::Body(_))
    }

    /// True when no further answer can follow.
    pub(super) fn is_endless(&self) -> bool {
        matches!(self.stage, Stage::Endless)
    }

    /// Asks [`Answer::follow`] to tell the end of the answer.
    pub(super) fn wait(&mut self) {
        self.is_awaited = true;
    }

    /// Follows bytes that have been written to the client; true when they end an answer that
    /// somebody waits for.
    pub(super) fn follow(&mut self, data: &[u8]) -> bool {
        self.take(data);
        !self.is_due() && std::mem::take(&mut self.is_awaited)
    }

    fn take(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let used = match &mut self.stage {
                Stage::Complete | Stage::Endless => return,
                Stage::Head(head) => {
                    let used = collect(head, data);
                    if head.ends_with(b"\r\n\r\n") {
                        let next = after_head(head, self.bodiless);
                        self.stage = next;
                    } else if head.len() >= HEAD {
                        self.stage = Stage::Endless;
                    }
                    used
                }
                Stage::Body(body) => {
                    let (used, progress) = body.advance(data);
                    match progress {
                        Progress::More => {}
                        Progress::Done => self.stage = Stage::Complete,
                        Progress::Broken => self.stage = Stage::Endless,
                    }
                    used
                }
            };
            data = data.get(used..).unwrap_or_default();
        }
    }
}

/// Takes bytes up to the end of the head; answers how many.
fn collect(head: &mut Vec<u8>, data: &[u8]) -> usize {
    for (index, byte) in data.iter().enumerate() {
        head.push(*byte);
        if *byte == b'\n' && head.ends_with(b"\r\n\r\n") || head.len() >= HEAD {
            return index + 1;
        }
    }
    data.len()
}

/// What follows the head of an answer: RFC 9112, section 6.3.
fn after_head(head: &[u8], bodiless: bool) -> Stage {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = Response::new(&mut headers);
    let (Ok(Status::Complete(_)), Some(code)) = (response.parse(head), response.code) else {
        return Stage::Endless;
    };
    if (100..200).contains(&code) && code != 101 {
        return Stage::Head(Vec::new());
    }
    if bodiless || code == 204 || code == 304 {
        return Stage::Complete;
    }
    let mut length = None;
    for header in response.headers {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Stage::Body(Body::chunked());
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value).ok().and_then(|text| text.parse().ok());
        }
    }
    match length {
        Some(0) => Stage::Complete,
        Some(length) => Stage::Body(Body::Length(length)),
        None => Stage::Endless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(bodiless: bool, data: &[u8]) -> Answer {
        let mut whole = Answer::default();
        whole.expect(bodiless);
        whole.follow(data);
        let mut bytes = Answer::default();
        bytes.expect(bodiless);
        for byte in data {
            bytes.follow(&[*byte]);
        }
        assert_eq!(whole.is_due(), bytes.is_due());
        assert_eq!(whole.is_endless(), bytes.is_endless());
        whole
    }

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        for (bodiless, answer) in [
            (false, &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"[..]),
            (false, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
            (true, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"),
            (false, b"HTTP/1.1 304 Not Modified\r\n\r\n"),
            (false, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
            (false, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"),
        ] {
            let done = answers(bodiless, answer);
            assert!(!done.is_due() && !done.is_endless(), "{answer:?}");
            let short = answer.get(..answer.len() - 1).unwrap_or_default();
            assert!(answers(bodiless, short).is_due(), "{answer:?}");
        }
    }

    #[test]
    fn an_answer_without_a_length_has_no_end() {
        assert!(answers(false, b"HTTP/1.1 200 OK\r\nx: y\r\n\r\nbody").is_endless());
        assert!(answers(false, b"HTTP/1.1 101 Switching Protocols\r\n\r\n").is_endless());
        assert!(answers(false, b"garbage\r\n\r\n").is_endless());
    }
}
