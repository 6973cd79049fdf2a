//! The syntax of JSON as the real server checks it before anything else: with its texts for what is wrong, which people search
//! for. Nothing here recurses.

use std::fmt;

/// How deep arrays and objects may stand in each other (as a real server answers).
const DEPTH_MAX: usize = 10_000;

/// A text is not JSON. The texts hold one character at most of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxError {
    /// It ends too early.
    End,
    /// This byte cannot stand where it does.
    Character(u8, &'static str),
    /// Arrays and objects stand too deep in each other: the one that this byte opens.
    Depth(u8),
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("unexpected end of JSON input"),
            Self::Character(byte, place) => {
                write!(f, "invalid character {} {place}", quoted(*byte))
            }
            Self::Depth(byte) => {
                write!(f, "invalid character {} exceeded max depth", quoted(*byte))
            }
        }
    }
}

/// A byte as the real server quotes it: as the character of that number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        0x07 => r"'\a'".to_owned(),
        0x08 => r"'\b'".to_owned(),
        0x0C => r"'\f'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        0x0B => r"'\v'".to_owned(),
        0..=0x1F | 0x7F => format!(r"'\x{byte:02x}'"),
        0x80..=0xA0 | 0xAD => format!(r"'\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

const BEGIN_VALUE: &str = "looking for beginning of value";
const BEGIN_KEY: &str = "looking for beginning of object key string";
const AFTER_KEY: &str = "after object key";
const AFTER_PAIR: &str = "after object key:value pair";
const AFTER_ELEMENT: &str = "after array element";
const AFTER_TOP: &str = "after top-level value";
const IN_STRING: &str = "in string literal";
const IN_ESCAPE: &str = "in string escape code";
const IN_UNICODE: &str = r"in \u hexadecimal character escape";
const IN_NUMBER: &str = "in numeric literal";
const AFTER_POINT: &str = "after decimal point in numeric literal";
const IN_EXPONENT: &str = "in exponent of numeric literal";

/// What is open around a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Array,
    Object,
}

/// Checks that a text is one JSON value.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(text: &[u8]) -> Result<(), SyntaxError> {
    let mut reader = Reader { rest: text };
    let mut open: Vec<Around> = Vec::new();
    loop {
        reader.skip_blanks();
        let is_complete = match reader.peek()? {
            b'{' => {
                reader.next()?;
                push(&mut open, Around::Object, b'{')?;
                reader.skip_blanks();
                let is_empty = reader.peek()? == b'}';
                if !is_empty {
                    reader.key()?;
                }
                is_empty
            }
            b'[' => {
                reader.next()?;
                push(&mut open, Around::Array, b'[')?;
                reader.skip_blanks();
                reader.peek()? == b']'
            }
            _ => {
                reader.scalar()?;
                true
            }
        };
        if is_complete && reader.end_value(&mut open)? {
            return Ok(());
        }
    }
}

