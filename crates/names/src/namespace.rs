//! Whose a label or an annotation is, by the namespace of its name.

/// Namespaces that Cloud Run keeps for itself: what they hold comes back on reading, and v2 refuses it on writing
/// (`run.v2`, Service.labels and Service.annotations).
const GOOGLES: [&str; 4] =
    ["run.googleapis.com/", "cloud.googleapis.com/", "serving.knative.dev/", "autoscaling.knative.dev/"];

/// Whether it is Google's, and v2 refuses to have it written.
pub fn is_googles(name: &str) -> bool {
    GOOGLES.iter().any(|namespace| name.starts_with(namespace))
}

/// Whether it sounds like Google's or Knative's, whoever takes it. Tools of theirs write some of their own, which v2
/// takes for the user's.
pub fn sounds_like_googles(name: &str) -> bool {
    let Some((domain, _)) = name.split_once('/') else { return false };
    let below = |whole: &str| domain == whole || domain.strip_suffix(whole).is_some_and(|rest| rest.ends_with('.'));
    below("googleapis.com") || below("knative.dev")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_whole() {
        assert!(is_googles("run.googleapis.com/ingress") && !is_googles("example.com/run.googleapis.com/x"));
        for theirs in ["run.googleapis.com/x", "networking.knative.dev/visibility", "googleapis.com/x"] {
            assert!(sounds_like_googles(theirs), "{theirs}");
        }
        for ours in ["team", "example.com/x", "notknative.dev/x", "cloud.google.com/x"] {
            assert!(!sounds_like_googles(ours), "{ours}");
        }
    }
}
