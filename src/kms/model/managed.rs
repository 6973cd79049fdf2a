//! Secrets that the service manages: what they are for, and how their values are made.

mod custom_data;
mod ssh_key;
mod value;

pub use custom_data::CustomData;
use serde_json::value::RawValue;
pub use value::Fresh;

use super::{
    Error, Field, Result, SecretType,
    object::{Object, Read},
};
use crate::json;

/// How long an extended configuration may be, in characters of the JSON as it was sent (documented).
const LENGTH_MAX: usize = 1024;

/// What the second account of a pair is called, after the first one (documented for Redis and PolarDB).
const CLONE_SUFFIX: &str = "_clone";

/// The types of managed secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedType {
    Rds,
    Redis,
    RamCredentials,
    Ecs,
    PolarDb,
}

impl ManagedType {
    /// The type of a secret, if it is managed.
    #[must_use]
    pub const fn of(secret_type: SecretType) -> Option<Self> {
        match secret_type {
            SecretType::Generic => None,
            SecretType::Rds => Some(Self::Rds),
            SecretType::Redis => Some(Self::Redis),
            SecretType::RamCredentials => Some(Self::RamCredentials),
            SecretType::Ecs => Some(Self::Ecs),
            SecretType::PolarDb => Some(Self::PolarDb),
        }
    }
}

/// What a managed secret is for: its `ExtendedConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedConfig {
    kind: Kind,
    /// In the order in which they were sent.
    members: Vec<(String, Member)>,
}

/// What a secret's values are, by its type and its `SecretSubType`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// An account of a database, which gets a new password at each rotation (`Rds`, `SingleUser`).
    OneAccount,
    /// Two accounts of a database, which take turns; the caller names one or both (`Rds`, `DoubleUsers`).
    TwoAccounts,
    /// The same, made by the service (`Redis` and `PolarDB`, `DoubleUsers`).
    MadeAccounts { account: String, clone: String },
    /// An access key of a RAM user (`RAMCredentials`, `RamUserAccessKey`).
    AccessKey { user: String },
    /// A user of an instance and the password (`ECS`, `Password`).
    Password,
    /// A user of an instance and the SSH keys (`ECS`, `SSHKey`).
    SshKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    Text(String),
    CustomData(CustomData),
    /// JSON of another kind under a name that is not known.
    Other(String),
}

impl ExtendedConfig {
    /// Reads the configuration that a caller sends; an empty text is one that is missing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 1,024 characters, for what is no JSON object or has a key twice, an unknown
    /// `SecretSubType`, a missing or empty key, and the other rules of the type (documented). Unknown keys are kept.
    pub fn parse(text: &str, managed_type: ManagedType) -> Result<Self> {
        let invalid = |reason| Error::invalid(Field::ExtendedConfig, reason);
        if text.is_empty() {
            return Err(invalid("is needed for this type of secret".to_owned()));
        }
        if text.chars().count() > LENGTH_MAX {
            return Err(invalid("has more than 1,024 characters".to_owned()));
        }
        Self::read(text, managed_type).map_err(invalid)
    }

    /// Reads the configuration from what [`ExtendedConfig::to_json`] made, which may be longer than what was sent.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &str, managed_type: ManagedType) -> Read<Self> {
        let object = Object::read("", text)?;
        let kind = kind(&object, managed_type)?;
        let members = object.members().iter();
        let mut members = members
            .map(|(name, value)| Ok((name.clone(), Member::read(name, value)?)))
            .collect::<Read<Vec<_>>>()?;
        if object.find("CustomData").is_none() {
            members.push(("CustomData".to_owned(), Member::CustomData(CustomData::default())));
        }
        Ok(Self { kind, members })
    }

    /// The configuration as replies have it: a JSON object with the members in the order in which they were sent, and
    /// with `CustomData`, whose default is `{}` (documented).
    #[must_use]
    pub fn to_json(&self) -> String {
        let members = self.members.iter().map(|(name, member)| {
            let value = match member {
                Member::Text(text) => json_string(text),
                Member::CustomData(data) => data.to_json(),
                Member::Other(json) => json.clone(),
            };
            format!("{}:{value}", json_string(name))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    /// The configuration with other custom data, at the place of the old.
    #[must_use]
    pub fn with_custom_data(mut self, data: CustomData) -> Self {
        for (_, member) in &mut self.members {
            if let Member::CustomData(old) = member {
                *old = data;
                break;
            }
        }
        self
    }

    /// The RAM user whose access keys the secret holds.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::AccessKey { user } => Some(user),
            Kind::OneAccount
            | Kind::TwoAccounts
            | Kind::MadeAccounts { .. }
            | Kind::Password
            | Kind::SshKey => None,
        }
    }
}

