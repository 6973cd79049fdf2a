//! Pages of lists.

use super::{Field, Result, whole_number};

/// How many entries a page may have (documented for most lists; inferred for ListSecretVersionIds).
const SIZE_MAX: u32 = 100;

/// The largest number of a page: the parameter is an `int32` (documented), and so is the reply's.
const NUMBER_MAX: u32 = i32::MAX.unsigned_abs();

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Counted from 1; at most 2^31 - 1.
    pub number: u32,
    /// How many entries it has at most: 1 to 100.
    pub size: u32,
}

impl Page {
    /// How many entries a page of most lists has when the request does not say (documented).
    pub const SIZE: u32 = 10;

    /// How many entries a page of ListSecretVersionIds and ListKmsInstances has when the request does not say
    /// (documented).
    pub const SIZE_OF_LONG: u32 = 20;

    /// The page of this number and size; without a text, or with an empty one, the first page and `default_size`.
    pub fn parse(number: Option<&str>, size: Option<&str>, default_size: u32) -> Result<Self> {
        let read = |text: Option<&str>, most, default, field| match text {
            None | Some("") => Ok(default),
            Some(text) => whole_number(text, 1..=most, field),
        };
        Ok(Self {
            number: read(number, NUMBER_MAX, 1, Field::PageNumber)?,
            size: read(size, SIZE_MAX, default_size, Field::PageSize)?,
        })
    }

    /// How many entries stand before it.
    pub fn offset(self) -> u64 {
        u64::from(self.number.saturating_sub(1)) * u64::from(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::model::Error;

    #[test]
    fn pages_have_bounds_and_defaults() {
        let parse = |number, size| Page::parse(number, size, Page::SIZE);
        assert_eq!(parse(None, Some("")), Ok(Page { number: 1, size: 10 }));
        assert_eq!(Page::parse(Some(""), None, Page::SIZE_OF_LONG).map(|page| page.size), Ok(20));
        assert_eq!(parse(Some("3"), Some("7")).map(Page::offset), Ok(14));
        assert_eq!(parse(Some("1"), Some("1")).map(Page::offset), Ok(0));
        let last = parse(Some("2147483647"), Some("100"));
        assert_eq!(last.map(Page::offset), Ok(214_748_364_600));
        for number in ["0", "2147483648", "-1", "x"] {
            let refused = parse(Some(number), None);
            assert!(matches!(refused, Err(Error::Invalid(Field::PageNumber, _))), "{number}");
        }
        for size in ["0", "101", "1.5"] {
            let refused = parse(None, Some(size));
            assert!(matches!(refused, Err(Error::Invalid(Field::PageSize, _))), "{size}");
        }
    }
}
