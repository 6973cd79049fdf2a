//! The values of managed secrets: the one that a caller begins with, and those that rotations make.

use jiff::Timestamp as Moment;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    super::{
        Error, Field, Random, Result,
        password::{account_password, letters_and_digits},
    },
    CLONE_SUFFIX, ExtendedConfig, Kind, json_string,
    ssh_key::KeyPair,
};
use crate::{clock::Timestamp, json};

/// What stands for a value that the service makes itself (documented).
const AUTO: &str = "$Auto";

/// How long the passwords of database accounts are, in characters: as long as RDS, Redis and PolarDB allow (documented).
const ACCOUNT_PASSWORD_LENGTH: usize = 32;
/// How long the passwords of ECS instances are, in characters: as long as ECS allows (documented).
const INSTANCE_PASSWORD_LENGTH: usize = 30;

/// How many access keys a RAM user may have (documented).
const ACCESS_KEYS_MAX: usize = 2;
/// What the ids of access keys begin with, and how many characters follow (seen).
const ACCESS_KEY_ID: (&str, usize) = ("LTAI5t", 18);
/// How many characters the secrets of access keys have (seen).
const ACCESS_KEY_SECRET_LENGTH: usize = 30;

const ACCOUNT: [&str; 2] = ["AccountName", "AccountPassword"];
/// The account that the next rotation uses, which no reply shows.
const OTHER_ACCOUNT: &str = "OtherAccountName";
const ACCESS_KEY: [&str; 2] = ["AccessKeyId", "AccessKeySecret"];
const PASSWORD: [&str; 2] = ["UserName", "Password"];
const SSH_KEY: [&str; 3] = ["UserName", "PublicKey", "PrivateKey"];

/// What a version has that no other one had: a password, an access key or SSH keys.
pub enum Fresh {
    /// Of an account or a user.
    Password(Zeroizing<String>),
    /// Of a RAM user.
    AccessKey {
        /// Its `AccessKeyId`.
        id: String,
        /// Its `AccessKeySecret`.
        secret: Zeroizing<String>,
    },
    /// Of a user of an instance.
    SshKeys(KeyPair),
}

