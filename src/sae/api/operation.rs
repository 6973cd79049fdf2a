//! The operations: names, methods, paths and the actions that policies allow, in one table.

use actix_web::http::Method;

/// The version of the API.
pub const VERSION: &str = "2019-05-06";

macro_rules! operations {
    ($($name:ident $method:ident $path:literal $action:literal;)*) => {
        /// An operation of the dialect; its name is the value of `x-acs-action`.
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

            /// The action that a policy has to allow for the operation.
            #[must_use]
            pub const fn action(self) -> &'static str {
                match self { $(Self::$name => $action,)* }
            }

            /// The operation's HTTP method.
            #[must_use]
            pub const fn method(self) -> Method {
                match self { $(Self::$name => Method::$method,)* }
            }
        }
    };
}

// Actions: documented for the operations on secrets and for CreateNamespace and DeleteNamespace; inferred by the same
// pattern for the others.
operations! {
    CreateSecret POST "/pop/v1/sam/secret/secret" "sae:CreateSecret";
    UpdateSecret PUT "/pop/v1/sam/secret/secret" "sae:UpdateSecret";
    DescribeSecret GET "/pop/v1/sam/secret/secret" "sae:DescribeSecret";
    DeleteSecret DELETE "/pop/v1/sam/secret/secret" "sae:DeleteSecret";
    ListSecrets GET "/pop/v1/sam/secret/secrets" "sae:ListSecrets";
    CreateNamespace POST "/pop/v1/paas/namespace" "sae:CreateNamespace";
    UpdateNamespace PUT "/pop/v1/paas/namespace" "sae:UpdateNamespace";
    DescribeNamespace GET "/pop/v1/paas/namespace" "sae:DescribeNamespace";
    DeleteNamespace DELETE "/pop/v1/paas/namespace" "sae:DeleteNamespace";
    DescribeNamespaces GET "/pop/v1/paas/namespaces" "sae:DescribeNamespaces";
    DescribeNamespaceList GET "/pop/v1/sam/namespace/describeNamespaceList" "sae:DescribeNamespaceList";
    DescribeNamespaceResources GET "/pop/v1/sam/namespace/describeNamespaceResources" "sae:DescribeNamespaceResources";
    DescribeRegions GET "/pop/v1/paas/regionConfig" "sae:DescribeRegions";
}

/// What a method and a path lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// An operation.
    Operation(Operation),
    /// The path is known, the method is not.
    OtherMethod,
    /// SAE has an operation there that is not among these.
    NotEmulated,
    /// The path is not known.
    Unknown,
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

/// Where a method and a path lead.
pub fn route(method: &Method, path: &str) -> Route {
    let is_known = NOT_EMULATED.iter().any(|beginning| path.starts_with(beginning));
    let mut answer = if is_known { Route::NotEmulated } else { Route::Unknown };
    for operation in Operation::ALL.iter().filter(|operation| operation.path() == path) {
        if operation.method() == *method {
            return Route::Operation(*operation);
        }
        answer = Route::OtherMethod;
    }
    answer
}
