//! The rule for the value of `.dockerconfigjson` in a secret of type
//! `kubernetes.io/dockerconfigjson`.

mod registry;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::json::{self, Kind, ObjectError};

/// The unused bits of the last character may be anything: like Go.
const GO: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);

/// Padding is required: Go's `StdEncoding`.
const GO_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, GO);

/// Padding is refused: Go's `RawStdEncoding`.
const GO_RAW: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GO.with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// How much of a Docker configuration is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DockerConfigMode {
    /// Base64 of a JSON object whose `auths` names at least one registry; each registry is
    /// syntactically valid and has `username`, `password` and an `auth` that agrees with the two.
    /// The source is SAE's `CreateSecret` page, which asks for all three "to avoid authentication
    /// failure".
    #[default]
    Strict,
    /// Base64 of a JSON object with an object `auths`, and nothing more.
    Lenient,
}

/// Checks the value of the key `.dockerconfigjson`, as the caller sent it.
///
/// The layout is
/// `{"auths":{REGISTRY:{"username":…,"password":…,"auth":base64(username:password)}}}` in base64
/// (Kubernetes: Secret type kubernetes.io/dockerconfigjson; Docker CLI: `config.json`). See
/// [`decode_base64`] and [`decode_auth`] for the base64 rules. A key that is repeated in an object
/// that is checked is an error. Unknown members are ignored, beside `auths` (`credHelpers`,
/// `HttpHeaders`, …) as well as in an entry (`email`, `identitytoken`, …). Time is linear in the
/// length of the value.
///
/// In [`DockerConfigMode::Strict`], `username` is not empty and has no `:`, which would end it in
/// `auth` (RFC 7617, section 2); `password` is not empty, since it is required; `auth` decodes to
/// exactly `username:password`, where a password may hold colons.
///
/// # Errors
/// The first defect, registry by registry in the order of the text, as a reason such as `registry
/// [registry.example]: auth is not base64`. A reason names keys, registries and fields, and never
/// holds any part of a user name, password, `auth` or other value; a registry name that could carry
/// one (`user:password@host`) is called by its place in `auths`, counted from 1.
pub fn check(value: &str, mode: DockerConfigMode) -> Result<(), String> {
    if value.is_empty() {
        return Err("the value is empty".into());
    }
    let bytes = decode_base64(value).ok_or("the value is not base64")?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "the decoded value is not UTF-8")?;
    let config = json::members(text).map_err(|error| format!("the decoded value: {error}"))?;
    let auths = find(&config, "auths").ok_or("auths is missing")?;
    if json::kind(auths) != Kind::Object {
        return Err("auths is not an object".into());
    }
    match mode {
        DockerConfigMode::Strict => check_auths(auths),
        DockerConfigMode::Lenient => Ok(()),
    }
}

/// The value of `.dockerconfigjson` for `registries`, each `(registry, username, password)`.
///
/// The order is kept; of two equal registries the last one stays. Nothing is checked: whether the
/// result is acceptable is what [`check`] decides.
#[must_use]
pub fn build(registries: &[(String, String, String)]) -> String {
    let auths: Map<String, Value> = registries
        .iter()
        .map(|(registry, username, password)| {
            let pair = Zeroizing::new(format!("{username}:{password}"));
            let auth = GO_STANDARD.encode(pair.as_bytes());
            let entry =
                serde_json::json!({"username": username, "password": password, "auth": auth});
            (registry.clone(), entry)
        })
        .collect();
    let text = Zeroizing::new(serde_json::json!({ "auths": auths }).to_string());
    GO_STANDARD.encode(text.as_bytes())
}

/// Decodes base64 as Kubernetes does, which uses Go's `encoding/base64` `StdEncoding`: the standard
/// alphabet (RFC 4648, section 4), padding required, line breaks (`\r`, `\n`) skipped wherever they
/// stand, and the unused bits of the last character ignored. Other white space is refused.
///
/// `None` if `text` is not base64. The bytes are wiped when they are dropped.
#[must_use]
pub fn decode_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    decode(&GO_STANDARD, text)
}

/// Decodes an `auth`: base64 as [`decode_base64`] has it, or without any padding, as kubelet takes both since
/// Kubernetes 1.17.
///
/// `None` if `text` is neither. The bytes are wiped when they are dropped.
#[must_use]
pub fn decode_auth(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    decode(if text.trim_end().ends_with('=') { &GO_STANDARD } else { &GO_RAW }, text)
}

fn decode(engine: &GeneralPurpose, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
    engine.decode(packed.as_slice()).ok().map(Zeroizing::new)
}

fn check_auths(auths: &RawValue) -> Result<(), String> {
    let registries = json::members(auths.get()).map_err(|error| match error {
        // The general text would quote the name without the care that `label` takes.
        ObjectError::DuplicateKey(name) if registry::check(&name).is_err() => {
            "auths names a registry twice".into()
        }
        other => format!("auths: {other}"),
    })?;
    if registries.is_empty() {
        return Err("auths names no registry".into());
    }
    for (index, (name, entry)) in registries.iter().enumerate() {
        registry::check(name)
            .map_err(str::to_owned)
            .and_then(|()| check_entry(entry))
            .map_err(|reason| format!("{}: {reason}", registry::label(index + 1, name)))?;
    }
    Ok(())
}

/// The members of an entry that a reason may name.
const FIELDS: [&str; 5] = ["username", "password", "auth", "email", "identitytoken"];

fn check_entry(entry: &RawValue) -> Result<(), String> {
    let fields = json::members(entry.get()).map_err(|error| match error {
        // A member that is no field of an entry may be a value in the wrong place.
        ObjectError::DuplicateKey(name) if !FIELDS.contains(&name.as_str()) => {
            "its entry: a member is repeated".to_owned()
        }
        other => format!("its entry: {other}"),
    })?;
    let username = required_text(&fields, "username")?;
    let password = required_text(&fields, "password")?;
    let auth = required_text(&fields, "auth")?;
    if username.contains(':') {
        return Err("username holds a colon".into());
    }
    let pair = decode_auth(&auth).ok_or("auth is not base64")?;
    let colon = pair
        .iter()
        .position(|byte| *byte == b':')
        .ok_or("auth does not decode to username:password")?;
    let (user, rest) = pair.split_at(colon);
    if user != username.as_bytes() {
        return Err("auth does not match username".into());
    }
    if rest.strip_prefix(b":") != Some(password.as_bytes()) {
        return Err("auth does not match password".into());
    }
    Ok(())
}

fn required_text(fields: &[(String, &RawValue)], name: &str) -> Result<Zeroizing<String>, String> {
    let raw = find(fields, name).ok_or_else(|| format!("{name} is missing"))?;
    let text = json::string(raw).ok_or_else(|| format!("{name} is not a string"))?;
    if text.is_empty() {
        return Err(format!("{name} is empty"));
    }
    Ok(Zeroizing::new(text))
}

fn find<'a>(members: &[(String, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    members.iter().find_map(|(key, raw)| (key == name).then_some(*raw))
}

#[cfg(test)]
mod tests;
