//! How long a deleted secret can be restored.

use super::{Field, Result, whole_number};
use crate::clock::Timestamp;

/// In milliseconds.
const DAY: i64 = 86_400_000;

/// How long a deleted secret can be restored: 7 to 30 days, 30 unless the request says another number (documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryWindow {
    days: u32,
}

impl RecoveryWindow {
    /// The window of that many days; the default without a text, or with an empty one.
    pub fn parse(text: Option<&str>) -> Result<Self> {
        match text {
            None | Some("") => Ok(Self { days: 30 }),
            Some(text) => {
                whole_number(text, 7..=30, Field::RecoveryWindow).map(|days| Self { days })
            }
        }
    }

    /// When a secret that is deleted now will be gone.
    pub fn planned(self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add(i64::from(self.days) * DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::model::Error;

    #[test]
    fn a_window_has_7_to_30_days() {
        let planned =
            |text| RecoveryWindow::parse(text).map(|window| window.planned(Timestamp(5)).0);
        assert_eq!(planned(Some("7")), Ok(604_800_005));
        for text in [None, Some(""), Some("30")] {
            assert_eq!(planned(text), Ok(2_592_000_005));
        }
        for text in ["6", "31", "0", "-7", "7.5", "seven"] {
            let refused = planned(Some(text));
            assert!(matches!(refused, Err(Error::Invalid(Field::RecoveryWindow, _))), "{text}");
        }
        let end = RecoveryWindow { days: 7 }.planned(Timestamp(i64::MAX));
        assert_eq!(end, Timestamp(i64::MAX));
    }
}
