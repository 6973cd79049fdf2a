//! A client that writes, remembers what was acknowledged, and finds out after a restart what became of the one operation
//! that was not.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
};

use serde_json::{Value, json};

use super::{client::Client, tally::Tally};
use crate::{
    common::{Reply, Request, query, server::*},
    torture::Dice,
};

/// The namespace that all writers share. It is a default one, so nobody deletes it.
pub const SHARED: &str = "cn-hangzhou";

/// How many namespaces of its own a writer makes and deletes, again and again under the same ids.
const OWN_NAMESPACES: u64 = 4;

/// What a secret holds: its parts are of one write or the write was half made.
#[derive(Clone, Copy, Debug)]
pub struct Content {
    stamp: u64,
    bytes: usize,
}

impl Content {
    pub fn data(self) -> Value {
        let mut dice = Dice::new(self.stamp);
        let mut text = String::with_capacity(self.bytes + 16);
        while text.len() < self.bytes {
            text += &format!("{:016x}", dice.number());
        }
        let stamp = self.stamp.to_string();
        json!({"first": &stamp, "text": text, "last": &stamp})
    }
}

#[derive(Clone, Debug)]
pub struct Secret {
    pub namespace: String,
    name: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Operation {
    CreateSecret(Secret),
    UpdateSecret(i64, Content),
    DeleteSecret(i64),
    CreateNamespace(String),
    DeleteNamespace(String),
}

pub struct Writer {
    number: usize,
    dice: Dice,
    /// How large its secrets are, and how many of them it keeps at most.
    bytes: usize,
    most: usize,
    names: u64,
    /// What was acknowledged.
    pub secrets: BTreeMap<i64, Secret>,
    pub namespaces: BTreeSet<String>,
    under_way: Option<Operation>,
}

impl Writer {
    pub fn new(number: usize, dice: Dice, bytes: usize, most: usize) -> Self {
        let (secrets, namespaces) = (BTreeMap::new(), BTreeSet::new());
        Self { number, dice, bytes, most, names: 0, secrets, namespaces, under_way: None }
    }

    /// Writes on one connection until the server is killed. `given` are the ids of all writers' secrets.
    pub fn write(
        &mut self,
        client: &mut Client,
        given: &Mutex<HashSet<i64>>,
        is_killed: &AtomicBool,
        acknowledged: &Sender<()>,
    ) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        loop {
            let operation = self.next();
            let request = self.request(&operation);
            self.under_way = Some(operation.clone());
            match client.try_send(&request) {
                Ok(reply) => {
                    assert_eq!(reply.status, 200, "{operation:?}: {}", reply.text());
                    self.under_way = None;
                    *counts.entry(self.acknowledge(operation, &reply, given)).or_default() += 1;
                    // Nobody listens after the first one.
                    acknowledged.send(()).ok();
                }
                Err(error) => {
                    let is_killed = is_killed.load(Ordering::SeqCst);
                    assert!(is_killed, "the connection broke before the kill: {error}");
                    return counts;
                }
            }
        }
    }

    fn next(&mut self) -> Operation {
        if self.secrets.len() >= self.most {
            return Operation::DeleteSecret(self.any_secret().expect("there are some"));
        }
        match self.dice.within(0..12) {
            0..=1 => {
                let id = self.dice.within(0..OWN_NAMESPACES);
                let id = format!("{SHARED}:writer{}n{id}", self.number);
                match self.namespaces.contains(&id) {
                    true => Operation::DeleteNamespace(id),
                    false => Operation::CreateNamespace(id),
                }
            }
            roll @ 2..=6 => match self.any_secret() {
                Some(id) if roll <= 4 => Operation::UpdateSecret(id, self.content()),
                Some(id) => Operation::DeleteSecret(id),
                None => self.new_secret(),
            },
            _ => self.new_secret(),
        }
    }

    fn any_secret(&mut self) -> Option<i64> {
        self.dice.pick(self.secrets.keys().copied())
    }

    fn new_secret(&mut self) -> Operation {
        self.names += 1;
        let own = self.namespaces.iter().map(String::as_str);
        let namespace = self.dice.pick(own.chain([SHARED])).expect("one is always there");
        Operation::CreateSecret(Secret {
            namespace: namespace.to_owned(),
            name: format!("w{}-{}", self.number, self.names),
            content: self.content(),
        })
    }

    fn content(&mut self) -> Content {
        Content { stamp: self.dice.number(), bytes: self.bytes }
    }

    fn request(&self, operation: &Operation) -> Request {
        let on_namespace = |method, id: &str, name| {
            let parameters = [("NamespaceId", id), ("NamespaceName", name)];
            Request::new(method, format!("{NAMESPACE}?{}", query(&parameters)))
        };
        match operation {
            Operation::CreateSecret(secret) => Request::new("POST", SECRET).json(&json!({
                "NamespaceId": secret.namespace, "SecretName": secret.name, "SecretType": "Opaque",
                "SecretData": secret.content.data(),
            })),
            Operation::UpdateSecret(id, content) => Request::new("PUT", SECRET).json(&json!({
                "NamespaceId": self.secrets[id].namespace, "SecretId": id, "SecretData": content.data(),
            })),
            Operation::DeleteSecret(id) => {
                let parameters =
                    [("NamespaceId", &*self.secrets[id].namespace), ("SecretId", &id.to_string())];
                Request::new("DELETE", format!("{SECRET}?{}", query(&parameters)))
            }
            Operation::CreateNamespace(id) => on_namespace("POST", id, "made"),
            Operation::DeleteNamespace(id) => on_namespace("DELETE", id, "made"),
        }
    }

