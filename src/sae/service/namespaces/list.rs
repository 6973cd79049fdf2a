//! Lists namespaces.

use crate::{
    pop::RegionId,
    sae::{
        model::{Namespace, Result},
        service::Service,
    },
};

/// Which page of a listing is wanted.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// The page's number, from 1.
    pub number: u32,
    /// How many entries a page has.
    pub size: u32,
}

/// One page of a listing.
#[derive(Debug, Clone)]
pub struct NamespacePage {
    /// The entries of the page.
    pub namespaces: Vec<Namespace>,
    /// How many entries all pages have together.
    pub total: usize,
}

impl Service {
    /// The namespaces of one served region, or of all: region by region, the default one first.
    pub async fn list_namespaces(&self, region: Option<RegionId>) -> Result<Vec<Namespace>> {
        let all = self.all_namespaces().await?;
        let wanted = self
            .cloud
            .regions
            .iter()
            .filter(|known| region.as_ref().is_none_or(|one| one == *known));
        Ok(wanted
            .flat_map(|one| all.iter().filter(move |it| it.id.region() == one).cloned())
            .collect())
    }

    /// A page of the namespaces that users made, of one served region or of all.
    pub async fn page_namespaces(
        &self,
        region: Option<RegionId>,
        page: PageRequest,
    ) -> Result<NamespacePage> {
        let mut namespaces = self.list_namespaces(region).await?;
        namespaces.retain(|namespace| !namespace.id.is_default());
        let total = namespaces.len();
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        let skipped = usize::try_from(page.number)
            .unwrap_or(usize::MAX)
            .saturating_sub(1)
            .saturating_mul(size);
        let namespaces = namespaces.into_iter().skip(skipped).take(size).collect();
        Ok(NamespacePage { namespaces, total })
    }
}
