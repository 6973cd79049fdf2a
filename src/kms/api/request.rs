//! One request as handlers see it.

use std::collections::BTreeSet;

use super::{errors::Fault, operation::Operation, reply::Answer};
use crate::{
    exchange::Call,
    kms::{
        model::{AliasName, Error, Field, KeyId, KeyName, KeyRef, Kind, Page, SecretRef, TAGS_MAX},
        service::{Context, Service},
    },
    pop::{self, Malformed, Parameter, Parameters, Structure},
};

/// What the audit log calls the secret and the key that a request is about.
pub const SECRET_NAME: &str = "secret_name";
pub const KEY_ID: &str = "key_id";

/// What it calls them where there are several.
pub const SECRET_NAMES: &str = "secret_names";
pub const KEY_IDS: &str = "key_ids";

/// What it calls those of several secrets that the caller has no right to.
pub const DENIED_NAMES: &str = "denied_names";

/// What it calls the alias that a request names.
const ALIAS_NAME: &str = "alias_name";

/// One request, ready for a handler.
pub struct Request<'a> {
    pub operation: Operation,
    pub parameters: Parameters,
    pub context: Context,
    /// What can be done.
    pub service: &'a Service,
    pub call: &'a Call<'a>,
}

/// What a handler answers.
pub type Handled = Result<Answer, Fault>;

