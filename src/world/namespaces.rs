//! The `namespaces` of a world file.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    WorldNamespace,
    fields::{self, Fields},
    reader::Reader,
    tree::Node,
};
use crate::{
    sae::model::{
        Application, NamespaceId, NamespaceName, NamespaceQuotas, SecretName, parse_description,
    },
    text::is_storable_text,
};

const KEYS: &[&str] = &["id", "name", "description", "quotas", "applications", "clusters"];

impl Reader<'_> {
    pub fn namespaces(&mut self, node: &Node<'_>) {
        let Some(items) = fields::list(node, self.mistakes) else {
            self.listed = None;
            return;
        };
        let quota = usize::try_from(self.world.cloud.quotas.namespaces).unwrap_or(usize::MAX);
        for item in items {
            let before = self.world.namespaces.len();
            self.namespace(item);
            if before == quota && self.world.namespaces.len() > before {
                let message =
                    format!("the quota is {quota} namespaces; from here on there are more");
                self.mistakes.add(item.at, message);
            }
        }
    }

    fn namespace(&mut self, item: &Node<'_>) {
        let Some(fields) = Fields::of(item, KEYS, self.mistakes) else { return };
        let id = fields.require("id", self.mistakes).and_then(|node| self.namespace_id(node));
        let id = id.filter(|id| self.is_new(id, item));
        let name = self.name(&fields);
        let description = self.description(&fields);
        let quotas = fields.get("quotas").and_then(|node| self.namespace_quotas(node));
        let applications =
            fields.get("applications").map(|node| self.applications(node, id.as_ref()));
        let clusters = fields.get("clusters").map(|node| self.clusters(node));
        let Some(id) = id else { return };
        if id.is_default() {
            self.undescribed(&fields);
        } else {
            let name = name.or_else(|| NamespaceName::parse(id.short()).ok());
            let Some(name) = name else { return };
            self.world.namespaces.push(WorldNamespace { id: id.clone(), name, description });
        }
        let cloud = &mut self.world.cloud;
        if let Some(quotas) = quotas {
            cloud.quotas.overrides.insert(id.clone(), quotas);
        }
        if let Some(applications) = applications {
            cloud.applications.insert(id.clone(), applications);
        }
        if let Some(clusters) = clusters {
            cloud.clusters.insert(id, clusters);
        }
    }

    /// Whether the namespace is listed for the first time; takes note of it.
    fn is_new(&mut self, id: &NamespaceId, item: &Node<'_>) -> bool {
        let Some(listed) = &mut self.listed else { return true };
        if let Some(first) = listed.get(id) {
            self.mistakes
                .add(item.at, format!("this namespace stands twice; the first is at {first}"));
            return false;
        }
        listed.insert(id.clone(), item.at);
        true
    }

    fn name(&mut self, fields: &Fields<'_, '_>) -> Option<NamespaceName> {
        const RULE: &str = "a namespace's name has 1 to 64 characters, no control characters";
        let node = fields.get("name")?;
        fields::parsed(node, RULE, self.mistakes, |text| NamespaceName::parse(text).ok())
    }

    fn description(&mut self, fields: &Fields<'_, '_>) -> String {
        const RULE: &str =
            "a namespace's description has at most 100 characters, no control characters";
        let parse = |text: &str| parse_description(text).ok();
        let node = fields.get("description");
        node.and_then(|node| fields::parsed(node, RULE, self.mistakes, parse)).unwrap_or_default()
    }

    fn undescribed(&mut self, fields: &Fields<'_, '_>) {
        for key in ["name", "description"] {
            if let Some(entry) = fields.entry(key) {
                self.mistakes
                    .add(entry.at, format!("a region's default namespace has no {key} of its own"));
            }
        }
    }

    fn namespace_quotas(&mut self, node: &Node<'_>) -> Option<NamespaceQuotas> {
        let fields =
            Fields::of(node, &["secrets_per_namespace", "keys_per_secret"], self.mistakes)?;
        let mut quota = |key| fields.get(key).map(|node| fields::quota(node, self.mistakes));
        Some(NamespaceQuotas {
            secrets_per_namespace: quota("secrets_per_namespace"),
            keys_per_secret: quota("keys_per_secret"),
        })
    }

    fn applications(
        &mut self,
        node: &Node<'_>,
        namespace: Option<&NamespaceId>,
    ) -> Vec<Application> {
        let mut first = HashMap::new();
        let mut applications = Vec::new();
        for item in fields::list(node, self.mistakes).unwrap_or_default() {
            let Some(application) = self.application(item, namespace) else { continue };
            if let Some(first) = first.get(&application.name) {
                let message = format!(
                    "this application stands twice in its namespace; the first is at {first}"
                );
                self.mistakes.add(item.at, message);
                continue;
            }
            first.insert(application.name.clone(), item.at);
            applications.push(application);
        }
        applications
    }

    fn application(
        &mut self,
        item: &Node<'_>,
        namespace: Option<&NamespaceId>,
    ) -> Option<Application> {
        let fields = Fields::of(item, &["id", "name", "secrets"], self.mistakes)?;
        let name = fields.require("name", self.mistakes).and_then(|node| self.label(node));
        let id = fields.get("id").map(|node| self.label(node));
        let secrets = fields.get("secrets").map(|node| self.used_secrets(node)).unwrap_or_default();
        let name = name?;
        let id = match id {
            Some(id) => id?,
            None => self.application_id(namespace, &name),
        };
        Some(Application { id, name, secrets })
    }

    /// An application's id where the file gives none: the same at every start.
    fn application_id(&self, namespace: Option<&NamespaceId>, name: &str) -> String {
        let namespace = namespace.map(ToString::to_string).unwrap_or_default();
        let path = format!("{}/{namespace}/{name}", self.world.cloud.account);
        Uuid::new_v5(&Uuid::NAMESPACE_URL, path.as_bytes()).to_string()
    }

    fn used_secrets(&mut self, node: &Node<'_>) -> Vec<String> {
        let items = fields::list(node, self.mistakes).unwrap_or_default();
        let parse = |text: &str| SecretName::parse(text).ok().map(|name| name.as_str().to_owned());
        let mut name = |item| fields::parsed(item, super::secrets::NAME_RULE, self.mistakes, parse);
        items.iter().filter_map(&mut name).collect()
    }

    fn clusters(&mut self, node: &Node<'_>) -> Vec<String> {
        let items = fields::list(node, self.mistakes).unwrap_or_default();
        items.iter().filter_map(|item| self.label(item)).collect()
    }

    /// A name that no rule is documented for: it must only fit into a reply.
    fn label(&mut self, node: &Node<'_>) -> Option<String> {
        let fits = |text: &str| !text.is_empty() && is_storable_text(text);
        let parse = |text: &str| fits(text).then(|| text.to_owned());
        fields::parsed(
            node,
            "expected a text that is not empty, no control characters",
            self.mistakes,
            parse,
        )
    }
}

#[cfg(test)]
mod tests;
