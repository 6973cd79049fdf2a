//! Keys: what they are made for, and the states that they go through.

use super::{Error, Field, KeyState, Result, rotation::seconds, whole_number};
use crate::{clock::Timestamp, text::is_storable_text};

/// How long a key's description may be, in characters (parameter table of CreateKey).
const DESCRIPTION_MAX: usize = 8192;

/// How long a key waits to be deleted, in days (parameter table of ScheduleKeyDeletion).
const WINDOW_DAYS: std::ops::RangeInclusive<u32> = 7..=366;

/// How often a key may be rotated, in days (parameter table of CreateKey, for software keys).
const ROTATION_DAYS: std::ops::RangeInclusive<i64> = 7..=365;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// The specifications that are documented and not emulated.
const OTHER_SPECS: &[&str] =
    &["Aliyun_DES3_192", "RSA_2048", "RSA_3072", "RSA_4096", "EC_P256K", "EC_SM2"];

/// What kind of key it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum KeySpec {
    /// The default (documented).
    #[default]
    Aes256,
    /// AES with a key of 192 bits.
    Aes192,
    /// AES with a key of 128 bits.
    Aes128,
    /// SM4, whose keys have 128 bits.
    Sm4,
    /// An asymmetric one; it can be described and not used.
    EcP256,
}

impl KeySpec {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Aes256, Self::Aes192, Self::Aes128, Self::Sm4, Self::EcP256];

    /// The name that parameters and replies have (documented).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "Aliyun_AES_256",
            Self::Aes192 => "Aliyun_AES_192",
            Self::Aes128 => "Aliyun_AES_128",
            Self::Sm4 => "Aliyun_SM4",
            Self::EcP256 => "EC_P256",
        }
    }

    /// The specification of that name.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for one that is documented and not emulated, [`Error::Invalid`] for any other text.
    pub fn parse(text: &str) -> Result<Self> {
        if OTHER_SPECS.contains(&text) {
            return Err(Error::Unsupported);
        }
        let known = Self::ALL.into_iter().find(|spec| spec.name() == text);
        known.ok_or_else(|| Error::invalid(Field::KeySpec, "is no specification of a key"))
    }

    /// Whether one secret key seals and opens.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        match self {
            Self::Aes256 | Self::Aes192 | Self::Aes128 | Self::Sm4 => true,
            Self::EcP256 => false,
        }
    }

    /// Whether data can be encrypted by such a key, and secrets.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an asymmetric key (error table of GenerateDataKey and Decrypt).
    pub fn check_encrypts(self) -> Result<()> {
        self.is_symmetric().then_some(()).ok_or(Error::Unsupported)
    }
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUsage {
    /// Of symmetric keys.
    EncryptDecrypt,
    /// Of asymmetric keys.
    SignVerify,
}

impl KeyUsage {
    /// The name that parameters and replies have (documented).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EncryptDecrypt => "ENCRYPT/DECRYPT",
            Self::SignVerify => "SIGN/VERIFY",
        }
    }

    /// The usage of that name.
    pub fn parse(text: &str) -> Result<Self> {
        [Self::EncryptDecrypt, Self::SignVerify]
            .into_iter()
            .find(|usage| usage.name() == text)
            .ok_or_else(|| Error::invalid(Field::KeyUsage, "is no usage of a key"))
    }

    /// The usage of a new key: `SIGN/VERIFY` where the key can sign, else `ENCRYPT/DECRYPT` (documented). Each of the
    /// specifications has only one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when another one is asked for.
    pub fn of(spec: KeySpec, asked: Option<Self>) -> Result<Self> {
        let only = if spec.is_symmetric() { Self::EncryptDecrypt } else { Self::SignVerify };
        match asked {
            Some(usage) if usage != only => {
                let reason = format!("has to be {} for this KeySpec", only.name());
                Err(Error::invalid(Field::KeyUsage, reason))
            }
            Some(_) | None => Ok(only),
        }
    }
}

/// Where a key's material comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The default (documented).
    #[default]
    AliyunKms,
    /// From outside. It is not emulated that it comes.
    External,
}