/// A version's data is kept as replies show it. Where the caller names two accounts, which no configuration tells, it has
/// the name of the other one besides.
impl ExtendedConfig {
    /// The data of a secret's first version, made of what the caller sent, in the form that is kept.
    ///
    /// Of two accounts the first one is current. If only one is named, the other one is called as Redis' and PolarDB's
    /// are; the documentation has it made at the first rotation, and does not tell its name. Of several access keys the
    /// first one is current.
    ///
    /// # Errors
    /// [`Error::Invalid`] for data that is not of the documented form of its type, or has an empty text.
    pub fn initial_value(
        &self,
        data: &str,
        random: &mut dyn Random,
        now: Timestamp,
    ) -> Result<Zeroizing<String>> {
        let invalid = |form: &str| Error::invalid(Field::SecretData, format!("is not {form}"));
        match &self.kind {
            Kind::OneAccount => one_account(data).ok_or_else(|| {
                invalid(r#"{"Accounts":[{"AccountName":"","AccountPassword":""}]} filled in, with one account"#)
            }),
            Kind::TwoAccounts => two_accounts(data).ok_or_else(|| {
                invalid(r#"{"Accounts":[{"AccountName":"","AccountPassword":""}]} filled in, with one or two accounts"#)
            }),
            Kind::MadeAccounts { .. } if data != AUTO => Err(invalid(AUTO)),
            Kind::MadeAccounts { account, .. } => account_with_password(account, random),
            Kind::AccessKey { .. } => access_key(data, now).ok_or_else(|| {
                invalid(r#"{"AccessKeys":[{"AccessKeyId":"","AccessKeySecret":""}]} filled in, with one or two keys"#)
            }),
            Kind::Password => match texts(data, PASSWORD) {
                Some(_) => Ok(Zeroizing::new(data.to_owned())),
                None => Err(invalid(r#"{"UserName":"","Password":""} filled in"#)),
            },
            Kind::SshKey => match texts(data, SSH_KEY) {
                Some(_) => Ok(Zeroizing::new(data.to_owned())),
                None => Err(invalid(r#"{"UserName":"","PublicKey":"","PrivateKey":""} filled in"#)),
            },
        }
    }

    /// Whether [`ExtendedConfig::fresh`] takes long.
    #[must_use]
    pub fn is_fresh_slowly(&self) -> bool {
        matches!(self.kind, Kind::SshKey)
    }

    /// Makes what the next version has in place of the current one's. It depends on no value, so that it can be made
    /// before the current one is known.
    pub fn fresh(&self, random: &mut dyn Random) -> Result<Fresh> {
        match &self.kind {
            Kind::OneAccount | Kind::TwoAccounts | Kind::MadeAccounts { .. } => {
                account_password(ACCOUNT_PASSWORD_LENGTH, random).map(Fresh::Password)
            }
            Kind::AccessKey { .. } => {
                let (prefix, length) = ACCESS_KEY_ID;
                let id = format!("{prefix}{}", *letters_and_digits(length, random)?);
                let secret = letters_and_digits(ACCESS_KEY_SECRET_LENGTH, random)?;
                Ok(Fresh::AccessKey { id, secret })
            }
            Kind::Password => {
                account_password(INSTANCE_PASSWORD_LENGTH, random).map(Fresh::Password)
            }
            Kind::SshKey => KeyPair::generate(random).map(Fresh::SshKeys),
        }
    }

    /// The data of the version that a rotation makes, from the current version's, both in the form that is kept.
    ///
    /// An account or a user gets a new password or new SSH keys; of two accounts it is the other one, which is current then
    /// (documented). A RAM user gets a new access key.
    ///
    /// `None` if the current version's data has not the form of its type, or what is fresh is another type's.
    #[must_use]
    pub fn next_value(
        &self,
        current: &str,
        fresh: &Fresh,
        now: Timestamp,
    ) -> Option<Zeroizing<String>> {
        match (&self.kind, fresh) {
            (Kind::OneAccount, Fresh::Password(password)) => {
                let [name, _] = texts(current, ACCOUNT)?;
                Some(object(ACCOUNT, [&name, password]))
            }
            (Kind::TwoAccounts, Fresh::Password(password)) => {
                let [name, _, other] = texts(current, kept_account())?;
                Some(object(kept_account(), [&other, password, &name]))
            }
            (Kind::MadeAccounts { account, clone }, Fresh::Password(password)) => {
                let [name, _] = texts(current, ACCOUNT)?;
                let other = if *name == *account { clone } else { account };
                Some(object(ACCOUNT, [other, password]))
            }
            (Kind::AccessKey { .. }, Fresh::AccessKey { id, secret }) => {
                shown_access_key(id, secret, now)
            }
            (Kind::Password, Fresh::Password(password)) => {
                let [user, _] = texts(current, PASSWORD)?;
                Some(object(PASSWORD, [&user, password]))
            }
            (Kind::SshKey, Fresh::SshKeys(KeyPair { public_key, private_key })) => {
                let [user, _, _] = texts(current, SSH_KEY)?;
                Some(object(SSH_KEY, [&user, public_key, private_key]))
            }
            (_, Fresh::Password(_) | Fresh::AccessKey { .. } | Fresh::SshKeys(_)) => None,
        }
    }

    /// What replies show of a version's data, which is in the form that is kept: `{"AccountName","AccountPassword"}`,
    /// `{"AccessKeyId","AccessKeySecret","GenerateTimestamp"}`, `{"UserName","Password"}` or
    /// `{"UserName","PublicKey","PrivateKey"}` (documented).
    ///
    /// `None` if the data has not the form of its type.
    #[must_use]
    pub fn shown_value(&self, kept: &str) -> Option<Zeroizing<String>> {
        match &self.kind {
            Kind::TwoAccounts => {
                let [name, password, _] = texts(kept, kept_account())?;
                Some(object(ACCOUNT, [&name, &password]))
            }
            Kind::OneAccount
            | Kind::MadeAccounts { .. }
            | Kind::AccessKey { .. }
            | Kind::Password
            | Kind::SshKey => Some(Zeroizing::new(kept.to_owned())),
        }
    }
}

const fn kept_account() -> [&'static str; 3] {
    let [name, password] = ACCOUNT;
    [name, password, OTHER_ACCOUNT]
}

fn account_with_password(name: &str, random: &mut dyn Random) -> Result<Zeroizing<String>> {
    let password = account_password(ACCOUNT_PASSWORD_LENGTH, random)?;
    Ok(object(ACCOUNT, [name, &password]))
}

fn one_account(data: &str) -> Option<Zeroizing<String>> {
    let accounts = list(data, "Accounts", ACCOUNT)?;
    let [[name, password]] = accounts.as_slice() else { return None };
    Some(object(ACCOUNT, [name, password]))
}

fn two_accounts(data: &str) -> Option<Zeroizing<String>> {
    let accounts = list(data, "Accounts", ACCOUNT)?;
    let ([name, password], other) = match accounts.as_slice() {
        [first @ [name, _]] => (first, Zeroizing::new(format!("{}{CLONE_SUFFIX}", **name))),
        [first, [other, _]] => (first, other.clone()),
        _ => return None,
    };
    (*name != other).then(|| object(kept_account(), [name, password, &other]))
}

fn access_key(data: &str, now: Timestamp) -> Option<Zeroizing<String>> {
    let keys = list(data, "AccessKeys", ACCESS_KEY)?;
    if keys.len() > ACCESS_KEYS_MAX {
        return None;
    }
    let [id, secret] = keys.first()?;
    let is_twice = keys.iter().skip(1).any(|[other, _]| other == id);
    if is_twice { None } else { shown_access_key(id, secret, now) }
}

fn shown_access_key(id: &str, secret: &str, now: Timestamp) -> Option<Zeroizing<String>> {
    let moment = Moment::from_second(now.0.div_euclid(1000)).ok()?;
    let [id_name, secret_name] = ACCESS_KEY;
    let names = [id_name, secret_name, "GenerateTimestamp"];
    Some(object(names, [id, secret, &moment.to_string()]))
}

/// The texts of each object in the list that is an object's one member; `None` if anything else stands there.
fn list<const N: usize>(
    data: &str,
    name: &str,
    names: [&str; N],
) -> Option<Vec<[Zeroizing<String>; N]>> {
    let members = json::members_up_to(data, 1).ok()?;
    let [(known, list)] = members.as_slice() else { return None };
    if known != name {
        return None;
    }
    let objects: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    objects.into_iter().map(|object| texts(object.get(), names)).collect()
}

/// The texts of an object that has just these members, none of them empty.
fn texts<const N: usize>(data: &str, names: [&str; N]) -> Option<[Zeroizing<String>; N]> {
    let members = json::members_up_to(data, N).ok()?;
    let texts = names.iter().map(|name| {
        let (_, value) = members.iter().find(|(known, _)| known == name)?;
        json::string(value).filter(|text| !text.is_empty()).map(Zeroizing::new)
    });
    texts.collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// The JSON object of these texts.
fn object<const N: usize>(names: [&str; N], texts: [&str; N]) -> Zeroizing<String> {
    let members = names.iter().zip(texts);
    let members = members.map(|(name, text)| format!("\"{name}\":{}", json_string(text)));
    let members = Zeroizing::new(members.collect::<Vec<_>>());
    Zeroizing::new(format!("{{{}}}", members.join(",")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{
        super::{
            super::random::tests::{broken, seeded},
            ManagedType,
        },
        *,
    };

    /// 2016-03-25T10:42:40.999Z.
    const NOW: Timestamp = Timestamp(1_458_902_560_999);

    fn rds(sub_type: &str) -> ExtendedConfig {
        let text = format!(r#"{{"SecretSubType":"{sub_type}","DBInstanceId":"rm-1"}}"#);
        ExtendedConfig::parse(&text, ManagedType::Rds).unwrap()
    }

    fn redis() -> ExtendedConfig {
        let text = r#"{"SecretSubType":"DoubleUsers","AccountName":"u","CloneAccountName":"u_clone",
                       "AccountPrivilege":"RoleReadOnly","InstanceId":"r-1","RegionId":"cn-hangzhou"}"#;
        ExtendedConfig::parse(text, ManagedType::Redis).unwrap()
    }

    fn polar_db() -> ExtendedConfig {
        let text = r#"{"SecretSubType":"DoubleUsers","RegionId":"cn-hangzhou","DBClusterId":"pc-1",
                       "DBType":"PostgreSQL","AccountName":"u"}"#;
        ExtendedConfig::parse(text, ManagedType::PolarDb).unwrap()
    }

    fn ram() -> ExtendedConfig {
        let text = r#"{"SecretSubType":"RamUserAccessKey","UserName":"alice"}"#;
        ExtendedConfig::parse(text, ManagedType::RamCredentials).unwrap()
    }

    fn ecs(sub_type: &str) -> ExtendedConfig {
        let text = format!(
            r#"{{"SecretSubType":"{sub_type}","RegionId":"cn-hangzhou","InstanceId":"i-1"}}"#
        );
        ExtendedConfig::parse(&text, ManagedType::Ecs).unwrap()
    }

    /// What replies show of the first version and of some that rotations make.
    fn shown(config: &ExtendedConfig, data: &str, rotations: usize) -> Vec<String> {
        let mut random = seeded(21);
        let mut kept = config.initial_value(data, &mut random, NOW).unwrap();
        let mut shown = vec![config.shown_value(&kept).unwrap().to_string()];
        for _ in 0..rotations {
            let fresh = config.fresh(&mut random).unwrap();
            kept = config.next_value(&kept, &fresh, NOW).unwrap();
            shown.push(config.shown_value(&kept).unwrap().to_string());
        }
        shown
    }

    /// The accounts that replies show, and their passwords.
    fn accounts(shown: &[String]) -> Vec<(String, String)> {
        let account = |text: &String| {
            let [name, password] = texts(text, ACCOUNT).unwrap();
            assert_eq!(*text, *object(ACCOUNT, [&name, &password]));
            (name.to_string(), password.to_string())
        };
        shown.iter().map(account).collect()
    }

    fn is_password(text: &str, length: usize) -> bool {
        let has = |is: fn(char) -> bool| text.contains(is);
        text.len() == length
            && has(|c| c.is_ascii_lowercase())
            && has(|c| c.is_ascii_uppercase())
            && has(|c| c.is_ascii_digit())
            && has(|c| c.is_ascii_punctuation())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "!@#$%^&*()_+-=".contains(c))
    }

    const ONE: &str = r#"{"Accounts":[{"AccountName":"a","AccountPassword":"p\"1"}]}"#;
    const TWO: &str = r#"{"Accounts":[{"AccountName":"a","AccountPassword":"p"},{"AccountPassword":"q","AccountName":"b"}]}"#;

    #[test]
    fn one_account_gets_new_passwords() {
        let shown = shown(&rds("SingleUser"), ONE, 2);
        assert_eq!(shown[0], r#"{"AccountName":"a","AccountPassword":"p\"1"}"#);
        let accounts = accounts(&shown);
        assert!(accounts.iter().all(|(name, _)| name == "a"));
        assert!(accounts[1..].iter().all(|(_, password)| is_password(password, 32)));
        assert_ne!(accounts[1], accounts[2]);
    }

    #[test]
    fn two_accounts_take_turns() {
        for (config, data, names) in [
            (rds("DoubleUsers"), TWO, ["a", "b", "a", "b"]),
            (rds("DoubleUsers"), ONE, ["a", "a_clone", "a", "a_clone"]),
            (redis(), "$Auto", ["u", "u_clone", "u", "u_clone"]),
            (polar_db(), "$Auto", ["u", "u_clone", "u", "u_clone"]),
        ] {
            let accounts = accounts(&shown(&config, data, 3));
            assert_eq!(accounts.iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
            let mut passwords: Vec<&str> = accounts.iter().map(|(_, it)| it.as_str()).collect();
            assert!(passwords[1..].iter().all(|password| is_password(password, 32)));
            assert_eq!(data == "$Auto", is_password(passwords[0], 32));
            passwords.sort_unstable();
            passwords.dedup();
            assert_eq!(passwords.len(), 4);
        }
    }

    #[test]
    fn an_access_key_is_followed_by_another_one() {
        let one = r#"{"AccessKeys":[{"AccessKeyId":"LTAI1","AccessKeySecret":"s"}]}"#;
        let two = r#"{"AccessKeys":[{"AccessKeyId":"LTAI1","AccessKeySecret":"s"},{"AccessKeyId":"LTAI2","AccessKeySecret":"t"}]}"#;
        for data in [one, two] {
            let shown = shown(&ram(), data, 2);
            assert_eq!(
                shown[0],
                r#"{"AccessKeyId":"LTAI1","AccessKeySecret":"s","GenerateTimestamp":"2016-03-25T10:42:40Z"}"#
            );
            assert_ne!(shown[1], shown[2]);
            for text in &shown[1..] {
                let names = ["AccessKeyId", "AccessKeySecret", "GenerateTimestamp"];
                let [id, secret, moment] = texts(text, names).unwrap();
                assert!(id.len() == 24 && id.starts_with("LTAI5t"), "{}", *id);
                assert_eq!(secret.len(), 30);
                assert!(id.chars().chain(secret.chars()).all(|c| c.is_ascii_alphanumeric()));
                assert_eq!(*moment, "2016-03-25T10:42:40Z");
            }
        }
    }

    #[test]
    fn users_of_instances() {
        let password = r#"{ "UserName" : "root", "Password":"\u0031" }"#;
        let shown_passwords = shown(&ecs("Password"), password, 1);
        assert_eq!(shown_passwords[0], password, "as it was sent");
        let [user, new] = texts(&shown_passwords[1], PASSWORD).unwrap();
        assert!(*user == "root" && is_password(&new, 30), "{}", *new);

        let keys = r#"{"UserName":"root","PublicKey":"ssh-rsa x","PrivateKey":"-----BEGIN"}"#;
        let shown_keys = shown(&ecs("SSHKey"), keys, 1);
        assert_eq!(shown_keys[0], keys);
        let [user, public, private] = texts(&shown_keys[1], SSH_KEY).unwrap();
        assert_eq!(*shown_keys[1], *object(SSH_KEY, [&user, &public, &private]));
        assert_eq!(*user, "root");
        assert!(public.starts_with("ssh-rsa AAAA") && private.starts_with("-----BEGIN RSA"));
    }

    #[test]
    fn data_of_another_form_is_refused() {
        let three = TWO.replace("]}", r#",{"AccountName":"c","AccountPassword":"r"}]}"#);
        let same = TWO.replace(r#""AccountName":"b""#, r#""AccountName":"a""#);
        let clone = TWO.replace(r#""AccountName":"b""#, r#""AccountName":"a_clone""#);
        assert_eq!(shown(&rds("DoubleUsers"), &clone, 0).len(), 1);
        let key = |id: &str| format!(r#"{{"AccessKeyId":"{id}","AccessKeySecret":"s"}}"#);
        let keys = |ids: &[&str]| {
            let keys: Vec<_> = ids.iter().map(|id| key(id)).collect();
            format!(r#"{{"AccessKeys":[{}]}}"#, keys.join(","))
        };
        assert_eq!(shown(&ram(), &keys(&["a", "b"]), 0).len(), 1);
        for (config, data) in [
            (rds("SingleUser"), TWO),
            (rds("SingleUser"), "$Auto"),
            (rds("SingleUser"), r#"{"AccountName":"a","AccountPassword":"p"}"#),
            (rds("SingleUser"), r#"{"Accounts":{"AccountName":"a","AccountPassword":"p"}}"#),
            (rds("SingleUser"), r#"{"Accounts":[]}"#),
            (rds("SingleUser"), r#"{"Accounts":["a"]}"#),
            (rds("SingleUser"), r#"{"accounts":[{"AccountName":"a","AccountPassword":"p"}]}"#),
            (rds("SingleUser"), r#"{"Accounts":[{"AccountName":"a"}]}"#),
            (rds("SingleUser"), r#"{"Accounts":[{"AccountName":"","AccountPassword":"p"}]}"#),
            (rds("SingleUser"), r#"{"Accounts":[{"AccountName":"a","AccountPassword":""}]}"#),
            (rds("SingleUser"), r#"{"Accounts":[{"AccountName":"a","AccountPassword":1}]}"#),
            (
                rds("SingleUser"),
                r#"{"Accounts":[{"AccountName":"a","AccountPassword":"p","x":"y"}]}"#,
            ),
            (rds("SingleUser"), r#"{"Accounts":[{"AccountName":"a","AccountName":"a"}]}"#),
            (
                rds("SingleUser"),
                r#"{"Accounts":[{"AccountName":"a","AccountPassword":"p"}],"x":1}"#,
            ),
            (rds("SingleUser"), r#"{"Accounts":[{"AccountName":"a","AccountPassword":"\ud800"}]}"#),
            (rds("DoubleUsers"), r#"{"Accounts":[]}"#),
            (rds("DoubleUsers"), &three),
            (rds("DoubleUsers"), &same),
            (redis(), ONE),
            (redis(), ""),
            (redis(), "$auto"),
            (polar_db(), "$Auto "),
            (ram(), &keys(&[])),
            (ram(), &keys(&["a", "b", "c"])),
            (ram(), &keys(&["a", "a"])),
            (ram(), &key("a")),
            (ecs("Password"), r#"{"UserName":"root","Password":""}"#),
            (ecs("Password"), r#"{"UserName":"root"}"#),
            (ecs("Password"), r#"{"UserName":"root","PublicKey":"a","PrivateKey":"b"}"#),
            (ecs("SSHKey"), r#"{"UserName":"root","Password":"p"}"#),
            (ecs("SSHKey"), r#"{"UserName":"root","PublicKey":"a","PrivateKey":"b","x":"c"}"#),
            (ecs("SSHKey"), "CANARY"),
        ] {
            let error = config.initial_value(data, &mut seeded(22), NOW).unwrap_err();
            let Error::Invalid(Field::SecretData, reason) = &error else { panic!("{error:?}") };
            assert!(reason.starts_with("is not ") && !reason.contains("CANARY"), "{reason}");
        }
        let error = redis().initial_value("", &mut seeded(22), NOW).unwrap_err();
        assert_eq!(error, Error::invalid(Field::SecretData, "is not $Auto"));
    }

    #[test]
    fn what_was_kept_in_another_form_has_no_next_value() {
        for config in
            [rds("SingleUser"), rds("DoubleUsers"), redis(), ecs("Password"), ecs("SSHKey")]
        {
            let fresh = config.fresh(&mut seeded(23)).unwrap();
            for kept in ["", "{}", r#"{"AccountName":"a"}"#] {
                assert_eq!(config.next_value(kept, &fresh, NOW), None);
            }
        }
        let account = r#"{"AccountName":"a","AccountPassword":"p"}"#;
        assert_eq!(rds("DoubleUsers").shown_value(account), None);
    }

    #[test]
    fn without_random_bytes_there_is_no_value() {
        let gone = Err(Error::unavailable("no random bytes"));
        assert_eq!(redis().initial_value("$Auto", &mut broken(), NOW), gone);
        for config in
            [rds("SingleUser"), rds("DoubleUsers"), redis(), ram(), ecs("Password"), ecs("SSHKey")]
        {
            assert_eq!(config.fresh(&mut broken()).err().map(Err), Some(gone.clone()));
        }
    }

    #[test]
    fn what_another_type_has_is_not_taken() {
        let kept = r#"{"UserName":"root","PublicKey":"a","PrivateKey":"b"}"#;
        let password = Fresh::Password(Zeroizing::new("p".to_owned()));
        assert_eq!(ecs("SSHKey").next_value(kept, &password, NOW), None);
        let key = ram().fresh(&mut seeded(24)).unwrap();
        let account = r#"{"AccountName":"a","AccountPassword":"p"}"#;
        assert_eq!(redis().next_value(account, &key, NOW), None);
        let slow = [rds("SingleUser"), redis(), ram(), ecs("Password"), ecs("SSHKey")];
        assert_eq!(slow.map(|config| config.is_fresh_slowly()), [false, false, false, false, true]);
    }
}
