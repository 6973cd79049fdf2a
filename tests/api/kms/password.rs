//! GetRandomPassword.

use std::collections::BTreeSet;

use super::harness::*;

const RANDOM: &str = "GetRandomPassword";
const INVALID: &str = "InvalidParameter";

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = r##"!"#$%&'()*+,-./:;<=>?@[\]^_{|}~"##;

#[track_caller]
fn password(kms: &Kms, parameters: &[(&str, &str)]) -> String {
    let answer = kms.ok(RANDOM, parameters);
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    answer["RandomPassword"].as_str().unwrap().to_owned()
}

/// All characters of 40 passwords.
fn drawn(kms: &Kms, parameters: &[(&str, &str)]) -> BTreeSet<char> {
    let parameters = [&[("PasswordLength", "128")], parameters].concat();
    (0..40).flat_map(|_| password(kms, &parameters).chars().collect::<Vec<_>>()).collect()
}

#[test]
fn a_password_has_the_length_that_is_asked_for() {
    let kms = Kms::start();
    assert_eq!(password(&kms, &[]).len(), 32);
    assert_eq!(password(&kms, &[("PasswordLength", "")]).len(), 32);
    for length in [8, 9, 127, 128] {
        let text = length.to_string();
        assert_eq!(password(&kms, &[("PasswordLength", &text)]).len(), length);
    }
    for length in ["7", "129", "0", "-8", "8.0", "eight", "99999999999999999999"] {
        let parameters = [("PasswordLength", length)];
        kms.refused(RANDOM, &parameters, 400, INVALID, &some_not_valid("PasswordLength"));
    }
    let all: BTreeSet<String> =
        (0..50).map(|_| password(&kms, &[("PasswordLength", "8")])).collect();
    assert_eq!(all.len(), 50);
}

#[test]
fn a_password_has_a_character_of_each_type_that_is_left() {
    let kms = Kms::start();
    let types = [
        ("ExcludeLowercase", LOWERCASE),
        ("ExcludeUppercase", UPPERCASE),
        ("ExcludeNumbers", NUMBERS),
        ("ExcludePunctuation", PUNCTUATION),
    ];
    let alphabet: BTreeSet<char> = types.iter().flat_map(|(_, all)| all.chars()).collect();
    assert_eq!(drawn(&kms, &[]), alphabet);
    for required in
        [&[][..], &[("RequireEachIncludedType", "true")], &[("RequireEachIncludedType", "False")]]
    {
        for chosen in 0..15_usize {
            let is_excluded = |number: usize| chosen & (1 << number) != 0;
            let mut parameters = [required, &[("PasswordLength", "8")]].concat();
            for (number, (name, _)) in types.iter().enumerate() {
                let text = match (is_excluded(number), number) {
                    (true, 0) => "True",
                    (true, _) => "true",
                    (false, 1) => "false",
                    (false, _) => continue,
                };
                parameters.push((name, text));
            }
            let password = password(&kms, &parameters);
            for (number, (_, characters)) in types.iter().enumerate() {
                let has = password.contains(|c| characters.contains(c));
                assert_eq!(has, !is_excluded(number), "{parameters:?}");
            }
        }
    }
    let all: Vec<(&str, &str)> = types.iter().map(|(name, _)| (*name, "true")).collect();
    kms.refused(RANDOM, &all, 400, INVALID, &some_not_valid("ExcludeCharacters"));
    for (name, _) in types {
        kms.refused(RANDOM, &[(name, "yes")], 400, INVALID, &some_not_valid(name));
    }
    let parameters = [("RequireEachIncludedType", "1")];
    kms.refused(RANDOM, &parameters, 400, INVALID, &some_not_valid("RequireEachIncludedType"));
}

#[test]
fn exclusions_are_no_pattern() {
    let kms = Kms::start();
    let alphabet = [LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION].concat();
    for excluded in ["^", "]", "a-z", "[0-9]", r"\d", "^a", "+ &%".replace(' ', "").as_str()] {
        let left: BTreeSet<char> = alphabet.chars().filter(|c| !excluded.contains(*c)).collect();
        assert_eq!(drawn(&kms, &[("ExcludeCharacters", excluded)]), left, "{excluded}");
    }
    // A type of which nothing is left is left out.
    let digits: BTreeSet<char> = NUMBERS.chars().collect();
    let parameters = [
        ("ExcludeCharacters", LOWERCASE),
        ("ExcludeUppercase", "true"),
        ("ExcludePunctuation", "true"),
    ];
    assert_eq!(drawn(&kms, &parameters), digits);
    // Clients name characters that no password has anyway.
    let foreign = "` é\n0";
    let left: BTreeSet<char> = alphabet.chars().filter(|c| *c != '0').collect();
    assert_eq!(drawn(&kms, &[("ExcludeCharacters", foreign)]), left);
    let parameters = [("ExcludeCharacters", alphabet.as_str())];
    kms.refused(RANDOM, &parameters, 400, INVALID, &some_not_valid("ExcludeCharacters"));
}
