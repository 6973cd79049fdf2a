//! The product: secrets and namespaces of Kubernetes, as a kube-apiserver answers.

pub mod model;
