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
    /// The path is not known.
    Unknown,
}

/// Where a method and a path lead.
pub fn route(method: &Method, path: &str) -> Route {
    let mut answer = Route::Unknown;
    for operation in Operation::ALL.iter().filter(|operation| operation.path() == path) {
        if operation.method() == *method {
            return Route::Operation(*operation);
        }
        answer = Route::OtherMethod;
    }
    answer
}
