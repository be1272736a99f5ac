//! What builds leave and use: the staging bucket, the repository of images, the image, the builds themselves.

use std::time::Duration;

use super::{DoctorContext, REGISTRY, Scene, Unseen};
use crate::cloud_build::budget;
use crate::cloud_build::image::{Destination, Recipe};
use crate::cloud_build::pushed::mismatch;
use crate::commands::doctor::plan::fix::Fix;
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use slipway_failure::Class;
use slipway_google::cloud_build::BuildStatus;
use slipway_google::registry;
use slipway_names::image::ImageRef;
use slipway_names::registry::Location;
use slipway_runner::duration;

/// The bucket: there, the project's own, near the region, and cleaning itself up.
pub(super) fn look(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    let doctor = context.doctor;
    let what = doctor.bucket.as_ref().map_or("the bucket".to_owned(), |name| format!("bucket `{name}`"));
    let finding = |state, evidence: String| Finding::new(Area::Bucket, state, what.clone(), evidence);
    let bucket = match &scene.bucket {
        Err(Unseen(why)) => return vec![finding(CheckState::CannotSee, why.clone())],
        Ok(None) => return vec![finding(CheckState::Ok, "not there yet; the first deploy makes it".into())],
        Ok(Some(bucket)) => bucket,
    };
    let mut found = vec![match &scene.number {
        Some(number) if *number != bucket.project_number => finding(
            CheckState::Blocking(Class::Config),
            format!("belongs to project {}, not {number}", bucket.project_number),
        )
        .cure(format!("Choose another one with `staging_bucket: {}-slipway-source`", doctor.project)),
        Some(_) => finding(CheckState::Ok, format!("this project's, in {}", bucket.location)),
        None => {
            finding(CheckState::CannotSee, "the project's number may not be read, so whose it is cannot be told".into())
        }
    }];
    if bucket.location != doctor.region.as_str() {
        found.push(Finding::new(
            Area::Bucket,
            CheckState::Ok,
            "its location",
            format!("{}, while the service runs in {}", bucket.location, doctor.region),
        ));
    }
    found.push(if bucket.cleans_up {
        Finding::new(Area::Bucket, CheckState::Ok, "its lifecycle", "old sources are deleted")
    } else {
        Finding::new(
            Area::Bucket,
            CheckState::Warning,
            "its lifecycle",
            "no rule deletes old sources, so the bucket grows",
        )
        .cure("Add a rule that deletes objects after a month, or let Slipway make a bucket of its own")
    });
    found
}

/// Whether a build of the user's own pushes what a deploy will look for.
pub(super) fn own_build(context: &DoctorContext<'_>, scene: &Scene) -> Option<Finding> {
    let doctor = context.doctor;
    let Some(Recipe::Config { path, document, substitutions }) = &doctor.build else { return None };
    let finding = |state, evidence: String| Finding::new(Area::Builds, state, format!("`{path}`"), evidence);
    let service = match &scene.service {
        Ok(service) => service.as_ref(),
        // Which repository a deploy would take is the service's to say, unless it is named.
        Err(Unseen(why)) if matches!(doctor.image, Some(Destination::OfService(_))) => {
            return Some(finding(CheckState::CannotSee, why.clone()));
        }
        Err(_) => None,
    };
    let repository = context.repository(service)?;
    let project = doctor.project.as_str();
    Some(match mismatch((path, document), substitutions, &doctor.origin, project, &repository) {
        Some((problem, cure)) => finding(CheckState::Blocking(Class::Config), problem).cure(cure),
        None => finding(CheckState::Ok, format!("its images may be of `{repository}`, where a deploy looks for them")),
    })
}

/// The repository of images, and the size of the image that serves.
pub(super) async fn images(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    let Some(place) = &scene.place else {
        return Vec::new();
    };
    let what = format!("repository `{}` in {}", place.name, place.location);
    let finding = |state, evidence: String| Finding::new(Area::Registry, state, what.clone(), evidence);
    let mut found = vec![match &scene.repository {
        Ok(true) => finding(CheckState::Ok, "there".into()),
        Ok(false) if place.made_by_push() => finding(CheckState::Ok, "not there yet; the first push makes it".into()),
        Ok(false) => finding(CheckState::Blocking(Class::Config), "not there, and a push does not make it".into())
            .fix(Fix::MakeRepository { repository: place.name.clone(), location: place.location.clone() }),
        Err(Unseen(why)) => finding(CheckState::CannotSee, why.clone()),
    }];
    found.extend(size(context, scene).await);
    found
}

async fn size(context: &DoctorContext<'_>, scene: &Scene) -> Option<Finding> {
    let builds = scene.builds.as_ref().ok()?;
    let pushed = builds.iter().find_map(|build| build.images.first())?;
    let image = ImageRef::parse(&format!("{}@{}", pushed.name, pushed.digest)).ok()?;
    let (place, digest) = (Location::of(&image.repository)?, image.digest.as_ref()?);
    let finding = |state, evidence: String| Finding::new(Area::Registry, state, "size of the last image", evidence);
    Some(match context.heard(REGISTRY, registry::size(context.http, &place, digest).await) {
        Ok(Some(bytes)) => match budget::image(&context.doctor.budgets, bytes) {
            Some(excess) => finding(CheckState::Warning, excess.what).cure(excess.cure),
            None => finding(CheckState::Ok, budget::megabytes(bytes)),
        },
        Ok(None) => finding(CheckState::CannotSee, "the registry does not say".into()),
        Err(unseen) => finding(CheckState::CannotSee, unseen.0),
    })
}

/// The last builds: how they ended, how long they took.
pub(super) fn builds(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    let finding = |state, what: &str, evidence: String| Finding::new(Area::Builds, state, what, evidence);
    let builds = match &scene.builds {
        Err(Unseen(why)) => return vec![finding(CheckState::CannotSee, "how they ended", why.clone())],
        Ok(builds) => builds.iter().filter(|build| build.status.is_final()).collect::<Vec<_>>(),
    };
    let Some(last) = builds.first() else {
        let none = format!("no build has ended in {} yet", context.doctor.build_location);
        return vec![finding(CheckState::Ok, "how they ended", none)];
    };
    let good = builds.iter().filter(|build| build.status == BuildStatus::Success).count();
    let evidence = format!("{good} of the last {} succeeded", builds.len());
    let mut found = vec![if last.status == BuildStatus::Success {
        finding(CheckState::Ok, "how they ended", evidence)
    } else {
        let why = if last.failure_type.is_empty() { last.status.word() } else { last.failure_type.as_str() };
        finding(CheckState::Warning, "how they ended", format!("{evidence}; the newest, {}, ended with {why}", last.id))
            .cure(format!(
                "Read its log: `slipway logs --build {} --build-region {}`",
                last.id, context.doctor.build_location
            ))
    }];
    let times: Vec<Duration> = builds.iter().filter_map(|build| build.worked()).collect();
    if let (Some(last), Some(longest)) = (times.first(), times.iter().max()) {
        let evidence = format!("the newest {}, the longest {}", duration(*last), duration(*longest));
        found.push(match budget::time(&context.doctor.budgets, *last) {
            Some(excess) => finding(CheckState::Warning, "how long they took", format!("{evidence}; {}", excess.what))
                .cure(excess.cure),
            None => finding(CheckState::Ok, "how long they took", evidence),
        });
    }
    found
}
