//! The requests of the operations, as the present SDKs send them: all parameters in the query, no body.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    databases::{self, SECRETS_EACH},
    http::Requests,
    options::{Content, Operation},
    server,
    signature::{Call, Signer},
};

/// What RFC 3986 does not leave as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const SECRET: &str = "/pop/v1/sam/secret/secret";
const SECRETS: &str = "/pop/v1/sam/secret/secrets";
const NOOP: &str = "/noop";

/// The keys and values of every secret that is written: what a small service is configured with. The values have 147
/// bytes together, their JSON has 220.
pub const DATA: [(&str, &str); 5] = [
    ("DB_URL", "postgres://db.shop.internal.example:5432/orders?sslmode=verify-full"),
    ("DB_USER", "orders-service"),
    ("DB_PASSWORD", "not-a-real-password-0123456789ab"),
    ("API_TOKEN", "not-a-real-token-0123456789abc"),
    ("LOG_LEVEL", "info"),
];

/// The data as JSON: what the peers are given to keep.
pub fn data_text() -> String {
    let members: Vec<String> =
        DATA.iter().map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
    format!("{{{}}}", members.join(","))
}

/// As the SDKs wrap it: a model with one member, the text of the map.
fn wrapped_data() -> String {
    let text = data_text().replace('"', "\\\"");
    format!("{{\"SecretData\":\"{text}\"}}")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// One operation's requests.
pub struct Api {
    operation: Operation,
    content: Content,
    is_noop: bool,
    signer: Signer,
    data: String,
    query: String,
    /// Makes the names of this run.
    prefix: String,
    count: u64,
}

impl Api {
    /// Requests to a server whose `Host` is this; `is_noop` sends the same to the no-op's path.
    pub fn new(operation: Operation, content: Content, is_noop: bool, host: &str) -> Self {
        Self {
            operation,
            content,
            is_noop,
            signer: Signer::new(server::KEY_ID, server::KEY_SECRET, host),
            data: encoded(&wrapped_data()),
            query: String::with_capacity(1024),
            prefix: format!("load-{:08x}", fastrand::u32(..)),
            count: 0,
        }
    }

    /// Any secret that was there at first: its namespace and its number.
    fn any_secret(&self) -> (String, usize) {
        let number = fastrand::usize(0..self.content.namespaces() * SECRETS_EACH);
        (encoded(&databases::namespace(number / SECRETS_EACH)), number + 1)
    }

    /// Any secret of KMS that was there at first.
    fn any_kms_secret(&self) -> String {
        let number = fastrand::usize(0..self.content.namespaces() * SECRETS_EACH);
        encoded(&databases::kms_secret(number))
    }

    fn set_query(&mut self) {
        self.count += 1;
        self.query = match self.operation {
            Operation::Create => {
                let namespace = databases::room(self.count as usize % databases::ROOMS);
                format!(
                    "NamespaceId={}&SecretData={}&SecretName={}-{}&SecretType=Opaque",
                    encoded(&namespace),
                    self.data,
                    self.prefix,
                    self.count
                )
            }
            Operation::Update => {
                let (namespace, id) = self.any_secret();
                format!("NamespaceId={namespace}&SecretData={}&SecretId={id}", self.data)
            }
            Operation::Describe => {
                let (namespace, id) = self.any_secret();
                format!("NamespaceId={namespace}&SecretId={id}")
            }
            Operation::KmsCreate => format!(
                "SecretData={}&SecretName={}%2F{}&VersionId=v1",
                self.data, self.prefix, self.count
            ),
            Operation::KmsPut => format!(
                "SecretData={}&SecretName={}&VersionId={}-{}",
                self.data,
                self.any_kms_secret(),
                self.prefix,
                self.count
            ),
            Operation::KmsGet => format!("SecretName={}", self.any_kms_secret()),
            Operation::KmsList => "PageSize=100".to_owned(),
            Operation::KmsEncrypt => format!(
                "KeyId={}&Plaintext=bm90IGEgcmVhbCBzZWNyZXQ%3D",
                encoded(databases::KMS_ALIAS)
            ),
            Operation::KmsDataKey => format!("KeyId={}", encoded(databases::KMS_ALIAS)),
            Operation::List => {
                let number = fastrand::usize(0..self.content.namespaces());
                format!("NamespaceId={}", encoded(&databases::namespace(number)))
            }
        };
    }
}

impl Requests for Api {
    fn write(&mut self, to: &mut Vec<u8>) {
        self.set_query();
        let (method, path) = match self.operation {
            Operation::Create => ("POST", SECRET),
            Operation::Update => ("PUT", SECRET),
            Operation::Describe => ("GET", SECRET),
            Operation::List => ("GET", SECRETS),
            Operation::KmsCreate
            | Operation::KmsPut
            | Operation::KmsGet
            | Operation::KmsList
            | Operation::KmsEncrypt
            | Operation::KmsDataKey => ("POST", "/"),
        };
        let (action, version) = (self.operation.action(), self.operation.version());
        let sent_path = if self.is_noop { NOOP } else { path };
        let call = Call { method, path, sent_path, query: &self.query, action, version };
        self.signer.write(&call, to).expect("a text takes what is written to it");
    }

    fn is_done(&mut self, status: u16, body: &[u8]) -> bool {
        status == 200
            && (body.ends_with(b"\"Success\":true}") || body.starts_with(b"{\"RequestId\":\""))
    }
}
