//! What opens, and what must not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::{
    clock::Timestamp,
    crypto::{Binding, DataEncryptionKey, random_id},
};

fn masters(text: &str) -> MasterKeys {
    let lines = text.split(' ').map(|id| {
        let byte = id.bytes().fold(0_u8, u8::wrapping_add);
        format!("{id}:{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, [byte; 32]))
    });
    MasterKeys::parse(&lines.collect::<Vec<_>>().join("\n")).unwrap()
}

fn place(id: &[u8; 16], number: i64, texts: [&str; 2]) -> Binding {
    Binding::new("test 1", id).number(number).text(texts[0]).text(texts[1])
}

fn ring() -> (Keyring, WrappedKey) {
    let key = DatabaseKey::generate().unwrap();
    let wrapped = key.wrap(&masters("a"), Timestamp(0)).unwrap();
    (Keyring::default().opened(std::slice::from_ref(&wrapped), &masters("a")).0, wrapped)
}

#[test]
fn a_value_goes_through_all_keys_and_back() {
    let (ring, wrapped) = ring();
    let data_key = DataEncryptionKey::generate().unwrap();
    let sealed = data_key.seal(b"the value").unwrap();
    let place = place(&random_id().unwrap(), 1, ["a", "b"]);
    let kept = ring.get(&wrapped.id).unwrap().wrap_data_key(&data_key, &place).unwrap();
    let opened = ring.get(&kept.key).unwrap().unwrap_data_key(&kept, &place).unwrap();
    assert_eq!(opened.open(&sealed).unwrap().as_slice(), b"the value");
    assert_eq!(format!("{opened:?} {ring:?}").matches("hidden").count(), 1);
}

#[test]
fn a_data_key_opens_at_its_own_place_only() {
    let (ring, wrapped) = ring();
    let data_key = DataEncryptionKey::generate().unwrap();
    let id = random_id().unwrap();
    let here = place(&id, 1, ["a", "b"]);
    let kept = ring.get(&wrapped.id).unwrap().wrap_data_key(&data_key, &here).unwrap();
    let key = ring.get(&kept.key).unwrap();
    let elsewhere = [
        place(&random_id().unwrap(), 1, ["a", "b"]),
        place(&id, 2, ["a", "b"]),
        place(&id, 1, ["a", "B"]),
        place(&id, 1, ["", "ab"]),
        Binding::new("test 2", &id).number(1).text("a").text("b"),
    ];
    for there in elsewhere {
        let opened = key.unwrap_data_key(&kept, &there);
        assert_eq!(opened.unwrap_err(), CryptoError::CannotOpen, "{there:?}");
    }
    assert!(key.unwrap_data_key(&kept, &here).is_ok());
}

#[test]
fn every_changed_bit_of_a_wrapped_key_is_noticed() {
    let (ring, wrapped) = ring();
    let data_key = DataEncryptionKey::generate().unwrap();
    let place = place(&random_id().unwrap(), 1, ["a", "b"]);
    let key = ring.get(&wrapped.id).unwrap();
    let kept = key.wrap_data_key(&data_key, &place).unwrap();
    for at in 0..kept.bytes.len() * 8 {
        let mut changed = kept.clone();
        changed.bytes[at / 8] ^= 1 << (at % 8);
        assert_eq!(key.unwrap_data_key(&changed, &place).unwrap_err(), CryptoError::CannotOpen);
    }
    for at in 0..wrapped.bytes.len() * 8 {
        let mut changed = wrapped.clone();
        changed.bytes[at / 8] ^= 1 << (at % 8);
        let (_, refused) = Keyring::default().opened(&[changed], &masters("a"));
        assert_eq!(refused, [UnwrapError::Wrong("a".parse().unwrap())]);
    }
}

#[test]
fn master_keys_that_lack_are_named_once_each() {
    let wrap =
        |by: &str| DatabaseKey::generate().unwrap().wrap(&masters(by), Timestamp(0)).unwrap();
    let kept = [wrap("a"), wrap("b"), wrap("b"), wrap("c")];
    let id = |text: &str| text.parse().unwrap();
    let mut wrong = masters("c a").text().to_string();
    wrong = wrong.replacen("c:", "x:", 1).replacen("\na:", "\nb:", 1);
    let (_, refused) = Keyring::default().opened(&kept, &MasterKeys::parse(&wrong).unwrap());
    let expected =
        [UnwrapError::Missing(id("a")), UnwrapError::Wrong(id("b")), UnwrapError::Missing(id("c"))];
    assert_eq!(refused, expected);
    assert_eq!(Keyring::default().opened(&kept, &masters("d c b a")).1, []);
}

#[test]
fn a_wrapped_key_is_bound_to_its_id_and_its_master_key() {
    let (_, wrapped) = ring();
    let other = DatabaseKey::generate().unwrap();
    let moved = WrappedKey { id: other.id.clone(), ..wrapped.clone() };
    assert_eq!(Keyring::default().opened(&[moved], &masters("a")).1.len(), 1);
    // The same key bytes under another id.
    let renamed = MasterKeys::parse(&masters("a").text().replacen("a:", "b:", 1)).unwrap();
    let moved = WrappedKey { master: renamed.sealing_id().unwrap().clone(), ..wrapped };
    assert_eq!(Keyring::default().opened(&[moved], &renamed).1.len(), 1);
}

#[test]
fn an_unknown_key_is_named() {
    let (ring, _) = ring();
    let (_, other) = self::ring();
    assert_eq!(ring.get(&other.id).err(), Some(CryptoError::UnknownKey(other.id)));
}
