//! One request as handlers see it.

use std::sync::Arc;

use super::{errors::Fault, operation::Operation, reply::Answer};
use crate::{
    access::Access,
    exchange::{Call, Exchange},
    kms::{
        model::{Error, KeyId, KeyName, KeyRef, Page, SecretRef},
        service::{Context, Service},
    },
    pop::{self, Parameters},
};

/// What the audit log calls the secret and the key that a request is about.
pub const SECRET_NAME: &str = "secret_name";
pub const KEY_ID: &str = "key_id";

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

    /// A whole number that is not negative.
    pub fn number(&self, name: &'static str) -> Result<Option<u32>, Fault> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if is_number { text.parse().ok() } else { None };
        number.map(Some).ok_or(Fault::Parameter(pop::Fault::Invalid(name)))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Product(error)
    }
}