impl Origin {
    /// The name that parameters and replies have; the case counts (documented).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AliyunKms => "Aliyun_KMS",
            Self::External => "EXTERNAL",
        }
    }

    /// The origin of that name.
    pub fn parse(text: &str) -> Result<Self> {
        [Self::AliyunKms, Self::External]
            .into_iter()
            .find(|origin| origin.name() == text)
            .ok_or_else(|| Error::invalid(Field::Origin, "is no origin of a key"))
    }

    /// Whether the material of such a key can come from there.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an asymmetric key from outside.
    pub fn check(self, spec: KeySpec) -> Result<()> {
        match self {
            Self::AliyunKms => Ok(()),
            Self::External => spec.check_encrypts(),
        }
    }

    /// The state of a new key (documented), and of one that is not to be deleted any more.
    #[must_use]
    pub const fn first_state(self) -> KeyState {
        match self {
            Self::AliyunKms => KeyState::Enabled,
            Self::External => KeyState::PendingImport,
        }
    }
}

/// What keeps a key's material. It makes no difference here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProtectionLevel {
    /// The default, where the region has no hardware modules (documented).
    #[default]
    Software,
    /// A hardware module.
    Hsm,
}

impl ProtectionLevel {
    /// The name that parameters and replies have (documented).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Software => "SOFTWARE",
            Self::Hsm => "HSM",
        }
    }

    /// The level of that name.
    pub fn parse(text: &str) -> Result<Self> {
        [Self::Software, Self::Hsm]
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| Error::invalid(Field::ProtectionLevel, "is no protection level"))
    }
}

/// What can be done with a key in a state, and the state that it has then (table of states and operations). What is refused
/// is [`Error::KeyState`] where the key is used or described, and [`Error::KeyStateStays`] where it is changed. One that is
/// [`KeyState::Unavailable`] stays so (inferred).
impl KeyState {
    /// Whether the key seals and opens.
    pub fn check_usable(self) -> Result<()> {
        if self == Self::Enabled { Ok(()) } else { Err(Error::KeyState(self)) }
    }

    /// Whether the key's description and tags can be changed, and an alias be given to it that another key has.
    pub fn check_changeable(self) -> Result<()> {
        if self == Self::PendingDeletion { Err(Error::KeyState(self)) } else { Ok(()) }
    }

    /// Whether the key can have a new alias.
    pub fn check_named(self) -> Result<()> {
        self.only_if(self != Self::PendingDeletion).map(drop)
    }

    /// EnableKey; what is enabled already stays so.
    pub fn enable(self) -> Result<Self> {
        self.only_if(matches!(self, Self::Enabled | Self::Disabled)).map(|_| Self::Enabled)
    }

    /// DisableKey; what is disabled already stays so.
    pub fn disable(self) -> Result<Self> {
        self.only_if(matches!(self, Self::Enabled | Self::Disabled)).map(|_| Self::Disabled)
    }

    /// ScheduleKeyDeletion; a second time it is refused.
    pub fn schedule_deletion(self) -> Result<Self> {
        let may = matches!(self, Self::Enabled | Self::Disabled | Self::PendingImport);
        self.only_if(may).map(|_| Self::PendingDeletion)
    }

    /// CancelKeyDeletion: the key is enabled then, also when it was not before (documented). One without material waits for
    /// it again (inferred).
    pub fn cancel_deletion(self, origin: Origin) -> Result<Self> {
        self.only_if(self == Self::PendingDeletion).map(|_| origin.first_state())
    }

    fn only_if(self, may: bool) -> Result<Self> {
        may.then_some(self).ok_or(Error::KeyStateStays(self))
    }
}

/// How long a key waits to be deleted: 7 to 366 days (parameter table of ScheduleKeyDeletion).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingWindow(u32);

impl PendingWindow {
    /// A window of as many days.
    pub fn parse(days: &str) -> Result<Self> {
        whole_number(days, WINDOW_DAYS, Field::PendingWindow).map(Self)
    }

    /// When the key is deleted if the window begins now.
    #[must_use]
    pub fn end(self, now: Timestamp) -> Timestamp {
        after(now, i64::from(self.0) * DAY_SECONDS)
    }
}

/// How often a key gets a new version: each 7 to 365 days (parameter table of CreateKey).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRotation(i64);

