//! How a secret's data looks in the store: a JSON array of `[key, value]` pairs, in their order.

use zeroize::Zeroizing;

use crate::domain::{Error, Result, SecretData, SecretValue};

/// The data as bytes for the store.
#[must_use]
pub fn encode(data: &SecretData) -> Vec<u8> {
    let pairs =
        data.iter().map(|(key, value)| serde_json::Value::from(vec![key.as_str(), value.expose()]));
    serde_json::Value::Array(pairs.collect()).to_string().into_bytes()
}

/// The data in the store's bytes.
///
/// # Errors
/// [`Error::Unavailable`] when the bytes are not what [`encode`] makes.
pub fn decode(payload: Vec<u8>) -> Result<SecretData> {
    let payload = Zeroizing::new(payload);
    let unreadable = || Error::unavailable("the data of a secret cannot be read");
    let pairs: Vec<(String, String)> =
        serde_json::from_slice(&payload).map_err(|_| unreadable())?;
    let pairs = pairs.into_iter().map(|(key, value)| (key, SecretValue::new(value))).collect();
    SecretData::new(pairs).map_err(|_| unreadable())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let pair = |key: &str, value: &str| (key.to_owned(), SecretValue::new(value.to_owned()));
        let data =
            SecretData::new(vec![pair("b", "\"\\\u{0}é\n"), pair(".a", ""), pair("c", "{}")])
                .unwrap();
        assert_eq!(decode(encode(&data)).unwrap(), data);
    }

    #[test]
    fn other_bytes_are_an_outage() {
        for payload in ["", "{}", "[]", "[[\"k\"]]", "[[\"k\",1]]", "[[\"k\",\"v\"]"] {
            let answer = decode(payload.as_bytes().to_vec());
            assert!(matches!(answer, Err(Error::Unavailable { .. })), "{payload}");
        }
    }
}
