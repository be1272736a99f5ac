//! The regions of Cloud Run, and which of them somebody meant who wrote another word.

/// Every region that Cloud Run names on its page of locations (docs run/docs/locations, November 2026). One that is
/// not here may be new: then Google's own list is asked.
const REGIONS: [&str; 43] = [
    "africa-south1",
    "asia-east1",
    "asia-east2",
    "asia-northeast1",
    "asia-northeast2",
    "asia-northeast3",
    "asia-south1",
    "asia-south2",
    "asia-southeast1",
    "asia-southeast2",
    "asia-southeast3",
    "australia-southeast1",
    "australia-southeast2",
    "europe-central2",
    "europe-north1",
    "europe-north2",
    "europe-southwest1",
    "europe-west1",
    "europe-west10",
    "europe-west12",
    "europe-west2",
    "europe-west3",
    "europe-west4",
    "europe-west6",
    "europe-west8",
    "europe-west9",
    "me-central1",
    "me-central2",
    "me-west1",
    "northamerica-northeast1",
    "northamerica-northeast2",
    "northamerica-south1",
    "southamerica-east1",
    "southamerica-west1",
    "us-central1",
    "us-east1",
    "us-east4",
    "us-east5",
    "us-south1",
    "us-west1",
    "us-west2",
    "us-west3",
    "us-west4",
];

/// Letters that may differ: enough for a slip of the fingers and for the zone of a region, too few for another place.
const SLIPS: usize = 3;

/// Whether a region is known to exist.
pub fn is_known(name: &str) -> bool {
    REGIONS.contains(&name)
}

/// The region that is most like a name that is none; among those that Google `listed`, and the known ones.
pub fn meant(name: &str, listed: &[String]) -> Option<String> {
    let all = listed.iter().map(String::as_str).chain(REGIONS);
    let mut best: Option<(usize, &str)> = None;
    for region in all {
        let apart =
            spellings(name).iter().map(|spelling| strsim::levenshtein(spelling, region)).min().unwrap_or(usize::MAX);
        if apart <= SLIPS && best.is_none_or(|(before, _)| apart < before) {
            best = Some((apart, region));
        }
    }
    best.map(|(_, region)| region.to_owned())
}

/// A name, and what it would be in other clouds' habits: `eu-` for `europe-`, its parts the other way round.
fn spellings(name: &str) -> Vec<String> {
    let mut all = vec![name.to_owned()];
    all.extend(name.strip_prefix("eu-").map(|rest| format!("europe-{rest}")));
    all.extend(name.split_once('-').map(|(first, rest)| format!("{rest}-{first}")));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_that_was_meant_is_found() {
        for (wrong, right) in [
            ("us-centrall", Some("us-central1")),
            ("us-central-1", Some("us-central1")),
            ("us-central1-a", Some("us-central1")),
            ("europe-wst1", Some("europe-west1")),
            ("eu-west-1", Some("europe-west1")),
            ("asia-southeast", Some("asia-southeast1")),
            ("southeast1-asia", Some("asia-southeast1")),
            ("atlantis", None),
            ("", None),
        ] {
            assert_eq!(meant(wrong, &[]).as_deref(), right, "{wrong}");
        }
        assert_eq!(meant("mars-north", &["mars-north1".into()]).as_deref(), Some("mars-north1"));
        assert!(is_known("me-west1") && !is_known("me-west2"));
    }
}