impl KeyRotation {
    /// Reads a whole number and its unit, as [`Interval`](super::Interval) does.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another interval.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_seconds(seconds(text)?.and_then(|seconds| seconds.try_into().ok()).unwrap_or(0))
    }

    /// A rotation after as many seconds each.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another interval.
    pub fn from_seconds(seconds: i64) -> Result<Self> {
        let (least, most) =
            (ROTATION_DAYS.start() * DAY_SECONDS, ROTATION_DAYS.end() * DAY_SECONDS);
        let fits = (least..=most).contains(&seconds).then_some(Self(seconds));
        let reason = "is not from 7 to 365 days";
        fits.ok_or_else(|| Error::invalid(Field::RotationInterval, reason))
    }

    /// Whether such a key can be rotated at all.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an asymmetric key, and for one whose material comes from outside (documented).
    pub fn check(spec: KeySpec, origin: Origin) -> Result<()> {
        match origin {
            Origin::AliyunKms => spec.check_encrypts(),
            Origin::External => Err(Error::Unsupported),
        }
    }

    /// The interval, in seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// When the rotation after that one is.
    #[must_use]
    pub fn next(self, last: Timestamp) -> Timestamp {
        after(last, self.0)
    }
}

fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    Timestamp(moment.0.saturating_add(seconds * 1000))
}

/// A key's description: up to 8,192 characters (parameter table of CreateKey) that every reply format can carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyDescription(String);

