//! When secrets that the service manages get their next version.

use std::fmt;

use super::{Error, Field, Result};
use crate::clock::Timestamp;

/// The units of an interval, in seconds (documented).
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// The shortest interval in seconds: 6 hours (documented).
const SHORTEST: u64 = 21_600;

/// The shortest interval in seconds that the pages of UpdateSecretRotationPolicy name: 168 hours.
const WEEK: u32 = 604_800;

/// The longest interval in seconds: 8,760 hours (documented).
const LONGEST: u64 = 31_536_000;

/// The time between two rotations: 6 hours to 8,760 hours (documented), in seconds. Displayed as replies have it: `604800s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(u32);

impl Interval {
    /// Reads a whole number and its unit, such as `7d`; commas may stand between the number's digits (documented:
    /// `604,800s`).
    pub fn parse(text: &str) -> Result<Self> {
        let reason = "is shorter than 6 hours or longer than 8,760 hours";
        let interval = seconds(text)?.and_then(Self::of_seconds);
        interval.ok_or_else(|| Error::invalid(Field::RotationInterval, reason))
    }

    /// The interval of that many seconds; `None` outside the limits.
    pub fn of_seconds(seconds: u64) -> Option<Self> {
        let is_allowed = (SHORTEST..=LONGEST).contains(&seconds);
        if is_allowed { u32::try_from(seconds).ok().map(Self) } else { None }
    }

    /// The interval, if it is a week at least, which one of its pages demands (documented; the SDK's demands six hours).
    pub fn of_a_week_at_least(self) -> Result<Self> {
        if self.0 >= WEEK {
            return Ok(self);
        }
        Err(Error::invalid(Field::RotationInterval, "is shorter than 7 days"))
    }

    /// Its seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// When the next rotation is due: so long after the last one, or after the secret was made (documented).
    pub fn next(self, last_or_created: Timestamp) -> Timestamp {
        Timestamp(last_or_created.0.saturating_add(i64::from(self.0) * 1_000))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

/// The seconds of a whole number and its unit; `None` for more than there can be.
pub(super) fn seconds(text: &str) -> Result<Option<u64>> {
    let reason = "is not a whole number followed by d, h, m or s";
    let (digits, unit) = UNITS
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .filter(|(digits, _)| digits.split(',').all(is_number))
        .ok_or_else(|| Error::invalid(Field::RotationInterval, reason))?;
    let number = digits.replace(',', "").parse::<u64>().ok();
    Ok(number.and_then(|number| number.checked_mul(unit)))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a managed secret is rotated by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutomaticRotation {
    Enabled,
    Disabled,
    /// It is to be, and its account cannot be rotated.
    Invalid,
}

impl AutomaticRotation {
    /// The state's name, as replies have it (documented).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::Invalid => "Invalid",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Enabled, Self::Disabled, Self::Invalid];
        all.into_iter().find(|known| known.as_str() == text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_read_in_every_unit_and_shown_in_seconds() {
        for (text, shown) in [
            ("21600s", "21600s"),
            ("360m", "21600s"),
            ("6h", "21600s"),
            ("7d", "604800s"),
            ("604,800s", "604800s"),
            ("6,0,4,800s", "604800s"),
            ("605800s", "605800s"),
            ("007d", "604800s"),
            ("8760h", "31536000s"),
            ("8,760h", "31536000s"),
            ("365d", "31536000s"),
            ("31536000s", "31536000s"),
        ] {
            let interval = Interval::parse(text).unwrap();
            assert_eq!(interval.to_string(), shown, "{text}");
            assert_eq!(Interval::of_seconds(interval.seconds().into()), Some(interval));
        }
    }

    #[test]
    fn what_is_no_interval() {
        let long = format!("{}s", "9".repeat(5_000));
        let overflowing = format!("{}d", u64::MAX);
        for text in
            ["5h", "21599s", "359m", "0d", "366d", "8761h", "31536001s", &long, &overflowing]
        {
            let refused = Interval::parse(text).unwrap_err();
            assert!(refused.to_string().contains("6 hours"), "{text}: {refused}");
        }
        for text in [
            "",
            "d",
            "7",
            "7D",
            "1w",
            "7 d",
            " 7d",
            "7d ",
            "+7d",
            "-7d",
            "7.5d",
            ",7d",
            "604800,s",
            "604,,800s",
            "7d7h",
            "٧d",
            "7日",
            "7dd",
        ] {
            let refused = Interval::parse(text).unwrap_err();
            assert!(refused.to_string().contains("whole number"), "{text}: {refused}");
        }
    }

    #[test]
    fn where_a_week_is_the_least_it_is_enough() {
        let refused = |text| Interval::parse(text).unwrap().of_a_week_at_least().err();
        assert_eq!(["7d", "168h", "8760h"].map(refused), [None, None, None]);
        let shorter = Error::invalid(Field::RotationInterval, "is shorter than 7 days");
        assert_eq!(["604799s", "6h"].map(refused), [Some(shorter.clone()), Some(shorter)]);
    }

    #[test]
    fn the_next_rotation_is_one_interval_later() {
        let interval = Interval::parse("6h").unwrap();
        assert_eq!(interval.next(Timestamp(7)), Timestamp(21_600_007));
        assert_eq!(interval.next(Timestamp(i64::MAX)), Timestamp(i64::MAX));
    }

    #[test]
    fn states_have_names() {
        for text in ["Enabled", "Disabled", "Invalid"] {
            assert_eq!(AutomaticRotation::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(AutomaticRotation::parse("enabled"), None);
    }
}
