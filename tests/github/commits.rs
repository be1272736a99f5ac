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
async fn a_pull_request_tells_where_it_comes_from() {
    let forge = Forge::new();
    let pull = forge.client.pull(7).await.unwrap();
    assert_eq!((pull.closed, pull.merged, pull.from_fork), (false, false, false));
    assert_eq!(
        (pull.head_ref.as_str(), pull.head_sha.as_str(), pull.base_ref.as_str()),
        ("feature/lights", HEAD, "main")
    );
    forge.repository(|repository| {
        let pull = repository.pulls.get_mut(&7).unwrap();
        (pull.closed, pull.merged) = (true, true);
        pull.head_repository = Some("stranger/app".to_owned());
    });
    let pull = forge.client.pull(7).await.unwrap();
    assert_eq!((pull.closed, pull.merged, pull.from_fork), (true, true, true));
    assert_eq!(pull.head_repository.as_deref(), Some("stranger/app"));
    forge.repository(|repository| repository.pulls.get_mut(&7).unwrap().head_repository = None);
    assert!(forge.client.pull(7).await.unwrap().from_fork);
    assert!(forge.client.is_closed(7).await.unwrap());
    assert!(forge.client.pull(8).await.unwrap_err().is_missing());
}
