//! Passwords that are made here.

use zeroize::Zeroizing;

use super::{Error, Field, Random, Result};

/// How many characters a password has unless the caller says otherwise (documented).
pub const DEFAULT_LENGTH: usize = 32;
const LENGTH_MIN: usize = 8;
const LENGTH_MAX: usize = 128;

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
/// Without the space and the backtick (documented).
const PUNCTUATION: &str = r##"!"#$%&'()*+,-./:;<=>?@[\]^_{|}~"##;
/// The punctuation that the passwords of database accounts may have (documented for RDS, Redis and PolarDB alike). The
/// passwords of ECS instances may have all of it, too.
const ACCOUNT_PUNCTUATION: &str = "!@#$%^&*()_+-=";

/// The types of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharacterType {
    Lowercase,
    Uppercase,
    Numbers,
    Punctuation,
}

impl CharacterType {
    const ALL: [Self; 4] = [Self::Lowercase, Self::Uppercase, Self::Numbers, Self::Punctuation];

    const fn characters(self) -> &'static str {
        match self {
            Self::Lowercase => LOWERCASE,
            Self::Uppercase => UPPERCASE,
            Self::Numbers => NUMBERS,
            Self::Punctuation => PUNCTUATION,
        }
    }
}

/// How a password is to be. It always has a character of each type that is left, which fits both defaults that are
/// documented for RequireEachIncludedType: the shortest password has more characters than there are types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRules {
    length: usize,
    /// What is left of each type; none is empty.
    types: Vec<String>,
}

impl PasswordRules {
    /// The rules for a password of 8 to 128 characters (documented).
    ///
    /// The characters to leave out are just those: `^`, `]` and `a-z` are no patterns. One that no password has, such as the
    /// space, may be among them (seen in several clients).
    pub fn new(
        length: usize,
        excluded_types: &[CharacterType],
        excluded_characters: &str,
    ) -> Result<Self> {
        if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
            return Err(Error::invalid(Field::PasswordLength, "is not between 8 and 128"));
        }
        let included = CharacterType::ALL.into_iter().filter(|it| !excluded_types.contains(it));
        let left = included.map(|included| {
            let characters = included.characters().chars();
            characters.filter(|c| !excluded_characters.contains(*c)).collect::<String>()
        });
        let types: Vec<String> = left.filter(|left| !left.is_empty()).collect();
        if types.is_empty() {
            let reason = "leaves no character to make a password of";
            return Err(Error::invalid(Field::ExcludedCharacters, reason));
        }
        Ok(Self { length, types })
    }

    /// A new password.
    pub fn generate(&self, random: &mut dyn Random) -> Result<Zeroizing<String>> {
        let types: Vec<&str> = self.types.iter().map(String::as_str).collect();
        generate(self.length, &types, random)
    }
}

/// A new password for an account of a database or a server, with a character of each type.
pub fn account_password(length: usize, random: &mut dyn Random) -> Result<Zeroizing<String>> {
    generate(length, &[LOWERCASE, UPPERCASE, NUMBERS, ACCOUNT_PUNCTUATION], random)
}

/// Capital and small letters and digits, as access keys are made of.
pub fn letters_and_digits(length: usize, random: &mut dyn Random) -> Result<Zeroizing<String>> {
    generate(length, &[&[LOWERCASE, UPPERCASE, NUMBERS].concat()], random)
}

