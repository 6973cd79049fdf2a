//! Lists namespaces.

use crate::{
    region::RegionId,
    sae::{
        model::{Namespace, Result},
        service::Service,
    },
};

impl Service {
    /// The namespaces of one served region, or of all: region by region, the default one first.
    pub async fn list_namespaces(&self, region: Option<RegionId>) -> Result<Vec<Namespace>> {
        let mut namespaces = self.all_namespaces().await?;
        if let Some(region) = region {
            namespaces.retain(|namespace| *namespace.id.region() == region);
        }
        let rank = |namespace: &Namespace| {
            self.cloud.regions.iter().position(|served| served == namespace.id.region())
        };
        namespaces.retain(|namespace| rank(namespace).is_some());
        namespaces.sort_by_key(rank);
        Ok(namespaces)
    }
}
