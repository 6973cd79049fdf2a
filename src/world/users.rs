//! The `users`, the `root` and the `sts` of a world file: who is known, and by which keys.

use std::{collections::HashMap, fmt::Display, sync::Arc};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Variables, account,
    mistakes::Mistakes,
    policies::{self, Policy},
    yaml::{Placed, Text, given},
};
use crate::{
    access::{self, Directory, KeyMaterial, Principal, Session, signature::RsaPublicKey},
    clock::Timestamp,
    sae::model::Cloud,
};

const KEY_ID_RULE: &str = "an access key id has 1 to 128 letters, digits, '.', '-' and '_', and does not begin with \
                           'STS.', which is for temporary keys";
const SESSION_ID_RULE: &str = "the id of a temporary key begins with 'STS.'; it has 5 to 128 letters, digits, '.', \
                               '-' and '_'";
const SECRET_RULE: &str =
    "an access key's secret has 1 to 256 characters, all of them visible ASCII";
const TOKEN_RULE: &str = "a security token has 1 to 4096 characters, all of them visible ASCII";

/// How long an access key id may be, in characters.
const KEY_ID_MAX: usize = 128;
/// How long a secret may be, in characters. The platform's have 30.
const SECRET_MAX: usize = 256;
/// How long a security token may be, in characters. The platform's have less than 1,000.
const TOKEN_MAX: usize = 4096;

/// What temporary keys begin with, and no others.
const SESSION_PREFIX: &str = "STS.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    name: Text,
    #[serde(default, deserialize_with = "given")]
    account: Option<Text>,
    #[serde(default)]
    access_keys: Vec<Placed<AccessKey>>,
    #[serde(default)]
    policies: Vec<Placed<Policy>>,
}

/// The account itself.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Root {
    access_keys: Vec<Placed<AccessKey>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessKey {
    id: Text,
    #[serde(default, deserialize_with = "given")]
    secret: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    public_key: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    status: Option<Text>,
}

/// A temporary key, as STS hands them out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemporaryKey {
    id: Text,
    secret: Text,
    token: Text,
    expires: Text,
    user: Text,
}

/// The names of the users of an account.
pub(super) fn own(users: &[Placed<User>], account: &str) -> Vec<String> {
    let is_own =
        |user: &&Placed<User>| user.value.account.as_ref().is_none_or(|text| text.value == account);
    users.iter().filter(is_own).map(|user| user.value.name.value.clone()).collect()
}

/// Reads who is known. `cloud` is what their policies are for.
pub(super) fn read(
    users: Vec<Placed<User>>,
    root: Root,
    sts: Vec<TemporaryKey>,
    cloud: &Cloud,
    variables: &Variables<'_>,
    mistakes: &mut Mistakes,
) -> Directory {
    let mut reader = Reader { directory: Directory::default(), variables, mistakes };
    let (mut known, mut first) = (HashMap::new(), HashMap::new());
    for Placed { at, value } in users {
        let rule = "a user's name has 1 to 64 letters, digits, '.', '-' and '_'";
        let name = value.name.parsed(rule, reader.mistakes, |text| word(text, 64));
        let account = match value.account {
            Some(text) => account(&text, reader.mistakes).unwrap_or_default(),
            None => cloud.account.clone(),
        };
        let policies = policies::read(value.policies, &account, cloud, reader.mistakes);
        let name_or_none = name.clone().unwrap_or_default();
        let user = Arc::new(access::User { name: name_or_none, account, policies });
        reader.access_keys(value.access_keys, &Principal::User(Arc::clone(&user)));
        let Some(name) = name else { continue };
        if reader.mistakes.is_first(&mut first, name.clone(), at, "this user") {
            known.insert(name, user);
        }
    }
    reader.access_keys(root.access_keys, &Principal::Root);
    for key in sts {
        reader.temporary_key(&key, &known);
    }
    reader.directory
}

struct Reader<'a> {
    directory: Directory,
    variables: &'a Variables<'a>,
    mistakes: &'a mut Mistakes,
}

