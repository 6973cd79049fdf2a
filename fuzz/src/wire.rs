//! A request as it is on the wire, read from an input.

use sae_secret::access::signature::SignedRequest;

/// What signatures look at, put so that the HTTP library would let it through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The method.
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: String,
    /// Names in lower case, and values without space around them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte)
}

/// What may stand in a method or in the name of a header.
#[must_use]
pub fn token(bytes: &[u8]) -> String {
    bytes.iter().copied().filter(|byte| is_token(*byte)).map(char::from).collect()
}

/// What may stand in the value of a header, without space around it.
#[must_use]
pub fn value(bytes: &[u8]) -> Vec<u8> {
    let is_allowed = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    let kept: Vec<u8> = bytes.iter().copied().filter(is_allowed).collect();
    kept.trim_ascii().to_vec()
}

/// What may stand in a target; the rest becomes escapes.
#[must_use]
pub fn target(bytes: &[u8]) -> String {
    let keep = |byte: &u8| {
        let stands = byte.is_ascii_graphic() && *byte != b'#';
        if stands { char::from(*byte).to_string() } else { crate::escaped(&[*byte], true) }
    };
    bytes.iter().map(keep).collect()
}

impl Wire {
    /// Takes an input apart as a request of HTTP/1.1. What the HTTP library would refuse is left out, so that every input
    /// is a request.
    #[must_use]
    pub fn read(input: &[u8]) -> Self {
        let end = [b"\r\n\r\n".as_slice(), b"\n\n"].into_iter().find_map(|gap| {
            let at = input.windows(gap.len()).position(|window| window == gap)?;
            Some((at, at + gap.len()))
        });
        let (head_end, body_start) = end.unwrap_or((input.len(), input.len()));
        let mut lines = input[..head_end].split(|byte| *byte == b'\n');
        let mut words = lines.next().unwrap_or_default().splitn(3, |byte| *byte == b' ');
        let method = token(words.next().unwrap_or_default());
        let target = target(words.next().unwrap_or_default().trim_ascii());
        let target = if target.starts_with('/') { target } else { format!("/{target}") };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let headers = lines.filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = token(&line[..colon]).to_ascii_lowercase();
            (!name.is_empty()).then(|| (name, value(&line[colon + 1..])))
        });
        Self {
            method: if method.is_empty() { "GET".to_owned() } else { method },
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: input[body_start..].to_vec(),
        }
    }

    /// Hands the request over as a dialect does.
    pub fn look<T>(&self, look: impl FnOnce(&SignedRequest<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        look(&SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
        })
    }

    /// Puts one value in the place of all that a header has.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
    }

    /// The values of a header, sorted.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        let same = self.headers.iter().filter(|(known, _)| known == name);
        let mut values: Vec<&[u8]> = same.map(|(_, value)| value.as_slice()).collect();
        values.sort_unstable();
        values
    }

    /// The names of all headers, sorted, each once.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The parameters of the query, decoded and sorted.
    #[must_use]
    pub fn parameters(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut parameters = vec![];
        for pair in self.query.split('&') {
            if !pair.is_empty() {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                parameters.push((decoded(name, true), decoded(value, true)));
            }
        }
        parameters.sort();
        parameters
    }

    /// The segments of the path, decoded.
    #[must_use]
    pub fn segments(&self) -> Vec<Vec<u8>> {
        self.path.split('/').map(|segment| decoded(segment, false)).collect()
    }
}

/// Escapes as what they mean; a percent sign without two digits stays one.
#[must_use]
pub fn decoded(text: &str, is_form: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut plain = vec![];
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.extend(u8::try_from(high * 16 + low));
                at += 2;
            }
            (b'+', _, _) if is_form => plain.push(b' '),
            _ => plain.push(*byte),
        }
        at += 1;
    }
    plain
}
