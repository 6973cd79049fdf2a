//! A secret's data before it is sealed: a JSON array of `[key, value]` pairs, in their order.

use std::io::{self, Write};

use zeroize::Zeroizing;

use crate::{
    sae::{
        model::{Error, Result, SecretData, SecretSummary, SecretValue},
        store::StoredSecret,
    },
    sealed::SealedData,
    sealing::{self, Binding, DataEncryptionKey, Sealing},
    store::Tx,
};

/// Data that is sealed, and the key that opens it, which is not wrapped yet.
#[derive(Debug)]
pub struct Sealed {
    pub data_key: DataEncryptionKey,
    pub payload: SealedData,
}

/// How much data is sealed on the caller's thread: more would hold up the other requests of that thread.
const SMALL: usize = 64 * 1024;

/// Seals data by a new key. The data is zeroed here, before the request waits for the store.
pub async fn seal(data: SecretData) -> Result<Sealed> {
    // Each key costs as well, however short it is.
    let size: usize = data.iter().map(|(_, value)| 64 + value.expose().len()).sum();
    if size <= SMALL {
        return seal_here(data);
    }
    let sealed = tokio::task::spawn_blocking(move || seal_here(data)).await;
    sealed.unwrap_or_else(|failed| Err(Error::unavailable(failed)))
}

/// The same on the caller's thread.
pub fn seal_here(data: SecretData) -> Result<Sealed> {
    let encoded = encode(&data)?;
    drop(data);
    let data_key = DataEncryptionKey::generate().map_err(Error::unavailable)?;
    let payload = data_key.seal(&encoded).map_err(Error::unavailable)?;
    Ok(Sealed { data_key, payload })
}

/// The place that the data key of a secret is bound to.
pub fn binding(secret: &SecretSummary) -> Binding {
    Binding::new("sae-secret data key 1", secret.uid.as_bytes())
        .number(secret.id.get())
        .number(secret.version.get())
        .text(&secret.namespace.to_string())
        .text(&secret.name)
        .text(secret.secret_type.as_str())
}

/// The data key of a secret that a transaction read; [`Error::Damaged`] when it was changed or belongs elsewhere.
pub fn unwrap(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    stored: &StoredSecret,
) -> Result<DataEncryptionKey> {
    let place = binding(&stored.summary);
    sealing.unwrap(tx, &stored.data_key, &place).map_err(|error| match error {
        sealing::Error::Damaged(cause) => Error::Damaged(stored.summary.id.get(), cause),
        sealing::Error::Unavailable(error) => error.into(),
    })
}

/// Opens what [`seal`] made; [`Error::Damaged`] for other bytes.
pub fn open(data_key: &DataEncryptionKey, stored: &StoredSecret) -> Result<SecretData> {
    let encoded = data_key.open(&stored.payload);
    let encoded = encoded.map_err(|error| damaged(stored, error))?;
    decode(&encoded).ok_or_else(|| damaged(stored, "its data is not of the known form"))
}

fn damaged(stored: &StoredSecret, cause: impl std::fmt::Display) -> Error {
    Error::Damaged(stored.summary.id.get(), cause.to_string())
}

fn encode(data: &SecretData) -> Result<Zeroizing<Vec<u8>>> {
    let pairs: Vec<[&str; 2]> = data.iter().map(|(key, value)| [key, value.expose()]).collect();
    // Measured first: a buffer that grows leaves copies behind that are not zeroed.
    let mut size = Size(0);
    serde_json::to_writer(&mut size, &pairs).map_err(Error::unavailable)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(size.0));
    serde_json::to_writer(&mut *bytes, &pairs).map_err(Error::unavailable)?;
    Ok(bytes)
}

/// Without the parser's error, which might show values.
fn decode(encoded: &[u8]) -> Option<SecretData> {
    let pairs: Vec<(String, Zeroizing<String>)> = serde_json::from_slice(encoded).ok()?;
    let pairs = pairs.into_iter().map(|(key, value)| (key, SecretValue::new(value))).collect();
    SecretData::new(pairs).ok()
}

/// Counts what is written.
struct Size(usize);

impl Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn data(pairs: &[(&str, &str)]) -> SecretData {
        let pair = |(key, value): &(&str, &str)| {
            ((*key).to_owned(), SecretValue::new((*value).to_owned()))
        };
        SecretData::new(pairs.iter().map(pair).collect()).unwrap()
    }

    #[test]
    fn what_goes_in_comes_out() {
        let data = data(&[("b", "\"\\\u{0}é\n"), (".a", ""), ("c", "{}")]);
        let sealed = seal_here(data.clone()).unwrap();
        let opened = sealed.data_key.open(&sealed.payload).unwrap();
        assert_eq!(decode(&opened).unwrap(), data);
        let encoded = encode(&data).unwrap();
        assert_eq!(encoded.len(), encoded.capacity(), "the buffer was measured");
    }

    #[test]
    fn what_is_sealed_shows_nothing() {
        let data = data(&[("k", "CANARYVALUE")]);
        let sealed = seal_here(data.clone()).unwrap();
        assert!(!format!("{data:?}{:?}", sealed.data_key).contains("CANARY"));
        assert!(!sealed.payload.0.windows(6).any(|window| window == b"CANARY"));
        let again = seal_here(data).unwrap();
        assert!(again.data_key.open(&sealed.payload).is_err(), "each value has its own key");
    }

    #[test]
    fn other_bytes_are_no_data() {
        for encoded in ["", "{}", "[]", "[[\"k\"]]", "[[\"k\",1]]", "[[\"k\",\"v\"]"] {
            assert_eq!(decode(encoded.as_bytes()), None, "{encoded}");
        }
    }
}