impl Reader<'_> {
    fn access_keys(&mut self, keys: Vec<Placed<AccessKey>>, principal: &Principal) {
        for Placed { at, value: key } in keys {
            let id = self.resolved(&key.id, |text| {
                let id = word(text, KEY_ID_MAX).filter(|id| !id.starts_with(SESSION_PREFIX));
                id.ok_or(KEY_ID_RULE)
            });
            let material = match (&key.secret, &key.public_key) {
                (Some(text), None) => self.resolved(text, secret).map(KeyMaterial::Secret),
                (None, Some(text)) => {
                    self.resolved(text, RsaPublicKey::from_pem).map(KeyMaterial::Rsa)
                }
                _ => {
                    let rule = "a key has either a `secret` or, for RSA signatures, a `public_key`";
                    self.mistakes.add(at, rule);
                    None
                }
            };
            let is_active = key.status.map_or(Some(true), |text| {
                text.parsed("a status is Active or Inactive", self.mistakes, |text| match text {
                    "Active" => Some(true),
                    "Inactive" => Some(false),
                    _ => None,
                })
            });
            if let (Some(id), Some(material), Some(is_active)) = (id, material, is_active) {
                let principal = principal.clone();
                let known = access::AccessKey { id, material, principal, is_active, session: None };
                self.mistakes.check(key.id.at, self.directory.add(known));
            }
        }
    }

    fn temporary_key(&mut self, key: &TemporaryKey, users: &HashMap<String, Arc<access::User>>) {
        let id = self.resolved(&key.id, |text| {
            let is_id = |rest| word(rest, KEY_ID_MAX - SESSION_PREFIX.len()).is_some();
            let fits = text.strip_prefix(SESSION_PREFIX).is_some_and(is_id);
            fits.then(|| text.to_owned()).ok_or(SESSION_ID_RULE)
        });
        let secret = self.resolved(&key.secret, secret);
        let token = self.resolved(&key.token, |text| credential(text, TOKEN_MAX).ok_or(TOKEN_RULE));
        let rule = "not a moment; one looks like 2030-01-01T00:00:00Z";
        let moment = |text: &str| text.parse().ok().map(jiff::Timestamp::as_millisecond);
        let expires = key.expires.parsed(rule, self.mistakes, moment).map(Timestamp);
        let find = |name: &str| users.get(name).cloned();
        let user = key.user.parsed("no such user; `users` must list it", self.mistakes, find);
        if let (Some(id), Some(secret), Some(token), Some(expires), Some(user)) =
            (id, secret, token, expires, user)
        {
            let known = access::AccessKey {
                id,
                material: KeyMaterial::Secret(secret),
                principal: Principal::Session(user),
                is_active: true,
                session: Some(Session { token, expires }),
            };
            self.mistakes.check(key.id.at, self.directory.add(known));
        }
    }

    /// What a text means as it stands in the file; where that is `${NAME}`, what the environment's variable means.
    fn resolved<T, E: Display>(
        &mut self,
        text: &Text,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some((before, rest)) = text.value.split_once("${") else {
            return self.mistakes.check(text.at, parse(&text.value));
        };
        let name = rest.strip_suffix('}').filter(|name| before.is_empty() && is_variable(name));
        let form = "a variable of the environment is written ${NAME}, with nothing around it";
        let name = self.mistakes.check(text.at, name.ok_or(form))?;
        let value = (self.variables)(name).map(Zeroizing::new);
        let unset = format!("the environment's variable {name} is not set, or not UTF-8");
        let value = self.mistakes.check(text.at, value.ok_or(unset))?;
        self.mistakes.check(text.at, parse(&value))
    }
}

fn secret(text: &str) -> Result<Zeroizing<String>, &'static str> {
    credential(text, SECRET_MAX).ok_or(SECRET_RULE)
}

fn credential(text: &str, max: usize) -> Option<Zeroizing<String>> {
    let fits = (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| Zeroizing::new(text.to_owned()))
}

fn word(text: &str, max: usize) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_word = (1..=max).contains(&text.len()) && text.bytes().all(fits);
    is_word.then(|| text.to_owned())
}

fn is_variable(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(fits) && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}