impl KeyDescription {
    /// The description, if it follows the rule.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |reason| Err(Error::invalid(Field::Description, reason));
        if text.chars().nth(DESCRIPTION_MAX).is_some() {
            return refused("has more than 8192 characters");
        }
        if !is_storable_text(text) {
            return refused("has a control character");
        }
        Ok(Self(text.to_owned()))
    }

    /// The description as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn is_invalid<T>(parsed: &Result<T>, field: Field) -> bool {
        matches!(parsed, Err(Error::Invalid(refused, _)) if *refused == field)
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for spec in KeySpec::ALL {
            assert_eq!(KeySpec::parse(spec.name()), Ok(spec));
        }
        assert_eq!(KeySpec::default().name(), "Aliyun_AES_256");
        for text in ["RSA_2048", "RSA_3072", "RSA_4096", "EC_P256K", "EC_SM2", "Aliyun_DES3_192"] {
            assert_eq!(KeySpec::parse(text), Err(Error::Unsupported), "{text}");
        }
        for text in ["", "AES_256", "aliyun_aes_256", "Aliyun_AES_256 ", "RSA_1024"] {
            assert!(is_invalid(&KeySpec::parse(text), Field::KeySpec), "{text}");
        }
        for usage in [KeyUsage::EncryptDecrypt, KeyUsage::SignVerify] {
            assert_eq!(KeyUsage::parse(usage.name()), Ok(usage));
        }
        for origin in [Origin::AliyunKms, Origin::External] {
            assert_eq!(Origin::parse(origin.name()), Ok(origin));
        }
        for level in [ProtectionLevel::Software, ProtectionLevel::Hsm] {
            assert_eq!(ProtectionLevel::parse(level.name()), Ok(level));
        }
        for text in ["", "ENCRYPT", "aliyun_kms", "ALIYUN_KMS", "External", "Software"] {
            assert!(is_invalid(&KeyUsage::parse(text), Field::KeyUsage), "{text}");
            assert!(is_invalid(&Origin::parse(text), Field::Origin), "{text}");
            assert!(is_invalid(&ProtectionLevel::parse(text), Field::ProtectionLevel), "{text}");
        }
    }

    #[test]
    fn a_specification_has_one_usage() {
        for spec in KeySpec::ALL {
            let (only, other) = if spec == KeySpec::EcP256 {
                (KeyUsage::SignVerify, KeyUsage::EncryptDecrypt)
            } else {
                (KeyUsage::EncryptDecrypt, KeyUsage::SignVerify)
            };
            assert_eq!(KeyUsage::of(spec, None), Ok(only));
            assert_eq!(KeyUsage::of(spec, Some(only)), Ok(only));
            assert!(is_invalid(&KeyUsage::of(spec, Some(other)), Field::KeyUsage), "{spec:?}");
        }
    }

    #[test]
    fn asymmetric_keys_are_neither_used_nor_rotated_nor_imported() {
        for spec in KeySpec::ALL {
            let expected = if spec == KeySpec::EcP256 { Err(Error::Unsupported) } else { Ok(()) };
            assert_eq!(spec.check_encrypts(), expected);
            assert_eq!(Origin::External.check(spec), expected);
            assert_eq!(Origin::AliyunKms.check(spec), Ok(()));
            assert_eq!(KeyRotation::check(spec, Origin::AliyunKms), expected);
            assert_eq!(KeyRotation::check(spec, Origin::External), Err(Error::Unsupported));
        }
    }

    #[test]
    fn states_follow_the_documented_table() {
        use KeyState::{Disabled, Enabled, PendingDeletion, PendingImport, Unavailable};
        for (state, enabled, disabled, deleted, kept, usable, changeable) in [
            (Enabled, true, true, true, false, true, true),
            (Disabled, true, true, true, false, false, true),
            (PendingDeletion, false, false, false, true, false, false),
            (PendingImport, false, false, true, false, false, true),
            (Unavailable, false, false, false, false, false, true),
        ] {
            let expected =
                |may: bool, then| if may { Ok(then) } else { Err(Error::KeyStateStays(state)) };
            assert_eq!(state.enable(), expected(enabled, Enabled));
            assert_eq!(state.disable(), expected(disabled, Disabled));
            assert_eq!(state.schedule_deletion(), expected(deleted, PendingDeletion));
            assert_eq!(state.cancel_deletion(Origin::AliyunKms), expected(kept, Enabled));
            assert_eq!(state.cancel_deletion(Origin::External), expected(kept, PendingImport));
            assert_eq!(state.check_named(), expected(changeable, state).map(drop));
            let expected = |may: bool| if may { Ok(()) } else { Err(Error::KeyState(state)) };
            assert_eq!(state.check_usable(), expected(usable));
            assert_eq!(state.check_changeable(), expected(changeable));
            assert_eq!(KeyState::parse(state.name()), Some(state));
        }
        assert_eq!(KeyState::parse("enabled"), None);
        assert_eq!(Origin::default().first_state(), Enabled);
    }

    #[test]
    fn a_window_has_7_to_366_days() {
        for days in ["", "-7", "0", "6", "367", "7.5", "7d", "9223372036854775808"] {
            assert!(is_invalid(&PendingWindow::parse(days), Field::PendingWindow), "{days}");
        }
        for days in [7, 366] {
            let window = PendingWindow::parse(&days.to_string()).unwrap();
            assert_eq!(window.end(Timestamp(5)), Timestamp(5 + days * 86_400_000));
        }
        let window = PendingWindow::parse("7").unwrap();
        assert_eq!(window.end(Timestamp(i64::MAX)), Timestamp(i64::MAX));
    }

    #[test]
    fn a_key_is_rotated_each_7_to_365_days() {
        for seconds in [i64::MIN, 0, 7 * 86_400 - 1, 365 * 86_400 + 1, i64::MAX] {
            let rotation = KeyRotation::from_seconds(seconds);
            assert!(is_invalid(&rotation, Field::RotationInterval), "{seconds}");
        }
        for text in ["", "7", "6d", "167h", "366d", "7w", "99999999999999999999d", "604799s"] {
            assert!(is_invalid(&KeyRotation::parse(text), Field::RotationInterval), "{text}");
        }
        assert_eq!(KeyRotation::parse("604,800s"), KeyRotation::parse("7d"));
        for seconds in [7 * 86_400, 365 * 86_400] {
            let rotation = KeyRotation::from_seconds(seconds).unwrap();
            assert_eq!(KeyRotation::parse(&format!("{seconds}s")), Ok(rotation));
            assert_eq!(rotation.seconds(), seconds);
            assert_eq!(rotation.next(Timestamp(5)), Timestamp(5 + seconds * 1000));
        }
    }

    #[test]
    fn a_description_has_up_to_8192_characters() {
        for text in ["", "a\nb", &"中".repeat(8192)] {
            assert_eq!(KeyDescription::parse(text).unwrap().as_str(), text);
        }
        for text in ["\u{0}", "\u{1b}[31m", &"中".repeat(8193)] {
            assert!(is_invalid(&KeyDescription::parse(text), Field::Description));
        }
    }
}