impl Request<'_> {
    /// The reply with these members.
    pub fn answer(&self, members: &impl serde::Serialize) -> Handled {
        Ok(Answer::new(&self.call.request_id, members)?)
    }

    fn find<T: Parameter>(&self, name: &'static str) -> Result<Option<T>, Fault> {
        T::find(&self.parameters, name).map_err(|Malformed| pop::Fault::Invalid(name).into())
    }

    /// A parameter as text; an empty one says nothing.
    pub fn text(&self, name: &'static str) -> Result<Option<String>, Fault> {
        Ok(self.find(name)?.filter(|text: &String| !text.is_empty()))
    }

    /// A text of which it counts whether it is there: an empty one is told from none.
    pub fn text_or_empty(&self, name: &'static str) -> Result<Option<String>, Fault> {
        self.find(name)
    }

    /// A parameter that must be there.
    pub fn required(&self, name: &'static str) -> Result<String, Fault> {
        self.text(name)?.ok_or(Fault::Parameter(pop::Fault::Absent(name)))
    }

    /// The secret that the operation is about, which the logs name as well.
    pub fn secret(&self) -> Result<SecretRef, Fault> {
        let named = SecretRef::parse(&self.required("SecretName")?)?;
        self.note_secret(&named);
        Ok(named)
    }

    /// Notes the secret for the logs: by its ARN where it is not in the scope of the request.
    pub fn note_secret(&self, named: &SecretRef) {
        let own = &self.context.scope;
        let name = match named.locate(own) {
            Ok((scope, name)) if scope == own => name.as_str().to_owned(),
            _ => named.arn(own),
        };
        self.call.note(|outcome| outcome.note_object(SECRET_NAME, name));
    }

    /// Notes the key for the logs as the request names it: by its ARN where it is not in the scope of the request.
    pub fn note_key(&self, named: &KeyRef) {
        let scope = named.scope.as_ref().filter(|scope| **scope != self.context.scope);
        let (member, kind, name, text) = match &named.name {
            KeyName::Id(id) => (KEY_ID, Kind::Key, id.as_str(), id.as_str()),
            KeyName::Alias(alias) => (ALIAS_NAME, Kind::Alias, alias.short(), alias.as_str()),
        };
        let text = scope.map_or_else(|| text.to_owned(), |scope| scope.arn(kind, name));
        self.call.note(|outcome| outcome.note_object(member, text));
    }

    /// The alias that the operation is about, of this rule, which the logs name as well.
    pub fn alias(
        &self,
        parse: impl FnOnce(&str) -> Result<AliasName, Error>,
    ) -> Result<AliasName, Fault> {
        let alias = parse(&self.required("AliasName")?)?;
        self.call.note(|outcome| outcome.note_object(ALIAS_NAME, alias.as_str()));
        Ok(alias)
    }

    /// Notes the key for the logs.
    pub fn note_key_id(&self, id: &KeyId) {
        self.call.note(|outcome| outcome.note_object(KEY_ID, id.as_str()));
    }

    /// The page that a list is asked for; `size` is what a page has where nothing is said.
    pub fn page(&self, size: u32) -> Result<Page, Fault> {
        let (number, wanted) = (self.text("PageNumber")?, self.text("PageSize")?);
        Ok(Page::parse(number.as_deref(), wanted.as_deref(), size)?)
    }

    /// A truth value.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Fault> {
        self.find(name)
    }

    /// A map of texts: JSON in a text, an object of a JSON body, or a parameter for each key (seen: the SDK for Node).
    pub fn map(&self, name: &'static str) -> Result<Option<Map>, Fault> {
        Ok(match self.find(name)? {
            None => None,
            Some(Structure::Members(pairs)) => Some(Map::Pairs(pairs)),
            Some(Structure::Text(text)) => Some(Map::Json(text)),
            // In a JSON body the text that is JSON is itself a member.
            Some(Structure::Json(raw)) => {
                let text = self.parameters.text(name).ok().flatten();
                Some(Map::Json(text.unwrap_or(raw)))
            }
        })
    }

    /// The parameters `NAME.1`, `NAME.2` and so on, up to `max` of them, in their order; empty ones say nothing. With more
    /// than `max`, an error of `field`.
    pub fn list(&self, name: &'static str, max: usize, field: Field) -> Result<Vec<String>, Fault> {
        let mut texts = Vec::new();
        for number in self.numbers(name, &[""], max, field)? {
            texts.extend(self.member(name, number, "")?.filter(|text| !text.is_empty()));
        }
        Ok(texts)
    }

    /// The parameters `Tag.1.Key` and `Tag.1.Value`, `Tag.2.Key` and so on, up to 20 of each; an absent value is `None`. An
    /// empty key without a value says nothing.
    pub fn tag_members(&self) -> Result<Vec<(String, Option<String>)>, Fault> {
        let mut tags = Vec::new();
        for number in self.numbers("Tag", &[".Key", ".Value"], TAGS_MAX, Field::TagMembers)? {
            let key = self.member("Tag", number, ".Key")?.unwrap_or_default();
            let value = self.member("Tag", number, ".Value")?;
            if !key.is_empty() || value.is_some() {
                tags.push((key, value));
            }
        }
        Ok(tags)
    }

    /// The numbers of a list's parameters. One that is not of the list's form would be left out of it unseen.
    fn numbers(
        &self,
        name: &'static str,
        suffixes: &[&str],
        max: usize,
        field: Field,
    ) -> Result<BTreeSet<usize>, Fault> {
        let number = |rest: &str| {
            let text = suffixes.iter().find_map(|suffix| rest.strip_suffix(suffix))?;
            let number: usize = text.parse().ok()?;
            ((1..=max).contains(&number) && number.to_string() == text).then_some(number)
        };
        let rests = self.parameters.names().filter_map(|full| full.strip_prefix(name));
        let rests = rests.filter_map(|rest| rest.strip_prefix('.'));
        let numbers = rests.map(|rest| number(rest).ok_or(rest)).collect::<Result<_, _>>();
        numbers.map_err(|_| Error::invalid(field, format!("is numbered from 1 to {max}")).into())
    }

    fn member(
        &self,
        name: &'static str,
        number: usize,
        suffix: &str,
    ) -> Result<Option<String>, Fault> {
        let text = self.parameters.text(&format!("{name}.{number}{suffix}"));
        text.map_err(|_| Fault::Parameter(pop::Fault::Invalid(name)))
    }

    /// A whole number that is not negative.
    pub fn number(&self, name: &'static str) -> Result<Option<u32>, Fault> {
        self.find(name)
    }
}

/// A map of texts as it was sent.
pub enum Map {
    Json(String),
    Pairs(Vec<(String, String)>),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Product(error)
    }
}
