//! What was sealed opens as it was, at its place, and nothing else opens at all.
//!
//! An input is bytes: a value, what somebody wrote where sealed bytes are expected, and the text of a key file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sae_secret::{
    clock::Timestamp,
    crypto::{Binding, DataEncryptionKey, DatabaseKey, Keyring, MasterKeys},
    sae::model::SecretUid,
    sealed::{KeyId, MasterKeyId, SealedData, WrappedDataKey, WrappedKey},
};
use sae_secret_fuzz::{holds, random::Choices};

fuzz_target!(|input: &[u8]| {
    let mut choices = Choices::of(input);
    values_open_as_they_were(input, &mut choices);
    data_keys_open_at_their_place(input, &mut choices);
    strange_bytes_open_nowhere(input);
    if let Ok(text) = std::str::from_utf8(input) {
        key_files_are_read_as_they_are_written(text);
        ids_have_one_spelling(text);
    }
});

/// One bit of the bytes is another one.
fn flipped(bytes: &[u8], choices: &mut Choices) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = choices.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << choices.below(8);
    }
    bytes
}

/// Sealed bytes that were changed, shortened or lengthened.
fn spoiled(bytes: &[u8], choices: &mut Choices) -> Vec<u8> {
    match choices.below(4) {
        0 => bytes[..choices.below(bytes.len())].to_vec(),
        1 => [bytes, &[0]].concat(),
        _ => flipped(bytes, choices),
    }
}

fn values_open_as_they_were(value: &[u8], choices: &mut Choices) {
    let key = DataEncryptionKey::generate().expect("there are random numbers");
    let sealed = key.seal(value).expect("a value can be sealed");
    holds!(sealed.0.len() == value.len() + 29, "the frame has 29 bytes");
    holds!(key.open(&sealed).is_ok_and(|opened| *opened == value), "it opens");
    let spoiled = SealedData(spoiled(&sealed.0, choices));
    holds!(key.open(&spoiled).is_err(), "spoiled bytes open: {spoiled:?}");
    let other = DataEncryptionKey::generate().expect("there are random numbers");
    holds!(other.open(&sealed).is_err(), "another key opens it");
}

fn data_keys_open_at_their_place(input: &[u8], choices: &mut Choices) {
    let masters = MasterKeys::generate(master_id("fuzz")).expect("a key");
    let database_key = DatabaseKey::generate().expect("a key");
    let wrapped = database_key.wrap(&masters, Timestamp(0)).expect("it wraps");
    let (ring, closed) = Keyring::default().opened(std::slice::from_ref(&wrapped), &masters);
    holds!(closed.is_empty(), "it opens");

    let text = String::from_utf8_lossy(input);
    let cut = text.char_indices().map(|(at, _)| at).nth(choices.below(8)).unwrap_or(text.len());
    let (one, two) = (text[..cut].to_owned(), text[cut..].to_owned());
    let place =
        |number, name: &str| Binding::new("fuzz 1", &[1; 16]).number(number).text(name).text("");
    let here = place(1, &one);
    let key = DataEncryptionKey::generate().expect("a key");
    let database_key = ring.get(&wrapped.id).expect("it is open");
    let kept = database_key.wrap_data_key(&key, &here).expect("it wraps");
    let sealed = key.seal(input).expect("a value can be sealed");
    let opened = database_key.unwrap_data_key(&kept, &here).expect("it opens at its place");
    holds!(opened.open(&sealed).is_ok_and(|value| *value == input), "with what it sealed");
    let bytes = spoiled(&kept.bytes, choices);
    let spoiled = WrappedDataKey { bytes, ..kept.clone() };
    holds!(database_key.unwrap_data_key(&spoiled, &here).is_err(), "spoiled bytes open");
    if one != two {
        let there = place(1, &two);
        holds!(database_key.unwrap_data_key(&kept, &there).is_err(), "it opens under another name");
    }
    let there = place(2, &one);
    holds!(database_key.unwrap_data_key(&kept, &there).is_err(), "it opens under another number");

    let bytes = flipped(&wrapped.bytes, choices);
    let (_, closed) = Keyring::default().opened(&[WrappedKey { bytes, ..wrapped }], &masters);
    holds!(closed.len() == 1, "a changed key of the database opens");
}

/// Nobody who does not have the key can write anything that opens.
fn strange_bytes_open_nowhere(input: &[u8]) {
    let key = DataEncryptionKey::generate().expect("a key");
    holds!(key.open(&SealedData(input.to_vec())).is_err(), "a stranger's value opens");
    let masters = MasterKeys::generate(master_id("fuzz")).expect("a key");
    let id = KeyId::from_random([0; 6]);
    let (bytes, master, created) = (input.to_vec(), master_id("fuzz"), Timestamp(0));
    let (_, closed) =
        Keyring::default().opened(&[WrappedKey { id, master, bytes, created }], &masters);
    holds!(closed.len() == 1, "a stranger's key opens");
}

fn key_files_are_read_as_they_are_written(text: &str) {
    match MasterKeys::parse(text) {
        Ok(keys) => {
            let written = keys.text();
            let again = MasterKeys::parse(&written).expect("what was written is read");
            holds!(*again.text() == *written, "written twice");
            holds!(keys.ids().next() == keys.sealing_id(), "the first one seals");
            holds!(keys.ids().count() <= text.lines().count(), "one a line");
        }
        Err(error) => {
            let shown = error.to_string();
            let long = text.split_whitespace().filter(|word| word.len() > 12);
            // The words of the messages themselves are shorter, or no part of a key.
            holds!(!long.clone().any(|word| shown.contains(word)), "an error shows its input");
        }
    }
}

fn ids_have_one_spelling(text: &str) {
    if let Some(id) = KeyId::parse(text) {
        holds!(id.as_str() == text, "a key's id");
        holds!(text.parse::<MasterKeyId>().is_err(), "an id of both kinds");
    }
    if let Some(uid) = SecretUid::parse(text) {
        holds!(uid.to_string() == text, "a secret's identity");
    }
}

fn master_id(text: &str) -> MasterKeyId {
    text.parse().expect("an id")
}
