//! A connection that is kept, and what can be asked over it.

use std::{collections::BTreeMap, io, net::SocketAddr};

use serde_json::Value;

use crate::common::{Reply, Request, query, server::*, wire::Connection};

pub struct Client {
    connection: Connection,
    address: SocketAddr,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { connection: Connection::open(address), address }
    }

    pub fn try_send(&mut self, request: &Request) -> io::Result<Reply> {
        self.connection.send(&request.bytes(self.address))?;
        self.connection.try_receive(false)
    }

    fn get(&mut self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        let request = Request::new("GET", format!("{path}?{}", query(parameters)));
        self.try_send(&request).expect("the server answers")
    }

    /// A secret, where there is one.
    pub fn secret(&mut self, namespace: &str, id: i64) -> Option<Value> {
        let id = id.to_string();
        let reply = self.get(SECRET, &[("NamespaceId", namespace), ("SecretId", &id)]);
        if reply.status == 200 {
            return Some(reply.data());
        }
        let code = reply.code();
        let absent = ["InvalidSecretId.NotFound", "InvalidNamespaceId.NotFound"];
        assert!(absent.contains(&&*code), "{}", reply.text());
        None
    }

    /// The ids and names of a namespace's secrets.
    pub fn secrets(&mut self, namespace: &str) -> BTreeMap<i64, String> {
        let listed = self.get(SECRETS, &[("NamespaceId", namespace)]).data();
        let text = |secret: &Value| secret["SecretName"].as_str().unwrap().to_owned();
        let listed = listed["Secrets"].as_array().unwrap().iter();
        listed.map(|secret| (secret["SecretId"].as_i64().unwrap(), text(secret))).collect()
    }

    /// The name of a namespace, where there is one.
    pub fn namespace(&mut self, id: &str) -> Option<String> {
        let reply = self.get(NAMESPACE, &[("NamespaceId", id)]);
        if reply.status == 200 {
            return Some(reply.data()["NamespaceName"].as_str().unwrap().to_owned());
        }
        reply.assert_error(404, "InvalidNamespaceId.NotFound");
        None
    }

    /// The ids of all namespaces.
    pub fn namespaces(&mut self) -> Vec<String> {
        let listed = self.get(NAMESPACE_LIST, &[]).data();
        let listed = listed.as_array().unwrap().iter();
        listed.map(|it| it["NamespaceId"].as_str().unwrap().to_owned()).collect()
    }
}
