//! Finds the end of a request head in input that comes in pieces.
//!
//! Every byte is looked at once, however small the pieces are. Only what decides about waiting is
//! judged here: control characters, line ends, the number of words in the request line.

/// The longest accepted method, in bytes.
const METHOD: usize = 32;
/// The longest accepted third word of the request line (`HTTP/1.1` has 8 bytes).
const VERSION: usize = 16;

/// Why a scan stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The input is used up and the head goes on.
    More,
    /// Just behind the line end of the request line.
    Line,
    /// Just behind the empty line that ends the head.
    End,
    /// The head can no longer become well-formed.
    Bad,
}

/// A place inside a request head, and the sizes met so far.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    /// How many of the buffered bytes have been looked at.
    pub(super) at: usize,
    /// Bytes of the request target.
    pub(super) target: usize,
    /// Bytes behind the request line, the empty line at the end included.
    pub(super) section: usize,
    /// Header lines that have been begun.
    pub(super) lines: usize,
    word: Word,
    length: usize,
    place: Place,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Word {
    #[default]
    Method,
    Target,
    Version,
    Header,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    #[default]
    Inside,
    Cr,
    EmptyLineCr,
}

impl HeadScan {
    /// True as long as the request line has not ended.
    pub(super) fn in_request_line(&self) -> bool {
        self.word != Word::Header
    }

    /// Looks at `data`, the bytes from [`HeadScan::at`] on, up to the next stop.
    pub(super) fn advance(&mut self, data: &[u8]) -> Stop {
        let mut rest = data;
        loop {
            let text = self.skip_text(rest);
            let Some((byte, behind)) = rest.get(text..).and_then(<[u8]>::split_first) else {
                return Stop::More;
            };
            let stop = self.step(*byte);
            self.at += 1;
            if stop != Stop::More {
                return stop;
            }
            rest = behind;
        }
    }

    /// Counts the bytes at the beginning that are text inside a long part, of which most of a head consists.
    fn skip_text(&mut self, data: &[u8]) -> usize {
        let is_target = self.word == Word::Target;
        if self.place != Place::Inside || !(is_target || self.word == Word::Header) {
            return 0;
        }
        let ends = |byte: &u8| byte.is_ascii_control() || (is_target && *byte == b' ');
        let text = data.iter().position(ends).unwrap_or(data.len());
        self.at += text;
        self.length += text;
        if is_target {
            self.target += text;
        } else {
            self.section += text;
        }
        text
    }

    fn step(&mut self, byte: u8) -> Stop {
        if self.word == Word::Header {
            self.section += 1;
        }
        match (self.place, byte) {
            (Place::LineStart, b'\r') => self.place = Place::EmptyLineCr,
            (Place::EmptyLineCr, b'\n') => return Stop::End,
            (Place::Inside, b'\r') => self.place = Place::Cr,
            (Place::Cr, b'\n') => return self.line_end(),
            (Place::Cr | Place::EmptyLineCr, _) => return Stop::Bad,
            (_, b'\t') if self.word == Word::Header => self.text(),
            (_, control) if control.is_ascii_control() => return Stop::Bad,
            (_, b' ') if self.word != Word::Header => return self.next_word(),
            _ => self.text(),
        }
        if self.within_bounds() { Stop::More } else { Stop::Bad }
    }

    fn text(&mut self) {
        if self.place == Place::LineStart {
            self.lines += 1;
        }
        self.place = Place::Inside;
        self.length += 1;
        if self.word == Word::Target {
            self.target += 1;
        }
    }

    /// The target is not bounded here: who waits for its end decides how long it may become.
    fn within_bounds(&self) -> bool {
        match self.word {
            Word::Method => self.length <= METHOD,
            Word::Version => self.length <= VERSION,
            Word::Target | Word::Header => true,
        }
    }

    fn next_word(&mut self) -> Stop {
        if self.length == 0 {
            return Stop::Bad;
        }
        self.length = 0;
        self.word = match self.word {
            Word::Method => Word::Target,
            Word::Target => Word::Version,
            Word::Version | Word::Header => return Stop::Bad,
        };
        Stop::More
    }

    fn line_end(&mut self) -> Stop {
        self.place = Place::LineStart;
        match self.word {
            Word::Header => Stop::More,
            Word::Version if self.length > 0 => {
                self.word = Word::Header;
                Stop::Line
            }
            Word::Method | Word::Target | Word::Version => Stop::Bad,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// Scans on over the end of the request line; answers the last stop and the bytes looked at.
    fn scan(data: &[u8]) -> (Stop, HeadScan) {
        let mut scan = HeadScan::default();
        loop {
            let stop = scan.advance(&data[scan.at..]);
            if stop != Stop::Line {
                return (stop, scan);
            }
        }
    }

    #[test]
    fn counts_what_the_limits_are_about() {
        let head = b"GET /abc HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\nrest";
        let (stop, scan) = scan(head);
        assert_eq!(stop, Stop::End);
        assert_eq!((scan.at, scan.target, scan.lines, scan.section), (36, 4, 2, 17));
    }

    #[test]
    fn every_piece_size_gives_the_same() {
        let head = b"POST /abc?d HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut scan = HeadScan::default();
        let stops: Vec<Stop> = head.iter().map(|byte| scan.advance(&[*byte])).collect();
        assert_eq!(stops.iter().filter(|stop| **stop == Stop::Line).count(), 1);
        assert_eq!(stops.last(), Some(&Stop::End));
        assert_eq!(stops.iter().filter(|stop| **stop == Stop::More).count(), head.len() - 2);
    }

    #[test]
    fn gives_up_at_the_first_impossible_byte() {
        for (head, at) in [
            (&b"GET / HTTP/1.1\nHost: x\r\n\r\n"[..], 15),
            (b"GET / HTTP/1.1\r\nHost: x\n\r\n", 24),
            (b"GET / HTTP/1.1\r\nHost: \0", 23),
            (b"GET  / HTTP/1.1\r\n", 5),
            (b"GET / HTTP/1.1 x\r\n", 15),
            (b"GET /\r\n", 7),
            (b"GET / \r\n", 8),
            (b" GET / HTTP/1.1", 1),
            (b"GET\t/ HTTP/1.1", 4),
            (b"\x16\x03\x01\x02\x00", 1),
            (b"GET / HTTP/1.1\r\n\rX", 18),
            (b"GET / HTTP/1.1\rX", 16),
            (b"GETGETGETGETGETGETGETGETGETGETGET / HTTP/1.1", 33),
        ] {
            let (stop, scan) = scan(head);
            assert_eq!((stop, scan.at), (Stop::Bad, at), "{head:?}");
        }
    }
}
