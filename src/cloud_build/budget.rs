//! What a build cost, held against what it may cost. Pure.

use std::time::Duration;

use crate::cloud_build::image::Budgets;

/// A limit that was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// How much it was, and how much it may be.
    pub what: String,
    /// What makes it less.
    pub cure: &'static str,
}

/// The time of work, when it is more than it may be.
pub fn time(budgets: &Budgets, worked: Duration) -> Option<Excess> {
    let longest = budgets.time.filter(|longest| worked > *longest)?;
    Some(Excess {
        what: format!("{}, more than `max_build_time` allows ({})", length(worked), length(longest)),
        cure: "Try `build_cache: registry`, a larger `build_machine_type`, or copy what changes rarely first in the Dockerfile (docs/BUILDS.md)",
    })
}

/// The size of the image in bytes, when it is more than it may be.
pub fn image(budgets: &Budgets, bytes: u64) -> Option<Excess> {
    let largest = budgets.image_bytes.filter(|largest| bytes > *largest)?;
    Some(Excess {
        what: format!("{}, more than `max_image_size` allows ({})", megabytes(bytes), megabytes(largest)),
        cure: "Start from a smaller base image, and copy only what runs into the last stage of the Dockerfile (docs/BUILDS.md)",
    })
}

/// Bytes as people say them; a registry counts in powers of ten.
pub fn megabytes(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        10_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn length(length: Duration) -> String {
    match length.as_secs() {
        seconds if seconds < 60 => format!("{seconds}s"),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{}m {}s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGETS: Budgets = Budgets {
        time: Some(Duration::from_secs(300)),
        image_bytes: Some(200_000_000),
        image_given: false,
        enforce: false,
    };

    #[test]
    fn what_is_just_reached_is_not_passed() {
        assert_eq!(time(&BUDGETS, Duration::from_secs(300)), None);
        let over = time(&BUDGETS, Duration::from_millis(361_900)).map(|excess| excess.what);
        assert_eq!(over.as_deref(), Some("6m 1s, more than `max_build_time` allows (5m)"));
        assert_eq!(image(&BUDGETS, 200_000_000), None);
        let over = image(&BUDGETS, 1_250_000_000).map(|excess| excess.what);
        assert_eq!(over.as_deref(), Some("1.2 GB, more than `max_image_size` allows (200 MB)"));
    }

    #[test]
    fn without_a_limit_nothing_is_too_much() {
        let open = Budgets { time: None, image_bytes: None, ..BUDGETS };
        assert_eq!((time(&open, Duration::MAX), image(&open, u64::MAX)), (None, None));
    }

    #[test]
    fn sizes_are_said_as_people_say_them() {
        assert_eq!([1_234_567, 48_000_000, 2_340_000_000].map(megabytes), ["1.2 MB", "48 MB", "2.3 GB"]);
    }
}
