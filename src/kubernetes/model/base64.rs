//! Base64 as the real server reads it: RFC 4648 with padding; line ends are skipped, bits that are left over do not matter.

/// A text is no base64. It tells the offset of the first wrong byte, line ends counted; where padding is missing, that of the
/// group that it is missing from (as a real server answers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data at input byte {0}")]
pub struct Base64Error(pub usize);

/// The bytes of a text.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut input = text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    let end = text.len();
    loop {
        let mut group = [0_u8; 4];
        let mut length = 0;
        let mut begin = end;
        let mut is_padded = false;
        for place in &mut group {
            match input.next() {
                None if length == 0 => return Ok(bytes),
                None => return Err(Base64Error(begin)),
                Some((at, byte)) => {
                    if length == 0 {
                        begin = at;
                    }
                    match sextet(byte) {
                        Some(value) => *place = value,
                        None if byte == b'=' && length >= 2 => {
                            is_padded = true;
                            if length == 2 {
                                match input.next() {
                                    Some((_, b'=')) => {}
                                    Some((at, _)) => return Err(Base64Error(at)),
                                    None => return Err(Base64Error(end)),
                                }
                            }
                            break;
                        }
                        None => return Err(Base64Error(at)),
                    }
                    length += 1;
                }
            }
        }
        let [a, b, c, d] = group;
        let whole = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        bytes.extend(whole.iter().take(length - 1));
        if is_padded {
            return match input.next() {
                None => Ok(bytes),
                Some((at, _)) => Err(Base64Error(at)),
            };
        }
    }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
