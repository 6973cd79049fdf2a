//! Whole numbers in parameters.

use std::ops::RangeInclusive;

use super::{Error, Field, Result};

/// The number that a parameter holds: decimal digits and nothing else, within `allowed`.
pub fn whole_number(text: &str, allowed: RangeInclusive<u32>, field: Field) -> Result<u32> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_decimal { text.parse().ok() } else { None };
    number.filter(|number| allowed.contains(number)).ok_or_else(|| {
        let (least, most) = allowed.into_inner();
        Error::invalid(field, format!("is not a whole number from {least} to {most}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_within_their_bounds() {
        let parse = |text| whole_number(text, 7..=u32::MAX, Field::PageNumber);
        for (text, number) in [("7", 7), ("010", 10), ("4294967295", u32::MAX)] {
            assert_eq!(parse(text), Ok(number));
        }
        for text in
            ["", "6", "4294967296", "99999999999999999999", "+7", "-7", "7.0", " 7", "7d", "٧"]
        {
            let refused =
                Error::invalid(Field::PageNumber, "is not a whole number from 7 to 4294967295");
            assert_eq!(parse(text), Err(refused), "{text}");
        }
    }
}
