//! The SDK's client, called as its users do.

use aliyun_openapi_core_rust_sdk::client::{error, rpc::RPClient};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{list, members, text};

/// Its client for one of the two methods.
pub struct Way<'a> {
    pub method: &'static str,
    pub endpoint: String,
    pub version: String,
    /// What of their keys stands in `expectations.json`.
    pub callers: &'a Value,
    pub runtime: &'a Runtime,
}

impl Way<'_> {
    /// Sends the operation and returns the reply's body.
    pub fn call(
        &self,
        caller: &str,
        operation: &str,
        parameters: &Value,
    ) -> Result<Value, error::Error> {
        let keys = &self.callers[caller]["secret"];
        let mut query = numbered(parameters);
        if let Some(token) = keys.get("token") {
            query.push(("SecurityToken".into(), text(token).into()));
        }
        let request = RPClient::new(text(&keys["id"]), text(&keys["secret"]), &self.endpoint)
            .version(&self.version)
            .request(self.method, operation)
            .query(query)
            .json();
        self.runtime.block_on(request)
    }
}

/// The parameters as texts: some lists by their numbers, other lists and maps as JSON.
fn numbered(parameters: &Value) -> Vec<(String, String)> {
    let mut query = Vec::new();
    for (name, value) in members(parameters) {
        if !["ResourceId", "TagKey", "Tag"].contains(&name.as_str()) {
            query.push((name.clone(), value.as_str().map_or(value.to_string(), str::to_owned)));
            continue;
        }
        for (index, each) in list(value).iter().enumerate() {
            let name = format!("{name}.{}", index + 1);
            match each {
                Value::Object(parts) => query.extend(
                    parts.iter().map(|(part, is)| (format!("{name}.{part}"), text(is).into())),
                ),
                each => query.push((name, text(each).into())),
            }
        }
    }
    query
}
