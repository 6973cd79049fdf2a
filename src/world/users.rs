//! The `users`, the `root` and the `sts` of a world file: who is known, and by which keys.

use std::{collections::HashMap, sync::Arc};

use zeroize::Zeroizing;

use super::{
    fields::{self, Fields},
    mistakes::Position,
    reader::Reader,
    tree::Node,
};
use crate::{
    access::{
        AccessKey, KeyMaterial, KeyStatus, Known, Owner, Session, User, signature::RsaPublicKey,
    },
    clock::Timestamp,
};

const NAME_RULE: &str = "a user's name has 1 to 64 letters, digits, '.', '-' and '_'";
const KEY_ID_RULE: &str = "an access key id has 1 to 128 letters, digits, '.', '-' and '_', and does not begin with \
                           'STS.', which is for temporary keys";
const SESSION_ID_RULE: &str = "the id of a temporary key begins with 'STS.'; it has 5 to 128 letters, digits, '.', \
                               '-' and '_'";
const SECRET_RULE: &str = "a secret has 1 to 256 characters, all of them visible ASCII";
const TOKEN_RULE: &str = "a security token has 1 to 4096 characters, all of them visible ASCII";
const STATUS_RULE: &str = "a status is Active or Inactive";
const EXPIRES_RULE: &str = "not a moment; one looks like 2030-01-01T00:00:00Z";

/// What temporary keys begin with, and no others.
const SESSION_PREFIX: &str = "STS.";

/// How long an access key id may be, in characters.
const KEY_ID_MAX: usize = 128;
/// How long a secret may be, in characters. The platform's have 30.
const SECRET_MAX: usize = 256;
/// How long a security token may be, in characters. The platform's have less than 1,000.
const TOKEN_MAX: usize = 4096;

/// Whom the file has named so far.
#[derive(Default)]
struct Callers {
    users: HashMap<String, (Arc<User>, Position)>,
    /// Where each access key id stands.
    keys: HashMap<String, Position>,
}