    fn acknowledge(
        &mut self,
        operation: Operation,
        reply: &Reply,
        given: &Mutex<HashSet<i64>>,
    ) -> &'static str {
        match operation {
            Operation::CreateSecret(secret) => {
                self.take(reply.secret_id(), secret, given);
                "created"
            }
            Operation::UpdateSecret(id, content) => {
                self.secrets.get_mut(&id).expect("it was there").content = content;
                "updated"
            }
            Operation::DeleteSecret(id) => {
                self.secrets.remove(&id);
                "deleted"
            }
            Operation::CreateNamespace(id) => {
                self.namespaces.insert(id);
                "namespaces created"
            }
            Operation::DeleteNamespace(id) => {
                self.forget_namespace(&id);
                "namespaces deleted"
            }
        }
    }

    fn take(&mut self, id: i64, secret: Secret, given: &Mutex<HashSet<i64>>) {
        assert!(given.lock().unwrap().insert(id), "the id {id} was given before: {secret:?}");
        self.secrets.insert(id, secret);
    }

    fn forget_namespace(&mut self, id: &str) {
        self.namespaces.remove(id);
        self.secrets.retain(|_, secret| secret.namespace != id);
    }

    /// Finds out whether the operation under way was done, and sees whether all that was acknowledged is there.
    pub fn settle(&mut self, client: &mut Client, given: &Mutex<HashSet<i64>>, tally: &mut Tally) {
        if let Some(operation) = self.under_way.take() {
            let seen = format!("{operation:?}");
            match self.outcome(client, operation, given) {
                Ok(true) => tally.done += 1,
                Ok(false) => tally.not_done += 1,
                Err(found) => tally.half_made.push(format!("{seen}: {found}")),
            }
        }
        for (id, secret) in &self.secrets {
            tally.checked += 1;
            let found = client.secret(&secret.namespace, *id);
            if !found.as_ref().is_some_and(|found| secret.is(found)) {
                tally.lost.push(format!("{id} {secret:?}: {}", shortened(&found)));
            }
        }
        for id in &self.namespaces {
            tally.checked += 1;
            if client.namespace(id).as_deref() != Some("made") {
                tally.lost.push(id.clone());
            }
        }
    }

    /// Whether the operation was done; what was found where it was neither done nor left undone.
    fn outcome(
        &mut self,
        client: &mut Client,
        operation: Operation,
        given: &Mutex<HashSet<i64>>,
    ) -> Result<bool, String> {
        match operation {
            Operation::CreateSecret(secret) => {
                let listed = client.secrets(&secret.namespace);
                let Some(id) = listed.iter().find(|(_, name)| **name == secret.name) else {
                    return Ok(false);
                };
                let id = *id.0;
                let found = client.secret(&secret.namespace, id);
                if !found.as_ref().is_some_and(|found| secret.is(found)) {
                    return Err(shortened(&found));
                }
                self.take(id, secret, given);
                Ok(true)
            }
            Operation::UpdateSecret(id, content) => {
                let before = &self.secrets[&id];
                let after = Secret { content, ..before.clone() };
                match client.secret(&before.namespace, id) {
                    Some(found) if before.is(&found) => Ok(false),
                    Some(found) if after.is(&found) => {
                        self.secrets.insert(id, after);
                        Ok(true)
                    }
                    found => Err(shortened(&found)),
                }
            }
            Operation::DeleteSecret(id) => {
                let secret = &self.secrets[&id];
                match client.secret(&secret.namespace, id) {
                    None => {
                        self.secrets.remove(&id);
                        Ok(true)
                    }
                    Some(found) if secret.is(&found) => Ok(false),
                    found => Err(shortened(&found)),
                }
            }
            Operation::CreateNamespace(id) => match client.namespace(&id) {
                None => Ok(false),
                Some(name) if name == "made" => {
                    self.namespaces.insert(id);
                    Ok(true)
                }
                Some(name) => Err(name),
            },
            // One that is still there has all its secrets: they are looked for like any others.
            Operation::DeleteNamespace(id) => match client.namespace(&id) {
                Some(_) => Ok(false),
                None => {
                    self.forget_namespace(&id);
                    Ok(true)
                }
            },
        }
    }
}

impl Secret {
    fn is(&self, found: &Value) -> bool {
        found["SecretName"] == self.name
            && found["NamespaceId"] == self.namespace
            && found["SecretData"] == self.content.data()
    }
}

fn shortened(found: &Option<Value>) -> String {
    format!("{found:?}").chars().take(400).collect()
}
