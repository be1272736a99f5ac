//! `slipway rotate-key` and lists that lag, keys that are not found, and keys that come up late.

use fakecloud::{Action, Fault, World};

use crate::rotate_key::{CREATE, DELETE, DISABLE, fault, id_of, keys, rotate, scene, stored, works};

/// Google's lists lag behind its writes: that a key is not shown right after it was asked for says nothing.
#[test]
fn a_list_without_the_new_key_is_not_believed_at_once() {
    let scene = scene();
    fault(&scene, Fault::lost_reply(CREATE, Action::Reset));
    scene.cloud.world(|world| world.key_list_lag = 3);
    let run = rotate(&scene).expect(0);
    assert_eq!(keys(&scene).len(), 2, "the old one and the stored one\n{}", run.log());
    assert_eq!(run.outputs["left_keys"], "");
}

#[test]
fn a_key_that_comes_up_after_another_was_made_is_named() {
    let scene = scene();
    fault(&scene, Fault::lost_reply(CREATE, Action::Reset));
    // The looks after the lost answer take a minute, and then comes the one before the old key is switched off.
    scene.cloud.world(|world| world.key_list_lag = 12);
    let run = rotate(&scene).expect(0);
    let all = keys(&scene);
    assert_eq!(all.len(), 3, "{}", run.log());
    let late = &all[1].id;
    assert_eq!(run.outputs["left_keys"], *late, "{}", run.log());
    run.says(&format!("Look at key `{late}`: it was made while this run waited"));
    run.says(&format!("gcloud iam service-accounts keys delete {late}"));
    assert!(works(&scene));
}

#[test]
fn a_key_that_may_come_up_later_still_is_told_of() {
    let scene = scene();
    fault(&scene, Fault::lost_reply(CREATE, Action::Reset).times(3));
    scene.cloud.world(|world| world.key_list_lag = 100);
    let run = rotate(&scene).expect(7);
    run.says("A key may have been made that nobody has: gcloud iam service-accounts keys list");
}

#[test]
fn what_was_not_found_is_not_called_disabled_or_deleted() {
    let hidden = scene();
    let old = id_of(&hidden.key());
    fault(&hidden, Fault::next(DISABLE, Action::status(404)));
    let run = rotate(&hidden);
    assert_ne!(run.code, 0, "the old key still works\n{}", run.log());
    assert_eq!((run.outputs["disabled_keys"].as_str(), run.outputs["left_keys"].as_str()), ("", old.as_str()));
    assert!(keys(&hidden).iter().any(|key| key.id == old && !key.disabled));
    // A key that was just made and is not found yet is there all the same.
    let fresh = scene();
    fault(&fresh, Fault::next("github.secrets.put", Action::status(422)));
    fault(&fresh, Fault::next(DELETE, Action::status(404)).times(2));
    rotate(&fresh).expect(2);
    assert_eq!(keys(&fresh).len(), 1);
    let stays = scene();
    fault(&stays, Fault::next("github.secrets.put", Action::status(422)));
    fault(&stays, Fault::next(DELETE, Action::status(404)).times(Fault::FOREVER));
    let run = rotate(&stays).expect(2);
    assert_eq!(run.outputs["left_keys"], keys(&stays)[1].id);
    run.does_not_say("is deleted again");
}

#[test]
fn a_key_that_somebody_deleted_meanwhile_is_gone() {
    let mut scene = scene();
    let other = scene.cloud.world(|world| world.add_key(World::DEPLOYER).unwrap());
    scene.input("retire", "all");
    // The keys were listed before; while the secret is written this one is deleted.
    fault(&scene, Fault::next("github.secrets.put", Action::Slow(std::time::Duration::from_millis(300))));
    let running = crate::interrupted::reach_command(&scene, &["rotate-key"], "github.secrets.put", 0);
    scene.cloud.world(|world| {
        world.accounts.get_mut(World::DEPLOYER).unwrap().keys.retain(|key| key.id != other);
    });
    let run = running.finish_lenient().expect(0);
    run.says(&format!("Key `{other}` is not there any more: it was deleted by somebody else"));
    assert_eq!(run.outputs["disabled_keys"], id_of(&scene.key()));
}

#[test]
fn the_key_in_use_is_not_called_another() {
    let mut scene = scene();
    let old = id_of(&scene.key());
    scene.input("secret", "NEW_PLACE");
    let run = rotate(&scene).expect(0);
    assert_eq!(run.outputs["left_keys"], old);
    run.says(&format!("Key `{old}`, which this run signs in with, stays on"));
    run.does_not_say("is not what this run signs in with");
    assert_ne!(id_of(&stored(&scene)), "");
}
