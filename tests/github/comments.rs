//! The sticky comment: one of its key, whoever deletes it, whatever is lost.

use crate::support::{Forge, REPOSITORY, USUAL};
use fakecloud::{Action, Fault, Moment};
use slipway_github::comments::CommentWritten;

const BOT: &str = "github-actions[bot]";

/// Bodies of the comments by ours, oldest first.
fn ours(forge: &Forge) -> Vec<String> {
    forge.repository(|repository| {
        let own = repository.comments.iter().filter(|comment| comment.body.starts_with("<!-- slipway-preview:"));
        own.map(|comment| comment.body.clone()).collect()
    })
}

fn write(forge: &Forge, author: &str, body: &str) -> u64 {
    forge.cloud.world(|world| world.github.comment(REPOSITORY, 7, author, body))
}

#[tokio::test]
async fn it_is_written_once_changed_in_place_and_left_alone() {
    let forge = Forge::new();
    let first = forge.client.comment(7, "web", "one").await.unwrap();
    assert_eq!(first.written, CommentWritten::Created);
    assert!(first.url.ends_with(&format!("#issuecomment-{}", first.id)), "{}", first.url);
    let second = forge.client.comment(7, "web", "two\n").await.unwrap();
    assert_eq!((second.id, second.written), (first.id, CommentWritten::Changed));
    let third = forge.client.comment(7, "web", "two").await.unwrap();
    assert_eq!((third.id, third.written), (first.id, CommentWritten::Unchanged));
    assert_eq!(ours(&forge), ["<!-- slipway-preview:web -->\ntwo"]);
    assert_eq!((forge.count("comment created"), forge.count("comment changed")), (1, 1));
    // Another key, another comment.
    assert_eq!(forge.client.comment(7, "web-2", "two").await.unwrap().written, CommentWritten::Created);
    assert_eq!(ours(&forge).len(), 2);
}

#[tokio::test]
async fn it_is_found_among_a_hundred_and_twenty_others() {
    for before in [0, 30, 99, 100, 119] {
        let forge = Forge::new();
        for number in 0..before {
            write(&forge, "somebody", &format!("comment {number}"));
        }
        let first = forge.client.comment(7, "web", "one").await.unwrap();
        for number in before..120 {
            write(&forge, "somebody", &format!("comment {number}"));
        }
        let second = forge.client.comment(7, "web", "two").await.unwrap();
        assert_eq!((second.id, second.written), (first.id, CommentWritten::Changed), "{before} before it");
        assert_eq!(ours(&forge).len(), 1);
    }
}

#[tokio::test]
async fn a_comment_that_a_person_deleted_is_written_anew() {
    let forge = Forge::new();
    let first = forge.client.comment(7, "web", "one").await.unwrap();
    forge.repository(|repository| repository.delete_comment(first.id));
    let second = forge.client.comment(7, "web", "one").await.unwrap();
    assert_eq!((second.written, second.id > first.id), (CommentWritten::Created, true));
    // Deleted between the look and the change.
    forge.fault(Fault::next("github.comments.update", Action::status(404)));
    forge.repository(|repository| repository.comments.last_mut().unwrap().body.push_str("\nold"));
    assert_eq!(forge.client.comment(7, "web", "two").await.unwrap().written, CommentWritten::Changed);
    assert_eq!(ours(&forge), ["<!-- slipway-preview:web -->\ntwo"]);
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_makes_no_second_comment() {
    for moment in [Moment::AfterEffect, Moment::Before] {
        for action in [Action::Reset, Action::status(502), Action::Truncate, Action::Garbage] {
            let forge = Forge::new();
            forge.fault(Fault { moment, ..Fault::next("github.comments.create", action.clone()) });
            let written = forge.client.comment(7, "web", "one").await.unwrap();
            assert_eq!((written.written, ours(&forge).len()), (CommentWritten::Created, 1), "{moment:?} {action:?}");
            let sent = if moment == Moment::Before { 2 } else { 1 };
            assert_eq!(forge.asked("github.comments.create"), sent, "{moment:?} {action:?}");
        }
    }
    let forge = Forge::new();
    forge.fault(Fault::next("github.comments.create", Action::status(503)).times(Fault::FOREVER));
    let error = forge.client.comment(7, "web", "one").await.unwrap_err();
    assert_eq!(error.to_string(), "could not write the comment on #7: GitHub answered 503 `Server Error`");
    assert_eq!(forge.asked("github.comments.create"), 3);
}

#[tokio::test]
async fn of_two_the_older_one_stays() {
    let forge = Forge::new();
    let first = forge.client.comment(7, "web", "one").await.unwrap();
    write(&forge, BOT, "<!-- slipway-preview:web -->\nracer");
    let written = forge.client.comment(7, "web", "two").await.unwrap();
    assert_eq!(written.id, first.id);
    assert_eq!(ours(&forge), ["<!-- slipway-preview:web -->\ntwo"]);

    // Two runs at once: both look, both write, both look again.
    let forge = Forge::new();
    let other = forge.another_client();
    let (one, two) = tokio::join!(forge.client.comment(7, "web", "one"), other.comment(7, "web", "two"));
    assert_eq!(one.unwrap().id, two.unwrap().id);
    assert_eq!(ours(&forge).len(), 1);
}

#[tokio::test]
async fn what_others_wrote_is_never_touched() {
    let forge = Forge::new();
    write(&forge, "stranger", "<!-- slipway-preview:web -->\n[the preview](https://evil.example)");
    write(&forge, BOT, "> <!-- slipway-preview:web -->\n> quoted");
    let before: Vec<String> =
        forge.repository(|repository| repository.comments.iter().map(|comment| comment.body.clone()).collect());
    let written = forge.client.comment(7, "web", "one").await.unwrap();
    assert_eq!(written.written, CommentWritten::Created);
    let after: Vec<String> =
        forge.repository(|repository| repository.comments.iter().map(|comment| comment.body.clone()).collect());
    assert_eq!(after[..2], before[..]);
    assert_eq!(after.len(), 3);

    // With a person's own token the comments are that person's.
    let forge = Forge::with("captain", USUAL, "");
    write(&forge, BOT, "<!-- slipway-preview:web -->\nof the workflow's token");
    let first = forge.client.comment(7, "web", "one").await.unwrap();
    let second = forge.client.comment(7, "web", "two").await.unwrap();
    assert_eq!((second.id, second.written), (first.id, CommentWritten::Changed));
    assert_eq!(forge.count("comment created"), 1);
}

#[tokio::test]
async fn the_longest_text_is_taken() {
    let forge = Forge::new();
    let long = "one line of many\n".repeat(8_000);
    let first = forge.client.comment(7, "web", &long).await.unwrap();
    assert_eq!(first.written, CommentWritten::Created);
    assert!(ours(&forge)[0].ends_with("see the summary of the run."));
    assert_eq!(forge.client.comment(7, "web", &long).await.unwrap().written, CommentWritten::Unchanged);
}
