//! The operations: names, methods and paths, in one table.

use actix_web::http::Method;

use crate::pop::{ApiError, Code};

macro_rules! operations {
    ($($name:ident $method:ident $path:literal;)*) => {
        /// An operation of the product; its name is the value of `x-acs-action`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation { $(
            #[doc = concat!("`", stringify!($method), " ", $path, "`")]
            $name,
        )* }

        impl Operation {
            /// Every operation there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The operation's name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// The operation's path.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// The action that a policy has to allow for the operation. Documented for the operations on secrets and for
            /// CreateNamespace and DeleteNamespace; inferred by the same pattern for the others.
            #[must_use]
            pub const fn action(self) -> &'static str {
                match self { $(Self::$name => concat!("sae:", stringify!($name)),)* }
            }

            /// The operation's HTTP method.
            #[must_use]
            pub const fn method(self) -> Method {
                match self { $(Self::$name => Method::$method,)* }
            }
        }
    };
}

operations! {
    CreateSecret POST "/pop/v1/sam/secret/secret";
    UpdateSecret PUT "/pop/v1/sam/secret/secret";
    DescribeSecret GET "/pop/v1/sam/secret/secret";
    DeleteSecret DELETE "/pop/v1/sam/secret/secret";
    ListSecrets GET "/pop/v1/sam/secret/secrets";
    CreateNamespace POST "/pop/v1/paas/namespace";
    UpdateNamespace PUT "/pop/v1/paas/namespace";
    DescribeNamespace GET "/pop/v1/paas/namespace";
    DeleteNamespace DELETE "/pop/v1/paas/namespace";
    DescribeNamespaces GET "/pop/v1/paas/namespaces";
    DescribeNamespaceList GET "/pop/v1/sam/namespace/describeNamespaceList";
    DescribeNamespaceResources GET "/pop/v1/sam/namespace/describeNamespaceResources";
    DescribeRegions GET "/pop/v1/paas/regionConfig";
}

/// Where the paths of SAE's other operations begin: all of the newest SDK (`alibabacloud_sae20190506` 2.11.2).
const NOT_EMULATED: &[&str] = &[
    "/pop/cas/",
    "/pop/v1/arms/",
    "/pop/v1/cas/",
    "/pop/v1/paas/configurationPrice",
    "/pop/v1/paas/quota",
    "/pop/v1/sam/app/",
    "/pop/v1/sam/changeorder/",
    "/pop/v1/sam/configmap/",
    "/pop/v1/sam/container/",
    "/pop/v1/sam/get",
    "/pop/v1/sam/ingress/",
    "/pop/v1/sam/instance/",
    "/pop/v1/sam/job/",
    "/pop/v1/sam/log/",
    "/pop/v1/sam/namespace/",
    "/pop/v1/sam/resource/",
    "/pop/v1/sam/scale/",
    "/pop/v1/sam/service/",
    "/pop/v1/sam/tagroute/",
    "/pop/v1/sam/vpc/",
    "/pop/v2/api/web",
    "/service/open",
    "/tags",
];

/// The operation that a method and a path lead to.
pub fn find(method: &Method, path: &str) -> Result<Operation, ApiError> {
    let mut at_path = Operation::ALL.iter().filter(|operation| operation.path() == path);
    if let Some(operation) = at_path.clone().find(|operation| operation.method() == *method) {
        return Ok(*operation);
    }
    Err(if at_path.next().is_some() {
        ApiError::new(Code::MethodNotSupported, &[])
    } else if NOT_EMULATED.iter().any(|beginning| path.starts_with(beginning)) {
        ApiError::new(Code::NotEmulated, &[&"SAE"])
    } else {
        ApiError::new(Code::ApiNotFound, &[])
    })
}
