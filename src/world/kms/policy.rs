//! The `policy` of a secret: a document as KMS has it.

use serde::{Deserialize, Serialize};

use super::reason;
use crate::{
    access::policy::VERSION,
    kms::model::SecretPolicy,
    world::{
        mistakes::Mistakes,
        policies::{self, Conditions},
        yaml::{OneOrMore, Placed, Text, given},
    },
};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Document {
    version: Text,
    statement: Vec<Placed<Statement>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Statement {
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    sid: Option<Text>,
    effect: Text,
    principal: Principal,
    action: OneOrMore,
    resource: OneOrMore,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    condition: Option<Conditions>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
struct Principal {
    ram: OneOrMore,
}

impl Placed<Document> {
    /// The policy, as the JSON that the API would get.
    pub fn read(self, mistakes: &mut Mistakes) -> Option<SecretPolicy> {
        let text = serde_json::to_string(&self.value);
        let text = mistakes.check(self.at, text.map_err(|_| "this cannot be written as JSON"))?;
        let error = match SecretPolicy::parse(&text) {
            Ok(policy) => return Some(policy),
            Err(error) => error,
        };
        if !self.value.tell(mistakes) {
            mistakes.add(self.at, reason(error));
        }
        None
    }
}

impl Document {
    /// Adds the mistakes of each statement where it stands; whether there are any.
    fn tell(self, mistakes: &mut Mistakes) -> bool {
        let is_known = |text: &str| (text == VERSION).then_some(());
        let version = self.version.parsed("the version of a policy is \"1\"", mistakes, is_known);
        let mut has_mistakes = version.is_none();
        for Placed { at, mut value } in self.statement {
            // Their keys and values stand in no message.
            let conditions = policies::conditions(value.condition.take().as_ref(), mistakes);
            let alone = serde_json::json!({ "Version": VERSION, "Statement": [value] });
            let told = SecretPolicy::parse(&alone.to_string())
                .map_err(|error| reason(error).replacen("Statement[0].", "", 1));
            has_mistakes |= mistakes.check(at, told).is_none() || conditions.is_none();
        }
        has_mistakes
    }
}
