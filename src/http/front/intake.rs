//! The buffer in which a request head is collected.

use super::{
    Limits, Refusal,
    scan::{HeadScan, Stop},
};

/// How much is read at once, in bytes.
const READ: usize = 8 * 1024;
/// A larger buffer than this is given back when it is empty, in bytes.
const KEPT: usize = 16 * 1024;
/// The most empty lines before a request line; RFC 9112, section 2.2 asks to skip one at least.
const EMPTY_LINES: usize = 4;
/// What is kept of a request line that is too long, in bytes: enough to know a `HEAD`.
const METHOD_KEPT: usize = 8;
/// What is kept of it as long as it goes on, in bytes: room for `METHOD_KEPT` and a line end.
const LINE_KEPT: usize = 16;

/// What the buffer holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Not yet a whole head.
    Nothing,
    /// A head of that many bytes, at the beginning of the buffer.
    Head(usize),
    /// Something that will not become an acceptable head.
    Refused(Refusal),
}

/// Bytes that were read from the client and not handed on.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Initialised throughout; `start..end` is in use.
    data: Vec<u8>,
    start: usize,
    end: usize,
    scan: HeadScan,
    /// Lines that were skipped before the present head.
    empty_lines: usize,
    /// The head is refused already, but not all of it has come.
    refusal: Option<Refusal>,
    discarded: usize,
}

impl Intake {
    /// The bytes in use.
    pub(super) fn bytes(&self) -> &[u8] {
        self.data.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// True when [`Intake::find_head`] has met a part of a head. Empty lines before it are none.
    pub(super) fn has_begun(&self) -> bool {
        self.scan.at > 0
    }

    /// The reason for which the head is refused already.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Room to read into; tell [`Intake::read`] how much was used.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.data.len() < self.end + READ {
            self.data.resize(self.end + READ, 0);
        }
        self.data.get_mut(self.end..).unwrap_or_default()
    }

    /// So many bytes have been written into [`Intake::room`].
    pub(super) fn read(&mut self, length: usize) {
        self.end = self.data.len().min(self.end + length);
    }

    /// Appends bytes that were read elsewhere.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(READ) {
            let Some(room) = self.room().get_mut(..piece.len()) else { return };
            room.copy_from_slice(piece);
            self.read(piece.len());
        }
    }

    /// Drops bytes from the beginning.
    pub(super) fn consume(&mut self, length: usize) {
        self.start = self.end.min(self.start + length);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            if self.data.len() > KEPT {
                self.data = Vec::new();
            }
        }
    }

    /// Puts `with` in the place of the first `length` bytes.
    pub(super) fn replace(&mut self, length: usize, with: &[u8]) {
        let rest = self.bytes().get(length..).unwrap_or_default();
        let data = [with, rest].concat();
        (self.start, self.end) = (0, data.len());
        self.data = data;
    }

    /// Ends the search for a head; the next one starts afresh.
    pub(super) fn finish_head(&mut self) {
        self.scan = HeadScan::default();
        self.empty_lines = 0;
        self.refusal = None;
        self.discarded = 0;
    }

    /// Looks for the end of the head at the beginning of the buffer.
    pub(super) fn find_head(&mut self, limits: &Limits) -> Found {
        if !self.has_begun() {
            self.skip_empty_lines();
            if self.empty_lines > EMPTY_LINES {
                return Found::Refused(Refusal::Malformed);
            }
            if matches!(self.bytes(), b"" | b"\r") {
                return Found::Nothing;
            }
        }
        loop {
            let at = self.start + self.scan.at;
            let new = self.data.get(at..self.end).unwrap_or_default();
            let before = self.scan.at;
            let stop = self.scan.advance(new);
            if self.refusal.is_none() {
                self.refusal = self.excess(limits);
            }
            match (stop, self.refusal) {
                (Stop::Bad, refusal) => {
                    return Found::Refused(refusal.unwrap_or(Refusal::Malformed));
                }
                (Stop::End, None) => return Found::Head(self.scan.at),
                (Stop::End, Some(refusal)) => return Found::Refused(refusal),
                (Stop::More, None) => return Found::Nothing,
                (Stop::Line, None) => {}
                (Stop::More | Stop::Line, Some(refusal)) => {
                    self.discarded += self.scan.at - before;
                    self.discard(stop, limits);
                    if self.discarded > limits.discard_bytes {
                        return Found::Refused(refusal);
                    }
                    if stop == Stop::More {
                        return Found::Nothing;
                    }
                }
            }
        }
    }

    /// Skips and counts the empty lines that have come before a request line.
    fn skip_empty_lines(&mut self) {
        while self.bytes().starts_with(b"\r\n") {
            self.consume(2);
            self.empty_lines += 1;
        }
    }

    fn excess(&self, limits: &Limits) -> Option<Refusal> {
        if self.scan.target > limits.target {
            return Some(Refusal::UriTooLong);
        }
        let too_large = self.scan.section > limits.header_bytes || self.scan.lines > limits.headers;
        too_large.then_some(Refusal::HeadTooLarge)
    }

    /// Keeps only the beginning of the request line and of the header section.
    fn discard(&mut self, stop: Stop, limits: &Limits) {
        if stop == Stop::Line {
            let line_end = self.start + self.scan.at;
            let (method, cut) = (self.start + METHOD_KEPT, self.start + METHOD_KEPT + 2);
            if line_end > cut {
                if let Some(crlf) = self.data.get_mut(method..cut) {
                    crlf.copy_from_slice(b"\r\n");
                }
                self.data.copy_within(line_end..self.end, cut);
                self.end -= line_end - cut;
                self.scan.at = METHOD_KEPT + 2;
            }
            return;
        }
        let kept = if self.scan.in_request_line() {
            LINE_KEPT
        } else {
            limits.target + limits.header_bytes + READ
        };
        if self.scan.at > kept {
            self.end = self.start + kept;
            self.scan.at = kept;
        }
    }
}
