//! What the preflight learned and later steps use, so that none of them asks Google again.

use slipway_google::cloud_run::Service;
use slipway_names::ids::AccountEmail;

/// What the preflight learned and later steps use.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The service as it is; `None` when there is none.
    pub service: Option<Service>,
    /// The live service, where this one is a preview's own.
    pub live: Option<Service>,
    /// Whether the staging bucket must be made.
    pub bucket_missing: bool,
    /// The account builds run as, where known.
    pub build_account: Option<AccountEmail>,
    /// Whether the project says that images may be read.
    pub reads_images: bool,
}

impl Seen {
    /// The service whose images' repository the image goes to: previews of a service lie beside what is released of it.
    pub(crate) fn images(&self) -> Option<&Service> {
        self.live.as_ref().or(self.service.as_ref())
    }
}
