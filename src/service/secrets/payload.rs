//! How a secret's data looks in the store: a JSON array of `[key, value]` pairs, in their order.

use zeroize::Zeroizing;

use crate::{
    domain::{Error, Result, SecretData, SecretValue},
    store::Payload,
};

/// The data as bytes for the store. It takes the data, which is zeroed here: one copy is enough to wait with.
///
/// # Errors
/// [`Error::Unavailable`], which does not happen: texts in an array can always be written.
pub fn encode(data: SecretData) -> Result<Payload> {
    let pairs: Vec<[&str; 2]> =
        data.iter().map(|(key, value)| [key.as_str(), value.expose()]).collect();
    let bytes = serde_json::to_vec(&pairs);
    drop(data);
    bytes.map(Payload::new).map_err(Error::unavailable)
}

/// The data in the store's bytes.
///
/// # Errors
/// [`Error::Unavailable`] when the bytes are not what [`encode`] makes.
pub fn decode(payload: &Payload) -> Result<SecretData> {
    let unreadable = || Error::unavailable("the data of a secret cannot be read");
    let pairs: Vec<(String, Zeroizing<String>)> =
        serde_json::from_slice(payload.bytes()).map_err(|_| unreadable())?;
    let pairs = pairs.into_iter().map(|(key, value)| (key, SecretValue::from(value))).collect();
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
        assert_eq!(decode(&encode(data.clone()).unwrap()).unwrap(), data);
    }

    #[test]
    fn a_payload_shows_nothing_when_it_is_debugged() {
        let data = vec![("k".to_owned(), SecretValue::new("CANARYVALUE".to_owned()))];
        let data = SecretData::new(data).unwrap();
        assert!(!format!("{data:?}{:?}", encode(data.clone()).unwrap()).contains("CANARY"));
    }

    #[test]
    fn other_bytes_are_an_outage() {
        for payload in ["", "{}", "[]", "[[\"k\"]]", "[[\"k\",1]]", "[[\"k\",\"v\"]"] {
            let answer = decode(&Payload::new(payload.as_bytes().to_vec()));
            assert!(matches!(answer, Err(Error::Unavailable { .. })), "{payload}");
        }
    }
}