fn push(open: &mut Vec<Around>, around: Around, byte: u8) -> Result<(), SyntaxError> {
    open.push(around);
    if open.len() > DEPTH_MAX { Err(SyntaxError::Depth(byte)) } else { Ok(()) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn peek(&self) -> Result<u8, SyntaxError> {
        self.rest.first().copied().ok_or(SyntaxError::End)
    }

    fn next(&mut self) -> Result<u8, SyntaxError> {
        let (first, rest) = self.rest.split_first().ok_or(SyntaxError::End)?;
        self.rest = rest;
        Ok(*first)
    }

    fn skip_blanks(&mut self) {
        let blanks =
            self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.rest = self.rest.get(blanks.count()..).unwrap_or_default();
    }

    /// What follows a value, until another one has to begin; `true` at the end of the text.
    fn end_value(&mut self, open: &mut Vec<Around>) -> Result<bool, SyntaxError> {
        loop {
            self.skip_blanks();
            let Some(around) = open.last().copied() else {
                return match self.rest.first() {
                    None => Ok(true),
                    Some(byte) => Err(SyntaxError::Character(*byte, AFTER_TOP)),
                };
            };
            match (around, self.next()?) {
                (Around::Array, b']') | (Around::Object, b'}') => {
                    open.pop();
                }
                (Around::Array, b',') => return Ok(false),
                (Around::Object, b',') => {
                    self.skip_blanks();
                    self.key()?;
                    return Ok(false);
                }
                (Around::Array, byte) => return Err(SyntaxError::Character(byte, AFTER_ELEMENT)),
                (Around::Object, byte) => return Err(SyntaxError::Character(byte, AFTER_PAIR)),
            }
        }
    }

    /// A key and the colon behind it.
    fn key(&mut self) -> Result<(), SyntaxError> {
        match self.next()? {
            b'"' => self.string()?,
            byte => return Err(SyntaxError::Character(byte, BEGIN_KEY)),
        }
        self.skip_blanks();
        match self.next()? {
            b':' => Ok(()),
            byte => Err(SyntaxError::Character(byte, AFTER_KEY)),
        }
    }

    fn scalar(&mut self) -> Result<(), SyntaxError> {
        match self.next()? {
            b'"' => self.string(),
            b'-' => match self.next()? {
                digit @ b'0'..=b'9' => self.number(digit),
                byte => Err(SyntaxError::Character(byte, IN_NUMBER)),
            },
            digit @ b'0'..=b'9' => self.number(digit),
            b't' => self.word(&[
                (b'r', "in literal true (expecting 'r')"),
                (b'u', "in literal true (expecting 'u')"),
                (b'e', "in literal true (expecting 'e')"),
            ]),
            b'f' => self.word(&[
                (b'a', "in literal false (expecting 'a')"),
                (b'l', "in literal false (expecting 'l')"),
                (b's', "in literal false (expecting 's')"),
                (b'e', "in literal false (expecting 'e')"),
            ]),
            b'n' => self.word(&[
                (b'u', "in literal null (expecting 'u')"),
                (b'l', "in literal null (expecting 'l')"),
                (b'l', "in literal null (expecting 'l')"),
            ]),
            byte => Err(SyntaxError::Character(byte, BEGIN_VALUE)),
        }
    }

    fn word(&mut self, rest: &[(u8, &'static str)]) -> Result<(), SyntaxError> {
        for (expected, place) in rest {
            let byte = self.next()?;
            if byte != *expected {
                return Err(SyntaxError::Character(byte, place));
            }
        }
        Ok(())
    }

    /// What follows the quotation mark.
    fn string(&mut self) -> Result<(), SyntaxError> {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let byte = self.next()?;
                            if !byte.is_ascii_hexdigit() {
                                return Err(SyntaxError::Character(byte, IN_UNICODE));
                            }
                        }
                    }
                    byte => return Err(SyntaxError::Character(byte, IN_ESCAPE)),
                },
                byte @ ..0x20 => return Err(SyntaxError::Character(byte, IN_STRING)),
                _ => {}
            }
        }
    }

    /// What follows the first digit. Whatever cannot belong to the number is looked at by what follows values.
    fn number(&mut self, first: u8) -> Result<(), SyntaxError> {
        if first != b'0' {
            self.digits();
        }
        if self.rest.first() == Some(&b'.') {
            self.next()?;
            self.digit(AFTER_POINT)?;
        }
        if matches!(self.rest.first(), Some(b'e' | b'E')) {
            self.next()?;
            if matches!(self.rest.first(), Some(b'+' | b'-')) {
                self.next()?;
            }
            self.digit(IN_EXPONENT)?;
        }
        Ok(())
    }

    /// One digit, and all that follow it.
    fn digit(&mut self, place: &'static str) -> Result<(), SyntaxError> {
        match self.next()? {
            b'0'..=b'9' => {
                self.digits();
                Ok(())
            }
            byte => Err(SyntaxError::Character(byte, place)),
        }
    }

    fn digits(&mut self) {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit());
        self.rest = self.rest.get(digits.count()..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