/// A text of these ASCII characters, with at least one of each type, as far as its length allows.
fn generate(length: usize, types: &[&str], random: &mut dyn Random) -> Result<Zeroizing<String>> {
    let all = types.concat();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    for from in types.iter().copied().chain(std::iter::repeat(all.as_str())).take(length) {
        let drawn = random.below(from.len())?;
        bytes.extend(from.as_bytes().get(drawn));
    }
    // Else the first character would always be of the first type.
    random.shuffle(&mut bytes)?;
    let mut text = Zeroizing::new(String::with_capacity(length));
    text.extend(bytes.iter().map(|byte| char::from(*byte)));
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::{
        super::random::tests::{broken, seeded},
        CharacterType::{Lowercase, Numbers, Punctuation, Uppercase},
        *,
    };

    const ALPHABET: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\
                            !\"#$%&'()*+,-./:;<=>?@[\\]^_{|}~";

    fn rules(length: usize, types: &[CharacterType], characters: &str) -> Result<PasswordRules> {
        PasswordRules::new(length, types, characters)
    }

    /// All characters of 200 passwords.
    fn drawn(rules: &PasswordRules) -> BTreeSet<char> {
        let mut random = seeded(3);
        let passwords = (0..200).map(|_| rules.generate(&mut random).unwrap());
        passwords.flat_map(|password| password.chars().collect::<Vec<_>>()).collect()
    }

    #[test]
    fn the_alphabet_is_the_documented_one() {
        let all: String = CharacterType::ALL.map(CharacterType::characters).concat();
        assert_eq!(all.len(), ALPHABET.len());
        assert_eq!(all.chars().collect::<BTreeSet<_>>(), ALPHABET.chars().collect());
        assert_eq!(drawn(&rules(128, &[], "").unwrap()), ALPHABET.chars().collect());
        assert!(!ALPHABET.contains([' ', '`']));
    }

    #[test]
    fn lengths_have_bounds() {
        for length in [8, 9, DEFAULT_LENGTH, 127, 128] {
            let password = rules(length, &[], "").unwrap().generate(&mut seeded(4)).unwrap();
            assert_eq!(password.chars().count(), length);
        }
        for length in [0, 7, 129, usize::MAX] {
            let error = Error::invalid(Field::PasswordLength, "is not between 8 and 128");
            assert_eq!(rules(length, &[], ""), Err(error));
        }
    }

    #[test]
    fn whole_types_are_left_out() {
        for (types, left) in [
            (&[Lowercase][..], [UPPERCASE, NUMBERS, PUNCTUATION].concat()),
            (&[Uppercase], [LOWERCASE, NUMBERS, PUNCTUATION].concat()),
            (&[Numbers], [LOWERCASE, UPPERCASE, PUNCTUATION].concat()),
            (&[Punctuation], [LOWERCASE, UPPERCASE, NUMBERS].concat()),
            (&[Lowercase, Uppercase, Punctuation, Punctuation], NUMBERS.to_owned()),
        ] {
            assert_eq!(drawn(&rules(64, types, "").unwrap()), left.chars().collect(), "{types:?}");
        }
    }

    #[test]
    fn excluded_characters_are_no_pattern() {
        for excluded in ["^", "]", "a-z", "[0-9]", "\\", "\\d", "^a", "aa", ".*", "0"] {
            let seen = drawn(&rules(128, &[], excluded).unwrap());
            let left = ALPHABET.chars().filter(|c| !excluded.contains(*c)).collect();
            assert_eq!(seen, left, "{excluded}");
        }
        for foreign in [" ", "`", "\n", "é中", "\0"] {
            assert_eq!(rules(8, &[], foreign), rules(8, &[], ""), "{foreign:?}");
        }
    }

    #[test]
    fn a_type_of_which_nothing_is_left_is_left_out() {
        let rules = rules(8, &[Lowercase, Punctuation], NUMBERS).unwrap();
        assert_eq!(drawn(&rules), UPPERCASE.chars().collect());
    }

    #[test]
    fn something_has_to_be_left() {
        let error = "leaves no character to make a password of";
        let error = Error::invalid(Field::ExcludedCharacters, error);
        for (types, characters) in [
            (&CharacterType::ALL[..], ""),
            (&[], ALPHABET),
            (&[Lowercase, Uppercase, Punctuation], NUMBERS),
        ] {
            assert_eq!(rules(8, types, characters), Err(error.clone()));
        }
        let one = &ALPHABET[..ALPHABET.len() - 1];
        assert_eq!(*rules(8, &[], one).unwrap().generate(&mut seeded(5)).unwrap(), "~~~~~~~~");
    }

    /// Each type may stand anywhere, and no character of a type comes up more often than another one.
    #[test]
    fn places_and_characters_are_even() {
        let rules = rules(8, &[Punctuation], "").unwrap();
        let mut random = seeded(6);
        let (mut digits_at, mut letters) = ([0; 8], BTreeMap::new());
        for _ in 0..20_000 {
            let password = rules.generate(&mut random).unwrap();
            for (count, c) in digits_at.iter_mut().zip(password.chars()) {
                *count += i32::from(c.is_ascii_digit());
                if c.is_ascii_lowercase() {
                    *letters.entry(c).or_insert(0) += 1;
                }
            }
        }
        // One sure digit and 10 of 62 of the five other characters, in eight places: 4,516 expected.
        assert!(digits_at.iter().all(|count| (4_100..=4_900).contains(count)), "{digits_at:?}");
        // One sure letter and 26 of 62 of the five others, by 26: 2,382 expected.
        assert_eq!(letters.len(), 26);
        assert!(letters.values().all(|count| (2_050..=2_720).contains(count)), "{letters:?}");
    }

    #[test]
    fn accounts_and_access_keys() {
        let password = account_password(32, &mut seeded(7)).unwrap();
        assert_eq!(password.len(), 32);
        for characters in [LOWERCASE, UPPERCASE, NUMBERS, ACCOUNT_PUNCTUATION] {
            assert!(password.contains(|c| characters.contains(c)), "{}", *password);
        }
        let text = letters_and_digits(18, &mut seeded(8)).unwrap();
        assert!(text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(letters_and_digits(1, &mut broken()).is_err());
        assert!(rules(8, &[], "").unwrap().generate(&mut broken()).is_err());
    }

    proptest! {
        #[test]
        fn a_password_keeps_its_rules(
            length in 8_usize..=128,
            types in prop::sample::subsequence(CharacterType::ALL.to_vec(), 0..=3),
            excluded in "[!-_a-~]{0,40}",
            seed: u64,
        ) {
            prop_assume!(rules(length, &types, &excluded).is_ok());
            let rules = rules(length, &types, &excluded).unwrap();
            let password = rules.generate(&mut seeded(seed)).unwrap();
            prop_assert_eq!(password.len(), length);
            prop_assert!(!password.contains(|c| excluded.contains(c) || !ALPHABET.contains(c)));
            for known in CharacterType::ALL {
                let left = known.characters().chars().any(|c| !excluded.contains(c));
                let has = password.contains(|c| known.characters().contains(c));
                prop_assert_eq!(has, left && !types.contains(&known));
            }
        }
    }
}
