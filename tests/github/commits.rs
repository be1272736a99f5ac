//! Comparisons and pull requests.

use crate::support::{Forge, HEAD, MAIN, NEXT};

#[tokio::test]
async fn a_comparison_tells_what_changed_where_that_is_known() {
    let forge = Forge::new();
    let ahead = forge.client.compare(MAIN, HEAD).await.unwrap();
    assert_eq!((ahead.status.as_str(), ahead.ahead_by, ahead.behind_by), ("ahead", 1, 0));
    assert_eq!(ahead.changed_paths(), Some(vec!["web/app.js", "web/index.html"]));
    let diverged = forge.client.compare("main", "feature/lights").await.unwrap();
    assert_eq!((diverged.status.as_str(), diverged.changed_paths()), ("diverged", None));
    let same = forge.client.compare(NEXT, "main").await.unwrap();
    assert_eq!((same.status.as_str(), same.changed_paths()), ("identical", Some(vec![])));
    let many: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    forge.repository(|repository| {
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        repository.add_commit("main", &"e".repeat(40), &[NEXT], &many);
    });
    let big = forge.client.compare(NEXT, "main").await.unwrap();
    assert_eq!((big.ahead_by, big.changed_paths()), (1, None), "there may be more than the 300 that are listed");
    let error = forge.client.compare(NEXT, "nowhere").await.unwrap_err();
    assert!(error.is_missing());
    let text = format!("could not compare `{NEXT}` with `nowhere`: GitHub answered 404 `Not Found`");
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_merge_has_the_parents_that_it_merges() {
    let forge = Forge::new();
    let merge = "9".repeat(40);
    forge.repository(|repository| repository.add_commit("merge", &merge, &[MAIN, HEAD], &[]));
    assert_eq!(forge.client.parents(&merge).await.unwrap(), [MAIN, HEAD]);
    let error = forge.client.parents(&"8".repeat(40)).await.unwrap_err();
    assert!(error.to_string().contains("GitHub answered 422 `No commit found for SHA: 8888"), "{error}");
}

#[tokio::test]
async fn a_pull_request_tells_where_it_comes_from() {
    let forge = Forge::new();
    let pull = forge.client.pull(7).await.unwrap();
    assert_eq!((pull.closed, pull.merged), (false, false));
    assert_eq!((pull.head_ref.as_str(), pull.head_sha.as_str()), ("feature/lights", HEAD));
    forge.repository(|repository| {
        let pull = repository.pulls.get_mut(&7).unwrap();
        (pull.closed, pull.merged) = (true, true);
        pull.head_repository = Some("stranger/app".to_owned());
    });
    let pull = forge.client.pull(7).await.unwrap();
    assert_eq!((pull.closed, pull.merged), (true, true));
    assert_eq!(pull.head_repository.as_deref(), Some("stranger/app"));
    forge.repository(|repository| repository.pulls.get_mut(&7).unwrap().head_repository = None);
    assert_eq!(forge.client.pull(7).await.unwrap().head_repository, None, "it was deleted");
    assert!(forge.client.is_closed(7).await.unwrap());
    assert!(forge.client.pull(8).await.unwrap_err().is_missing());
}