impl Reader<'_> {
    /// Reads who is known.
    pub fn callers(&mut self, fields: &Fields<'_, '_>) {
        let mut callers = Callers::default();
        if let Some(node) = fields.get("users") {
            self.users(node, &mut callers);
        }
        if let Some(node) = fields.get("root")
            && let Some(fields) = Fields::of(node, &["access_keys"], self.mistakes)
        {
            self.access_keys(&fields, &Owner::Root, &mut callers);
        }
        if let Some(node) = fields.get("sts") {
            for item in fields::list(node, self.mistakes).unwrap_or_default() {
                self.session(item, &mut callers);
            }
        }
    }

    fn users(&mut self, node: &Node<'_>, callers: &mut Callers) {
        const KEYS: &[&str] = &["name", "access_keys", "policies"];
        for item in fields::list(node, self.mistakes).unwrap_or_default() {
            let Some(fields) = Fields::of(item, KEYS, self.mistakes) else { continue };
            let name = fields
                .require("name", self.mistakes)
                .and_then(|node| fields::parsed(node, NAME_RULE, self.mistakes, user_name));
            let policies = match fields.get("policies") {
                Some(node) => self.policies(node),
                None => Vec::new(),
            };
            let is_named = name.is_some();
            let user = Arc::new(User { name: name.unwrap_or_default(), policies });
            self.access_keys(&fields, &Owner::User(Arc::clone(&user)), callers);
            if !is_named {
                continue;
            }
            if let Some((_, first)) = callers.users.get(&user.name) {
                let text = format!("this user stands twice; the first is at {first}");
                self.mistakes.add(item.at, text);
            } else {
                callers.users.insert(user.name.clone(), (user, item.at));
            }
        }
    }

    fn access_keys(&mut self, fields: &Fields<'_, '_>, owner: &Owner, callers: &mut Callers) {
        const KEYS: &[&str] = &["id", "secret", "public_key", "status"];
        let Some(node) = fields.get("access_keys") else { return };
        for item in fields::list(node, self.mistakes).unwrap_or_default() {
            let Some(fields) = Fields::of(item, KEYS, self.mistakes) else { continue };
            let id = fields
                .require("id", self.mistakes)
                .and_then(|node| self.unique_id(node, KEY_ID_RULE, key_id, callers));
            let material = self.material(&fields, item.at);
            let status = match fields.get("status") {
                Some(node) => fields::parsed(node, STATUS_RULE, self.mistakes, key_status),
                None => Some(KeyStatus::Active),
            };
            if let (Some(id), Some(material), Some(status)) = (id, material, status) {
                let key = AccessKey { id, material, status };
                self.know(Known::Key(key, owner.clone()), item.at);
            }
        }
    }

    /// What signatures by a key are verified with: its secret, or the public half of a key pair.
    fn material(&mut self, fields: &Fields<'_, '_>, at: Position) -> Option<KeyMaterial> {
        match (fields.get("secret"), fields.entry("public_key")) {
            (Some(node), None) => {
                self.credential(node, SECRET_RULE, SECRET_MAX).map(KeyMaterial::Secret)
            }
            (None, Some(entry)) => {
                let text = self.resolved(&entry.value)?;
                match RsaPublicKey::from_pem(&text) {
                    Ok(key) => Some(KeyMaterial::Rsa(key)),
                    Err(error) => {
                        self.mistakes.add(entry.value.at, error.to_string());
                        None
                    }
                }
            }
            (Some(_), Some(entry)) => {
                self.mistakes.add(entry.at, "a key has either `secret` or `public_key`, not both");
                None
            }
            (None, None) => {
                self.mistakes
                    .add(at, "the key `secret` is missing (or `public_key`, for an RSA key pair)");
                None
            }
        }
    }

    fn session(&mut self, item: &Node<'_>, callers: &mut Callers) {
        const KEYS: &[&str] = &["id", "secret", "token", "expires", "user"];
        let Some(fields) = Fields::of(item, KEYS, self.mistakes) else { return };
        let id = fields
            .require("id", self.mistakes)
            .and_then(|node| self.unique_id(node, SESSION_ID_RULE, session_id, callers));
        let secret = fields
            .require("secret", self.mistakes)
            .and_then(|node| self.credential(node, SECRET_RULE, SECRET_MAX));
        let token = fields
            .require("token", self.mistakes)
            .and_then(|node| self.credential(node, TOKEN_RULE, TOKEN_MAX));
        let expires = fields
            .require("expires", self.mistakes)
            .and_then(|node| fields::parsed(node, EXPIRES_RULE, self.mistakes, moment));
        let user = fields.require("user", self.mistakes).and_then(|node| {
            let find = |name: &str| callers.users.get(name).map(|(user, _)| Arc::clone(user));
            fields::parsed(node, "no such user; `users` must list it", self.mistakes, find)
        });
        if let (Some(id), Some(secret), Some(token), Some(expires), Some(user)) =
            (id, secret, token, expires, user)
        {
            self.know(Known::Session(Session { id, secret, token, expires, user }), item.at);
        }
    }

    /// An access key id that has not been seen before.
    fn unique_id(
        &mut self,
        node: &Node<'_>,
        rule: &str,
        parse: fn(&str) -> Option<String>,
        callers: &mut Callers,
    ) -> Option<String> {
        let text = self.resolved(node)?;
        let Some(id) = parse(&text) else {
            self.mistakes.add(node.at, rule);
            return None;
        };
        if let Some(first) = callers.keys.get(&id) {
            let text = format!("this access key id stands twice; the first is at {first}");
            self.mistakes.add(node.at, text);
            return None;
        }
        callers.keys.insert(id.clone(), node.at);
        Some(id)
    }

    fn credential(&mut self, node: &Node<'_>, rule: &str, max: usize) -> Option<Zeroizing<String>> {
        let text = self.resolved(node)?;
        let fits =
            (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            self.mistakes.add(node.at, rule);
        }
        fits.then_some(text)
    }

    /// A text as it stands in the file; where that is `${NAME}`, the environment's variable of that name.
    fn resolved(&mut self, node: &Node<'_>) -> Option<Zeroizing<String>> {
        let text = fields::text(node, self.mistakes)?;
        let Some((before, rest)) = text.split_once("${") else {
            return Some(Zeroizing::new(text.to_owned()));
        };
        let name = rest.strip_suffix('}').filter(|name| before.is_empty() && is_variable(name));
        let Some(name) = name else {
            self.mistakes.add(
                node.at,
                "a variable of the environment is written ${NAME}, with nothing around it",
            );
            return None;
        };
        let value = (self.variables)(name).map(Zeroizing::new);
        if value.is_none() {
            self.mistakes.add(node.at, "this variable of the environment is not set, or not UTF-8");
        }
        value
    }

    fn know(&mut self, known: Known, at: Position) {
        if let Err(error) = self.world.directory.add(known) {
            self.mistakes.add(at, error.to_string());
        }
    }
}

fn user_name(text: &str) -> Option<String> {
    is_word(text, 64).then(|| text.to_owned())
}

fn key_id(text: &str) -> Option<String> {
    let fits = is_word(text, KEY_ID_MAX) && !text.starts_with(SESSION_PREFIX);
    fits.then(|| text.to_owned())
}

fn session_id(text: &str) -> Option<String> {
    let rest = text.strip_prefix(SESSION_PREFIX)?;
    is_word(rest, KEY_ID_MAX - SESSION_PREFIX.len()).then(|| text.to_owned())
}

fn is_word(text: &str, max: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=max).contains(&text.len()) && text.bytes().all(fits)
}

fn is_variable(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(fits) && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

fn key_status(text: &str) -> Option<KeyStatus> {
    match text {
        "Active" => Some(KeyStatus::Active),
        "Inactive" => Some(KeyStatus::Inactive),
        _ => None,
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|moment| Timestamp(moment.as_millisecond()))
}

#[cfg(test)]
mod tests;