impl Member {
    fn read(name: &str, value: &RawValue) -> Read<Self> {
        if name == "CustomData" {
            return CustomData::read(name, value.get()).map(Self::CustomData);
        }
        let other = || Self::Other(value.get().to_owned());
        Ok(json::string(value).map_or_else(other, Self::Text))
    }
}

/// Checks the members that are known to a type (documented).
fn kind(object: &Object, managed_type: ManagedType) -> Read<Kind> {
    let sub_type = |known| one_of(object, "SecretSubType", known);
    let require =
        |names: &[&str]| names.iter().try_for_each(|name| object.required_text(name).map(drop));
    match managed_type {
        ManagedType::Rds => {
            let sub_type = sub_type(&["SingleUser", "DoubleUsers"])?;
            require(&["DBInstanceId"])?;
            Ok(if sub_type == "SingleUser" { Kind::OneAccount } else { Kind::TwoAccounts })
        }
        ManagedType::Redis => {
            sub_type(&["DoubleUsers"])?;
            require(&["InstanceId", "RegionId", "AccountName", "CloneAccountName"])?;
            require(&["AccountPrivilege"])?;
            made_accounts(object)
        }
        ManagedType::PolarDb => {
            sub_type(&["DoubleUsers"])?;
            require(&["RegionId", "DBClusterId"])?;
            let db_type = one_of(object, "DBType", &["MySQL", "PostgreSQL"])?;
            if given(object, "AccountType")?.is_some_and(|known| known != "Normal") {
                return Err("AccountType is not Normal".to_owned());
            }
            for name in ["AccountPrivilege", "DBName"] {
                if given(object, name)?.is_some() && db_type != "MySQL" {
                    return Err(format!("{name} is for MySQL only"));
                }
            }
            made_accounts(object)
        }
        ManagedType::RamCredentials => {
            sub_type(&["RamUserAccessKey"])?;
            Ok(Kind::AccessKey { user: object.required_text("UserName")? })
        }
        ManagedType::Ecs => {
            let sub_type = sub_type(&["Password", "SSHKey"])?;
            require(&["RegionId", "InstanceId"])?;
            // The provider's own tests send an empty one (seen).
            given(object, "CommandId")?;
            Ok(if sub_type == "Password" { Kind::Password } else { Kind::SshKey })
        }
    }
}

/// The two accounts by their names, of which the second follows from the first.
fn made_accounts(object: &Object) -> Read<Kind> {
    let account = object.required_text("AccountName")?;
    let clone = format!("{account}{CLONE_SUFFIX}");
    if given(object, "CloneAccountName")?.is_some_and(|known| known != clone) {
        return Err("CloneAccountName is not AccountName with _clone behind it".to_owned());
    }
    Ok(Kind::MadeAccounts { account, clone })
}

/// A required member that has one of these values.
fn one_of(object: &Object, name: &str, known: &[&str]) -> Read<String> {
    let text = object.required_text(name)?;
    if known.contains(&text.as_str()) {
        return Ok(text);
    }
    Err(format!("{name} is not {}", known.join(" or ")))
}

/// An optional member, which may as well be empty.
fn given(object: &Object, name: &str) -> Read<Option<String>> {
    Ok(object.text(name)?.filter(|text| !text.is_empty()))
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
