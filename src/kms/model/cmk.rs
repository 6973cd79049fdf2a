//! A customer master key, without its material.

use super::{
    AliasName, Cloud, InstanceId, InstanceState, KeyDescription, KeyId, KeyRotation, KeySpec,
    KeyState, KeyUsage, KeyVersionId, Kind, Origin, ProtectionLevel, Scope, Uid,
};
use crate::clock::Timestamp;

/// A key, as all of its versions share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it is.
    pub scope: Scope,
    /// Its number: positive, and never used twice.
    pub number: i64,
    /// Its identity: random, and no other key's.
    pub uid: Uid,
    /// Its id, unique in the scope.
    pub id: KeyId,
    /// What it is made of.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// What keeps its material.
    pub protection: ProtectionLevel,
    /// What was made of it, whatever its instance is like; see [`Key::state`].
    pub own_state: KeyState,
    /// What somebody says of it.
    pub description: KeyDescription,
    /// The account that made it.
    pub creator: String,
    /// The instance that its creator named.
    pub instance: Option<InstanceId>,
    /// Who may use it: the text that was set. It is kept and decides nothing.
    pub policy: Option<String>,
    /// How often it gets a new version by itself.
    pub rotation: Option<KeyRotation>,
    /// When its newest version was made, if it has one.
    pub last_rotation: Option<Timestamp>,
    /// When it is to get the next one by itself.
    pub next_rotation: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it is to be deleted, if it is.
    pub delete_at: Option<Timestamp>,
}

impl Key {
    /// Its name across accounts.
    #[must_use]
    pub fn arn(&self) -> String {
        self.scope.arn(Kind::Key, self.id.as_str())
    }

    /// Whether the time to delete it has come: then there is no such key any more, whatever the store still has.
    #[must_use]
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.delete_at.is_some_and(|at| at <= now)
    }

    /// Its state: one that is not to be deleted is unavailable while its instance is not connected.
    #[must_use]
    pub fn state(&self, cloud: &Cloud) -> KeyState {
        let instance = self.instance.as_ref().map(|id| cloud.instance(id));
        let is_reached = instance.is_none_or(|instance| {
            instance.is_some_and(|instance| instance.state == InstanceState::Connected)
        });
        if is_reached || self.own_state == KeyState::PendingDeletion {
            self.own_state
        } else {
            KeyState::Unavailable
        }
    }
}

/// A version of a key, without its material. The newest one of a key is the primary one, which seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyVersion {
    /// Counted from 1 for each key.
    pub number: i64,
    /// What ciphertexts call it.
    pub id: KeyVersionId,
    /// When it was made.
    pub created: Timestamp,
}

/// An alias and the key that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The alias, unique in the scope.
    pub name: AliasName,
    /// The key.
    pub key: KeyId,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::kms::model::Instance;

    fn key() -> Key {
        Key {
            scope: Scope::parse("1000000000000001/cn-hangzhou").unwrap(),
            number: 1,
            uid: [7; 16],
            id: KeyId::parse("key-1").unwrap(),
            spec: KeySpec::Aes256,
            usage: KeyUsage::EncryptDecrypt,
            origin: Origin::AliyunKms,
            protection: ProtectionLevel::Software,
            own_state: KeyState::Enabled,
            description: KeyDescription::default(),
            creator: "1000000000000001".to_owned(),
            instance: None,
            policy: None,
            rotation: None,
            last_rotation: None,
            next_rotation: None,
            created: Timestamp(0),
            delete_at: None,
        }
    }

    #[test]
    fn a_key_is_gone_when_its_time_has_come() {
        assert!(!key().is_gone(Timestamp(i64::MAX)));
        let planned = Key { delete_at: Some(Timestamp(5)), ..key() };
        assert!(!planned.is_gone(Timestamp(4)));
        assert!(planned.is_gone(Timestamp(5)));
        assert_eq!(key().arn(), "acs:kms:cn-hangzhou:1000000000000001:key/key-1");
    }

    #[test]
    fn a_key_is_unavailable_while_its_instance_is_not_connected() {
        let all = [KeyState::Enabled, KeyState::Disabled, KeyState::PendingImport];
        let of = |own_state, instance: Option<&str>| Key {
            own_state,
            instance: instance.map(|id| InstanceId::parse(id).unwrap()),
            ..key()
        };
        let down = Instance { state: InstanceState::Disconnected, ..Instance::OPEN };
        let instances = [("kst-up", Instance::OPEN), ("kst-down", down)];
        let instances: BTreeMap<_, _> =
            instances.map(|(id, instance)| (InstanceId::parse(id).unwrap(), instance)).into();
        let cloud = Cloud { instances: Some(instances), ..Cloud::default() };
        for state in all {
            for instance in [None, Some("kst-up")] {
                assert_eq!(of(state, instance).state(&cloud), state);
            }
            for instance in ["kst-down", "kst-gone"] {
                assert_eq!(of(state, Some(instance)).state(&cloud), KeyState::Unavailable);
            }
            assert_eq!(of(state, Some("kst-any")).state(&Cloud::default()), state);
        }
        let deleted = of(KeyState::PendingDeletion, Some("kst-down"));
        assert_eq!(deleted.state(&cloud), KeyState::PendingDeletion);
    }
}
