//! What lists of secrets tell, and where a list goes on.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::{Error, Field, Kind, Result, Scope, SecretName, SecretType, TagKey, TagValue};
use crate::clock::Timestamp;

/// How many bytes of its digest a token has.
const DIGEST: usize = 12;

/// A secret as lists tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSummary {
    pub id: i64,
    pub name: SecretName,
    pub secret_type: SecretType,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// When it is to be deleted, if it is.
    pub delete_at: Option<Timestamp>,
}

/// The tags that are listed: of resources of one kind in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagList {
    pub scope: Scope,
    pub kind: Kind,
    /// Of these resources, by their numbers in their order; of all where there are none.
    pub ids: Option<Vec<i64>>,
    /// Only of resources that have all of these; a key without a value stands for any value of it.
    pub tags: Vec<(TagKey, Option<TagValue>)>,
}

/// The last tag of a page, behind which the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPlace {
    /// The number of its resource.
    pub id: i64,
    pub key: String,
}

impl TagPlace {
    /// The text that stands for the place in this list.
    #[must_use]
    pub fn token(&self, list: &TagList) -> String {
        let place = [&self.id.to_be_bytes(), self.key.as_bytes()].concat();
        BASE64URL_NOPAD.encode(&[&digest(list, &place), &place[..]].concat())
    }

    /// The place that such a text stands for.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that was not made for this very list.
    pub fn parse(token: &str, list: &TagList) -> Result<Self> {
        let place = || {
            let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
            let (sum, place) = bytes.split_at_checked(DIGEST)?;
            let (id, key) = place.split_first_chunk()?;
            let key = String::from_utf8(key.to_vec()).ok()?;
            (sum == digest(list, place)).then(|| Self { id: i64::from_be_bytes(*id), key })
        };
        let why = "was not given for this list";
        place().ok_or_else(|| Error::invalid(Field::NextToken, why))
    }
}

/// A place and the list that it is in, so that neither can be another one unnoticed.
fn digest(list: &TagList, place: &[u8]) -> [u8; DIGEST] {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(list.scope.to_string().as_bytes());
    add(list.kind.name().as_bytes());
    for id in list.ids.iter().flatten() {
        add(&id.to_be_bytes());
    }
    for (key, value) in &list.tags {
        add(key.as_str().as_bytes());
        add(value.as_ref().map_or(b"any", |value| value.as_str().as_bytes()));
        add(&[u8::from(value.is_some())]);
    }
    add(place);
    let mut digest = [0; DIGEST];
    digest.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    digest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn list() -> TagList {
        TagList {
            scope: Scope::parse("1/cn-hangzhou").unwrap(),
            kind: Kind::Secret,
            ids: None,
            tags: vec![],
        }
    }

    #[test]
    fn a_token_stands_for_a_place_in_its_list() {
        let place = TagPlace { id: 7, key: "env".to_owned() };
        let (key, value) = (TagKey::parse("k").unwrap(), TagValue::parse("any").unwrap());
        let lists = [
            list(),
            TagList { scope: Scope::parse("2/cn-hangzhou").unwrap(), ..list() },
            TagList { kind: Kind::Key, ..list() },
            TagList { ids: Some(vec![7]), ..list() },
            TagList { ids: Some(vec![7, 8]), ..list() },
            TagList { tags: vec![(key.clone(), None)], ..list() },
            TagList { tags: vec![(key, Some(value))], ..list() },
        ];
        for (number, one) in lists.iter().enumerate() {
            let token = place.token(one);
            for (other, list) in lists.iter().enumerate() {
                let parsed = TagPlace::parse(&token, list);
                assert_eq!(parsed.is_ok(), number == other, "{number} {other}");
            }
            assert_eq!(TagPlace::parse(&token, one).unwrap(), place);
        }
    }

    #[test]
    fn no_other_text_is_a_token() {
        let token = TagPlace { id: 7, key: "env".to_owned() }.token(&list());
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            *other.get_mut(at).unwrap() ^= 1;
            let other = String::from_utf8(other).unwrap();
            assert!(TagPlace::parse(&other, &list()).is_err(), "{other}");
        }
        for text in ["", "0", "200", "AAAA", "中", &token.repeat(2), &format!("{token}=")] {
            let refused = TagPlace::parse(text, &list());
            assert!(matches!(refused, Err(Error::Invalid(Field::NextToken, _))), "{text}");
        }
    }
}
