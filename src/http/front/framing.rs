//! Where a message body ends: RFC 9112, section 6 (length) and section 7 (chunked coding).
//!
//! Nothing is decoded here. The bytes are only followed closely enough to know which of them is
//! the last one, and every form that another parser could read differently counts as broken.

/// The longest accepted chunk size line, extensions included, in bytes.
const CHUNK_LINE: usize = 4_096;
/// The longest accepted trailer section, in bytes.
const TRAILERS: usize = 8_192;
/// The most hexadecimal digits of a chunk size: the size then fits `u64` with room to spare.
const SIZE_DIGITS: usize = 15;

/// What a piece of input did to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The body goes on.
    More,
    /// The last byte of the body has been seen.
    Done,
    /// The next byte cannot belong to a well-formed body.
    Broken,
}

/// The rest of one message body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are still to come; never zero for a new body.
    Length(u64),
    /// The chunked transfer coding.
    Chunked(Chunked),
}

impl Body {
    /// A body in the chunked transfer coding, at its first byte.
    pub(super) fn chunked() -> Self {
        Self::Chunked(Chunked { state: State::Size, left: 0, line: 0 })
    }

    /// Follows the body through `data`; answers how many bytes of it belong to the body.
    pub(super) fn advance(&mut self, data: &[u8]) -> (usize, Progress) {
        match self {
            Self::Length(left) => {
                let used = take(left, data.len());
                let progress = if *left == 0 { Progress::Done } else { Progress::More };
                (used, progress)
            }
            Self::Chunked(chunked) => chunked.advance(data),
        }
    }
}

/// Takes as much as possible of `available` out of `left`.
fn take(left: &mut u64, available: usize) -> usize {
    let used = usize::try_from(*left).unwrap_or(usize::MAX).min(available);
    *left -= used as u64;
    used
}

/// A place inside a chunked body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunked {
    state: State,
    /// The size of the present chunk, then what is left of it.
    left: u64,
    /// Bytes of the present size line, or of the trailer section.
    line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Blank,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
}

impl Chunked {
    fn advance(&mut self, data: &[u8]) -> (usize, Progress) {
        let mut used = 0;
        while let Some(&byte) = data.get(used) {
            if self.state == State::Data {
                used += take(&mut self.left, data.len() - used);
                if self.left == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            match self.step(byte) {
                Progress::More => used += 1,
                Progress::Done => return (used + 1, Progress::Done),
                Progress::Broken => return (used, Progress::Broken),
            }
        }
        (used, Progress::More)
    }

    /// One byte outside of chunk data.
    fn step(&mut self, byte: u8) -> Progress {
        self.line += 1;
        let next = match (self.state, byte) {
            (State::Size, b'\r') if self.line > 1 => State::SizeLf,
            (State::Size, b';') if self.line > 1 => State::Extension,
            (State::Size, b' ' | b'\t') if self.line > 1 => State::Blank,
            (State::Size, digit) => return self.digit(digit),
            (State::Blank, b' ' | b'\t') => State::Blank,
            // Space between the size and the end of the line is not in the grammar: only before
            // an extension (RFC 9112, section 7.1.1).
            (State::Blank | State::Extension, b';') => State::Extension,
            (State::Extension, b'\r') => State::SizeLf,
            (State::Extension, text) if is_text(text) => State::Extension,
            (State::SizeLf, b'\n') => {
                self.line = 0;
                if self.left == 0 { State::TrailerStart } else { State::Data }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => {
                self.line = 0;
                State::Size
            }
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::TrailerStart, b' ' | b'\t') => return Progress::Broken,
            (State::Trailer, b'\r') => State::TrailerLf,
            (State::TrailerStart | State::Trailer, text) if is_text(text) => State::Trailer,
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => return Progress::Done,
            _ => return Progress::Broken,
        };
        self.state = next;
        let longest = match next {
            State::Blank | State::Extension => CHUNK_LINE,
            _ => TRAILERS,
        };
        if self.line > longest { Progress::Broken } else { Progress::More }
    }

    /// One byte where a digit of the chunk size is due.
    fn digit(&mut self, byte: u8) -> Progress {
        let Some(value) = char::from(byte).to_digit(16) else {
            return Progress::Broken;
        };
        if self.line > SIZE_DIGITS {
            return Progress::Broken;
        }
        self.left = self.left * 16 + u64::from(value);
        Progress::More
    }
}

/// Field content as far as framing cares: no control characters but the tabulator.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// Feeds `data` in every split into two pieces and byte by byte; all must agree.
    fn follow(data: &[u8]) -> (usize, Progress) {
        let whole = Body::chunked().advance(data);
        for cut in 0..=data.len() {
            let mut body = Body::chunked();
            let (first, progress) = body.advance(&data[..cut]);
            let pieces = if progress == Progress::More {
                assert_eq!(first, cut);
                let (second, progress) = body.advance(&data[cut..]);
                (first + second, progress)
            } else {
                (first, progress)
            };
            assert_eq!(pieces, whole, "cut at {cut}");
        }
        whole
    }

    #[test]
    fn a_length_ends_with_its_last_byte() {
        let mut body = Body::Length(5);
        assert_eq!(body.advance(b"abc"), (3, Progress::More));
        assert_eq!(body.advance(b"defg"), (2, Progress::Done));
    }

    #[test]
    fn chunked_bodies_end_after_the_trailers() {
        for body in [
            &b"0\r\n\r\n"[..],
            b"5\r\nhello\r\n0\r\n\r\n",
            b"a\r\n0123456789\r\n1;x=\"y\"\r\n!\r\n000\r\n\r\n",
            b"3 ;ext\r\nabc\r\n0\r\nx-sum: 1\r\ny: 2\r\n\r\n",
            b"1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n",
        ] {
            assert_eq!(follow(body), (body.len(), Progress::Done));
            let more = [body, b"GET / HTTP/1.1\r\n"].concat();
            assert_eq!(follow(&more), (body.len(), Progress::Done));
        }
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_broken() {
        for (body, used) in [
            (&b"\r\n"[..], 0),
            (b"+5\r\nhello\r\n", 0),
            (b"0x5\r\n", 1),
            (b"5 \r\nhello\r\n", 2),
            (b" 5\r\n", 0),
            (b"5\nhello", 1),
            (b"5\rX", 2),
            (b"5;a\nb\r\n", 3),
            (b"5\r\nhello0\r\n\r\n", 8),
            (b"5\r\nhello\n0\r\n\r\n", 8),
            (b"0\r\n a: b\r\n\r\n", 3),
            (b"0\r\na: b\n\r\n", 7),
            (b"0\r\n\rX", 4),
            (b"0000000000000001\r\n", 15),
            (b"fffffffffffffffff\r\n", 15),
        ] {
            assert_eq!(follow(body), (used, Progress::Broken), "{body:?}");
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let long = [b"1;", &[b'x'; CHUNK_LINE][..], b"\r\n"].concat();
        assert_eq!(Body::chunked().advance(&long).1, Progress::Broken);
        let long = [b"0\r\n", &b"a: b\r\n".repeat(TRAILERS / 6 + 1)[..], b"\r\n"].concat();
        assert_eq!(Body::chunked().advance(&long).1, Progress::Broken);
    }
}
