//! The handler of random passwords.

use serde::Serialize;

use super::request::{Handled, Request};
use crate::kms::model::{CharacterType, DEFAULT_LENGTH, PasswordRules};

/// `GetRandomPassword`. A password has a character of each type that is left, whether that is asked for or not.
pub fn random(request: &Request<'_>) -> Handled {
    let length = request.number("PasswordLength")?;
    let length =
        length.map_or(DEFAULT_LENGTH, |length| usize::try_from(length).unwrap_or(usize::MAX));
    let characters = request.text("ExcludeCharacters")?.unwrap_or_default();
    let mut types = Vec::new();
    for (name, excluded) in [
        ("ExcludeLowercase", CharacterType::Lowercase),
        ("ExcludeUppercase", CharacterType::Uppercase),
        ("ExcludeNumbers", CharacterType::Numbers),
        ("ExcludePunctuation", CharacterType::Punctuation),
    ] {
        if request.flag(name)? == Some(true) {
            types.push(excluded);
        }
    }
    request.flag("RequireEachIncludedType")?;
    let rules = PasswordRules::new(length, &types, &characters)?;
    let password = request.service.random_password(&request.context, &rules)?;
    request.answer(&PasswordBody { random_password: &password })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PasswordBody<'a> {
    random_password: &'a str,
}
