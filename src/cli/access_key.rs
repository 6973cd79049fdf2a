//! `sae-secret access-key`

use std::process::ExitCode;

use anyhow::{Context, Result};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::say;

/// What the platform's long-term access key ids begin with.
const PREFIX: &str = "LTAI5t";
/// How long such an id is, in characters.
const ID_LENGTH: usize = 24;
/// How long a secret is, in characters: 178 random bits.
const SECRET_LENGTH: usize = 30;

const LETTERS_AND_DIGITS: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Prints a new pair in the form in which it stands in a world file.
pub fn run() -> Result<ExitCode> {
    let made = random(ID_LENGTH - PREFIX.len()).zip(random(SECRET_LENGTH));
    let (id, secret) = made.context("this machine has no source of random numbers")?;
    Ok(say(&Zeroizing::new(format!("- {{ id: {PREFIX}{}, secret: {} }}\n", *id, *secret))))
}

/// Letters and digits, each as likely as any other; nothing without a source of random numbers.
fn random(length: usize) -> Option<Zeroizing<String>> {
    let source = SystemRandom::new();
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0; 64]);
    while text.len() < length {
        source.fill(bytes.as_mut()).ok()?;
        // Six bits are an index; the two that would be out of range are skipped, so that none is likelier.
        let indices = bytes.iter().map(|byte| usize::from(byte & 0x3F));
        let characters = indices.filter_map(|index| LETTERS_AND_DIGITS.get(index));
        let missing = length - text.len();
        text.extend(characters.take(missing).map(|byte| char::from(*byte)));
    }
    Some(text)
}
