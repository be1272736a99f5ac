//! Preview channels that go without a manifest: by their name, by their pull request, and with it.

use fakecloud::World;

use super::{SITE, count, scene, shown};
use crate::support::Scene;

fn channels(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| world.hosting_site(SITE).unwrap().channels.keys().cloned().collect())
}

fn with_channels(channels: &[&str]) -> Scene {
    let scene = scene();
    scene.cloud.world(|world| channels.iter().for_each(|channel| world.add_channel(SITE, channel)));
    scene
}

/// The scene of a pull request's event.
fn event(scene: &mut Scene, action: &str) {
    let text = format!(
        r#"{{"action": "{action}", "pull_request": {{"number": 7, "head": {{"ref": "fix", "sha": "{}", "repo": {{"full_name": "o/r"}}}}}}}}"#,
        crate::support::SHA
    );
    scene.file("event.json", text);
    let path = scene.workspace().join("event.json");
    scene.variable("GITHUB_EVENT_PATH", path.to_str().unwrap()).variable("GITHUB_HEAD_REF", "fix");
    scene.variable("GITHUB_EVENT_NAME", "pull_request").variable("GITHUB_REF", "refs/pull/7/merge");
}

#[test]
fn a_channel_goes_by_its_name() {
    let mut scene = with_channels(&["staging", "pr7-fix"]);
    // Nothing is uploaded, so nothing needs to be there.
    std::fs::remove_dir_all(scene.workspace().join("dist")).unwrap();
    scene.input("channel", "staging").input("state", "absent").input("dry_run", "true");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(channels(&scene), ["live", "pr7-fix", "staging"], "a plan changes nothing");
    scene.input("dry_run", "");
    let run = scene.command(&["hosting"]).expect(0);
    insta::assert_snapshot!("removal_log", run.log());
    assert_eq!(channels(&scene), ["live", "pr7-fix"]);
    assert_eq!(run.outputs["result"], "removed");
    scene.command(&["hosting"]).expect(0).says("was not there");
    scene.input("channel", "live");
    scene.command(&["hosting"]).expect(2).says("the live channel cannot be removed");
    scene.input("channel", "");
    scene.command(&["hosting"]).expect(2).says("name the preview channel that is removed, or give `pull_request`");
}

#[test]
fn channels_go_by_the_number_of_their_pull_request() {
    let mut scene = with_channels(&["pr7-fix", "pr-7", "pr70-other", "staging"]);
    scene.input("channel", "").input("state", "absent").input("pull_request", "7");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(channels(&scene), ["live", "pr70-other", "staging"]);
}

#[test]
fn a_closed_pull_request_makes_no_preview_and_takes_its_own_along() {
    let mut scene = with_channels(&["pr7-fix", "staging"]);
    scene.input("channel", "");
    event(&mut scene, "closed");
    scene.command(&["hosting"]).expect(0).says("Channel `pr7-fix` of site `harbour-dev` is removed");
    assert_eq!(channels(&scene), ["live", "staging"]);
    // A channel with a name of its own is not the pull request's.
    scene.input("channel", "staging");
    let run = scene.command(&["hosting"]).expect(0);
    run.says("nothing to do: pull request #7 is closed, and channel `staging` is not named after it");
    assert_eq!((channels(&scene).len(), count(&scene, "version created")), (2, 0));
    // What was merged is released as ever.
    scene.input("channel", "live");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, "live").len(), 3);
}

#[test]
fn a_failed_removal_is_red_with_its_cure() {
    let mut scene = with_channels(&["staging"]);
    scene.input("channel", "staging").input("state", "absent");
    let delete = "firebasehosting.projects.sites.channels.delete";
    scene.cloud.world(|world| world.faults.push(fakecloud::Fault::next(delete, fakecloud::Action::status(403))));
    let run = scene.command(&["hosting"]).expect(7);
    run.says("Channel `staging` of site `harbour-dev` could not be removed").says(super::ROLE);
    assert_eq!(channels(&scene).len(), 2);
}

const OLD: &str = "harbour-dev--old-1a2b3c4d.web.app";

fn domains(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| world.project(World::PROJECT).unwrap().auth_domains.clone().unwrap_or_default())
}

fn with_sign_in() -> Scene {
    let mut scene = scene();
    let begun = ["localhost", "harbour-dev.web.app", OLD].map(str::to_owned).to_vec();
    scene.cloud.world(|world| {
        world.home().auth_domains = Some(begun);
        world.grant(World::PROJECT, World::DEPLOYER, "roles/firebaseauth.admin");
    });
    scene.input("channel", "staging").input("auth_domains", "true");
    scene
}

#[test]
fn people_can_sign_in_on_a_preview_as_long_as_it_is_there() {
    let mut scene = with_sign_in();
    let run = scene.command(&["hosting"]).expect(0);
    let host = run.outputs["url"].trim_start_matches("http://").trim_end_matches('/').to_owned();
    assert_eq!(domains(&scene), ["localhost", "harbour-dev.web.app", &host], "that of a channel that is gone is out");
    run.says("is an authorised domain now").says("1 address of a channel that is gone");
    // It is there already: nothing is written.
    scene.command(&["hosting"]).expect(0);
    assert_eq!(count(&scene, "authorised domains written"), 1);
    // The live site is none of it.
    scene.input("channel", "live");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(domains(&scene).len(), 3);
    // With the next removal, what belongs to no channel goes.
    scene.cloud.world(|world| world.home().auth_domains.as_mut().unwrap().push(OLD.to_owned()));
    scene.input("channel", "staging").input("state", "absent");
    scene.command(&["hosting"]).expect(0);
    assert!(!domains(&scene).contains(&OLD.to_owned()));
}

#[test]
fn a_write_that_somebody_overwrote_is_made_again() {
    let scene = with_sign_in();
    // What is read back is what somebody else wrote in between.
    let get = "identitytoolkit.projects.getConfig";
    let theirs = br#"{"name": "projects/1/config", "authorizedDomains": ["localhost"]}"#.to_vec();
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    scene.cloud.world(|world| {
        world.faults.push(fakecloud::Fault::next(get, fakecloud::Action::Raw(200, json, theirs)).skip(1).times(4));
    });
    scene.command(&["hosting"]).expect(0);
    assert_eq!(domains(&scene).len(), 3);
}

#[test]
fn without_the_role_the_preview_is_there_and_the_grant_is_told() {
    let scene = with_sign_in();
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/firebaseauth.admin"));
    let run = scene.command(&["hosting"]).expect(0);
    run.says("could not be put among the authorised domains").says("--role=roles/firebaseauth.admin");
    assert_eq!(shown(&scene, "staging").len(), 3);
}

#[test]
fn a_channel_keeps_as_many_releases_as_it_is_told() {
    let mut scene = scene();
    scene.input("keep_releases", "3");
    scene.command(&["hosting"]).expect(0).says("keeps 3 releases from now on");
    let kept = |scene: &Scene| {
        scene.cloud.world(|world| world.hosting_site(SITE).unwrap().channel("live").unwrap().retained_releases)
    };
    assert_eq!(kept(&scene), 3);
    scene.command(&["hosting"]).expect(0).does_not_say("from now on");
    scene.input("keep_releases", "0");
    scene.command(&["hosting"]).expect(2).says("keep_releases");
}
