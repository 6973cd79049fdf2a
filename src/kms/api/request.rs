//! One request as handlers see it.

use std::sync::Arc;

use super::{errors::Fault, operation::Operation, reply::Answer};
use crate::{
    access::Access,
    exchange::{Call, Exchange},
    kms::{
        model::{Error, Field, KeyId, KeyName, KeyRef, Page, SecretRef, TAGS_MAX},
        service::{Context, Service},
    },
    pop::{self, Parameters},
};

/// What the audit log calls the secret and the key that a request is about.
pub const SECRET_NAME: &str = "secret_name";
pub const KEY_ID: &str = "key_id";

/// What it calls them where there are several.
pub const SECRET_NAMES: &str = "secret_names";
pub const KEY_IDS: &str = "key_ids";

/// What the product needs to answer. Cloning is cheap.
#[derive(Clone)]
pub struct Kms {
    /// What can be done.
    pub service: Service,
    /// Who may call, and how often.
    pub access: Arc<Access>,
    /// What every product needs.
    pub exchange: Exchange,
}

/// One request, ready for a handler.
pub struct Request<'a> {
    pub operation: Operation,
    pub parameters: Parameters,
    pub context: Context,
    pub kms: &'a Kms,
    pub call: &'a Call<'a>,
}

/// What a handler answers.
pub type Handled = Result<Answer, Fault>;

impl Request<'_> {
    /// What can be done.
    pub fn service(&self) -> &Service {
        &self.kms.service
    }

    /// The reply with these members.
    pub fn answer(&self, members: &impl serde::Serialize) -> Handled {
        Ok(Answer::new(&self.call.request_id, members)?)
    }

    /// A parameter as text; an empty one says nothing.
    pub fn text(&self, name: &'static str) -> Result<Option<String>, Fault> {
        let text = self.parameters.text(name);
        let text = text.map_err(|_| Fault::Parameter(pop::Fault::Invalid(name)))?;
        Ok(text.filter(|text| !text.is_empty()))
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

    /// Notes the secret for the logs.
    pub fn note_secret(&self, named: &SecretRef) {
        if let Ok((_, name)) = named.locate(&self.context.scope) {
            let name = name.as_str().to_owned();
            self.call.note(|outcome| outcome.note_object(SECRET_NAME, name));
        }
    }

    /// Notes the key for the logs, where the request names it by its id.
    pub fn note_key(&self, named: &KeyRef) {
        if let KeyName::Id(id) = &named.name {
            self.note_key_id(id);
        }
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

    /// A truth value, in any case of its letters: Python's clients send `True`.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Fault> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if text.eq_ignore_ascii_case("true") {
            Ok(Some(true))
        } else if text.eq_ignore_ascii_case("false") {
            Ok(Some(false))
        } else {
            Err(Fault::Parameter(pop::Fault::Invalid(name)))
        }
    }

    /// The parameters `NAME.1`, `NAME.2` and so on, up to `max` of them, in their order; empty ones say nothing. With more
    /// than `max`, an error of `field`.
    pub fn list(&self, name: &'static str, max: usize, field: Field) -> Result<Vec<String>, Fault> {
        let mut texts = Vec::new();
        for number in 0..=max + 1 {
            if let Some(text) = self.member(name, number, "")?.filter(|text| !text.is_empty()) {
                if number == 0 || number > max {
                    return Err(out_of_range(field, max));
                }
                texts.push(text);
            }
        }
        Ok(texts)
    }

    /// The parameters `Tag.1.Key` and `Tag.1.Value`, `Tag.2.Key` and so on, up to 20 of each; an absent value is `None`. An
    /// empty key without a value says nothing.
    pub fn tag_members(&self) -> Result<Vec<(String, Option<String>)>, Fault> {
        let mut tags = Vec::new();
        for number in 0..=TAGS_MAX + 1 {
            let key = self.member("Tag", number, ".Key")?.unwrap_or_default();
            let value = self.member("Tag", number, ".Value")?;
            if key.is_empty() && value.is_none() {
                continue;
            }
            if number == 0 || number > TAGS_MAX {
                return Err(out_of_range(Field::TagMembers, TAGS_MAX));
            }
            tags.push((key, value));
        }
        Ok(tags)
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
        let Some(text) = self.text(name)? else { return Ok(None) };
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if is_number { text.parse().ok() } else { None };
        number.map(Some).ok_or(Fault::Parameter(pop::Fault::Invalid(name)))
    }
}

/// An index that starts at 0 is none of the lists', and one above the limit is one too many.
fn out_of_range(field: Field, max: usize) -> Fault {
    Error::invalid(field, format!("is numbered from 1 to {max}")).into()
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Product(error)
    }
}
