//! What visitors of a Hosting site get.

use crate::client::{self, Reply};
use crate::hosting_scene::{gzip, hash, scene, ship, url, visit};
use crate::scene::{Scene, hello};
use fakecloud::{Page, RevisionScript, Site};
use serde_json::{Value, json};

/// A site with these files and this configuration, and its address.
fn site(files: &[(&str, &str)], config: &Value) -> (Scene, String) {
    let scene = scene();
    ship(&scene, files, config);
    let url = url(&scene, "live");
    (scene, url)
}

/// Status, and where a redirect leads or what the body says.
fn seen(reply: &Reply) -> (u16, String) {
    (reply.status, reply.header("location").map_or_else(|| reply.text(), str::to_owned))
}

/// What each of these paths shows.
fn shows(url: &str, expected: &[(&str, u16, &str)]) {
    for (path, status, text) in expected {
        assert_eq!(seen(&visit(url, path, &[])), (*status, (*text).to_owned()), "{path}");
    }
}

#[test]
fn files_are_served_with_type_tag_and_encoding() {
    let (scene, url) = site(&[("/index.html", "home"), ("/a.js", "code"), ("/img/ü.svg", "svg")], &json!({}));
    let home = visit(&url, "/", &[]);
    assert_eq!(
        (home.status, home.text().as_str(), home.header("content-type")),
        (200, "home", Some("text/html; charset=utf-8"))
    );
    assert_eq!(home.header("cache-control"), Some("max-age=3600"));
    let tag = format!("\"{}\"", hash(&gzip(b"home")));
    assert_eq!(home.header("etag"), Some(tag.as_str()));
    assert!(home.header("x-fake-version").is_some() && home.header("content-encoding").is_none());
    let packed = visit(&url, "/", &[("Accept-Encoding", "br, gzip")]);
    assert_eq!((packed.header("content-encoding"), &packed.body), (Some("gzip"), &gzip(b"home")));
    assert_eq!(visit(&url, "/", &[("If-None-Match", tag.as_str())]).status, 304);
    assert_eq!(visit(&url, "/a.js", &[]).header("content-type"), Some("text/javascript; charset=utf-8"));
    let escaped = visit(&url, "//img/%C3%BC.svg?v=1", &[]);
    assert_eq!((escaped.text().as_str(), escaped.header("content-type")), ("svg", Some("image/svg+xml")));
    let head = client::send(&url, "HEAD", "/a.js", &[], None);
    assert!(head.is_err() || head.is_ok_and(|reply| reply.body.is_empty()));
    assert_eq!(client::send(&url, "POST", "/a.js", &[], Some(b"")).expect("a reply").status, 404);
    let asked = scene.cloud.calls("hosting.request");
    assert!(asked.iter().all(|entry| entry.api == "hosting") && asked.len() == 7);
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn nothing_released_and_nothing_found_are_told_apart() {
    let scene = scene();
    let address = url(&scene, "live");
    let nothing = visit(&address, "/", &[]);
    assert!(nothing.status == 404 && nothing.text().contains("Site Not Found"));
    ship(&scene, &[("/index.html", "home")], &json!({}));
    let missing = visit(&address, "/none", &[]);
    assert!(missing.status == 404 && missing.text().contains("Page Not Found"), "{}", missing.text());
    let files = [("/index.html", "home"), ("/404.html", "own page")];
    let headers = json!({"headers": [{"glob": "/404.html", "headers": {"x-page": "missing"}}]});
    ship(&scene, &files, &headers);
    let missing = visit(&address, "/none", &[]);
    assert_eq!((missing.status, missing.text().as_str(), missing.header("x-page")), (404, "own page", Some("missing")));
    assert_eq!(visit(&address, "/404.html", &[]).status, 404);
    assert_eq!(visit(&address, "/__/firebase/init.js", &[]).status, 404);
}

const PAGES: &[(&str, &str)] =
    &[("/index.html", "home"), ("/about.html", "about"), ("/docs/index.html", "docs"), ("/docs/a.html", "a")];

#[test]
fn paths_without_any_rule() {
    let (_scene, url) = site(PAGES, &json!({}));
    shows(
        &url,
        &[
            ("/", 200, "home"),
            ("/index.html", 200, "home"),
            ("/about.html", 200, "about"),
            ("/docs", 301, "/docs/"),
            ("/docs?x=a%20b", 301, "/docs/?x=a%20b"),
            ("/docs/", 200, "docs"),
            ("/docs/index.html", 200, "docs"),
        ],
    );
    assert_eq!(visit(&url, "/about", &[]).status, 404);
}

#[test]
fn clean_urls_hide_endings() {
    let (_scene, url) = site(PAGES, &json!({"cleanUrls": true}));
    shows(
        &url,
        &[
            ("/", 200, "home"),
            ("/about", 200, "about"),
            ("/about.html", 301, "/about"),
            ("/about.html?x=1", 301, "/about?x=1"),
            ("/index.html", 301, "/"),
            ("/index", 301, "/"),
            ("/docs", 200, "docs"),
            ("/docs/", 200, "docs"),
            ("/docs/index.html", 301, "/docs"),
            ("/docs/a", 200, "a"),
        ],
    );
    assert_eq!(visit(&url, "/about/", &[]).status, 404);
}

#[test]
fn slashes_are_added() {
    let (_scene, url) = site(PAGES, &json!({"cleanUrls": true, "trailingSlashBehavior": "ADD"}));
    shows(
        &url,
        &[
            ("/", 200, "home"),
            ("/about", 301, "/about/"),
            ("/about/", 200, "about"),
            ("/about.html", 301, "/about/"),
            ("/docs", 301, "/docs/"),
            ("/docs/", 200, "docs"),
            ("/docs/index.html", 301, "/docs/"),
            ("/index.html", 301, "/"),
        ],
    );
    let (_scene, url) = site(PAGES, &json!({"trailingSlashBehavior": "ADD"}));
    shows(&url, &[("/docs", 301, "/docs/"), ("/about.html", 200, "about"), ("/docs/", 200, "docs")]);
}

#[test]
fn slashes_are_removed() {
    let (_scene, url) = site(PAGES, &json!({"cleanUrls": true, "trailingSlashBehavior": "REMOVE"}));
    shows(
        &url,
        &[
            ("/", 200, "home"),
            ("/about", 200, "about"),
            ("/about/", 301, "/about"),
            ("/docs", 200, "docs"),
            ("/docs/", 301, "/docs"),
            ("/docs/index.html", 301, "/docs"),
        ],
    );
    let (_scene, url) = site(PAGES, &json!({"trailingSlashBehavior": "REMOVE"}));
    shows(&url, &[("/docs", 200, "docs"), ("/docs/", 301, "/docs")]);
    assert_eq!(visit(&url, "/about/", &[]).status, 404);
}

#[test]
fn redirects_go_before_files_and_carry_captures() {
    let config = json!({"redirects": [
        {"glob": "/about.html", "location": "/team", "statusCode": 302},
        {"glob": "/blog/:post*", "location": "/news/:post*", "statusCode": 301},
        {"glob": "/u/:id/:tab", "location": "https://example.com:8080/:tab?user=:id", "statusCode": 308},
        {"regex": "^/old/(?P<year>\\d+)/(.*)$", "location": "/archive/:year/:2", "statusCode": 301},
        {"glob": "/**/*.php", "location": "/gone page", "statusCode": 303},
        {"glob": "/blog/x", "location": "/never", "statusCode": 301},
    ]});
    let (_scene, url) = site(PAGES, &config);
    shows(
        &url,
        &[
            ("/about.html", 302, "/team"),
            ("/blog/2024/x?a=1", 301, "/news/2024/x?a=1"),
            ("/blog/x", 301, "/news/x"),
            ("/blog", 301, "/news"),
            ("/u/7/photos?b=2", 308, "https://example.com:8080/photos?user=7&b=2"),
            ("/old/1999/a/b.html", 301, "/archive/1999/a/b.html"),
            ("/x/y.php", 303, "/gone%20page"),
            ("/docs/", 200, "docs"),
        ],
    );
}

#[test]
fn rewrites_come_last_and_in_order() {
    let config = json!({"rewrites": [
        {"regex": "^/api/", "function": "api"},
        {"glob": "/lost", "path": "/nowhere.html"},
        {"glob": "/app/**", "path": "/docs/a.html"},
        {"glob": "**", "path": "/index.html"},
    ]});
    let (_scene, url) = site(PAGES, &config);
    shows(
        &url,
        &[("/about.html", 200, "about"), ("/app/x/y", 200, "a"), ("/anything", 200, "home"), ("/docs/", 200, "docs")],
    );
    assert_eq!(visit(&url, "/api/x", &[]).status, 404, "there is no such function");
    assert_eq!(visit(&url, "/lost", &[]).status, 404, "its file is missing");
}

#[test]
fn headers_are_added_where_their_patterns_fit() {
    let config = json!({"cleanUrls": true, "headers": [
        {"glob": "**/*.@(js|css)", "headers": {"Cache-Control": "max-age=31536000", "X-One": "1"}},
        {"regex": "app", "headers": {"X-One": "2"}},
        {"glob": "/about", "headers": {"Content-Type": "text/x-about", "bad name": "x"}},
    ]});
    let (_scene, url) = site(&[("/app.js", "code"), ("/b.js", "b"), ("/about.html", "about")], &config);
    let app = visit(&url, "/app.js", &[]);
    assert_eq!((app.header("cache-control"), app.header("x-one")), (Some("max-age=31536000"), Some("2")));
    assert_eq!(app.headers.iter().filter(|(name, _)| name == "cache-control").count(), 1);
    assert_eq!(visit(&url, "/b.js", &[]).header("x-one"), Some("1"));
    let about = visit(&url, "/about", &[]);
    assert_eq!((about.header("content-type"), about.header("x-one")), (Some("text/x-about"), None));
}

#[test]
fn translations_are_found_by_language_and_country() {
    let files = [
        ("/index.html", "plain"),
        ("/only.html", "only"),
        ("/404.html", "missing"),
        ("/lang/fr/index.html", "french"),
        ("/lang/fr/404.html", "perdu"),
        ("/lang/de_ALL/index.html", "german"),
        ("/lang/fr_CA/index.html", "canadian"),
        ("/lang/ALL_CA/index.html", "anybody's in Canada"),
    ];
    let (_scene, url) =
        site(&files, &json!({"i18n": {"root": "/lang"}, "rewrites": [{"glob": "/app", "path": "/index.html"}]}));
    let text = |path: &str, headers: &[(&str, &str)]| visit(&url, path, headers).text();
    assert_eq!(text("/", &[]), "plain");
    assert_eq!(text("/", &[("Accept-Language", "fr-CH, en;q=0.5")]), "french");
    assert_eq!(text("/", &[("Accept-Language", "en, de;q=0.5")]), "german");
    assert_eq!(text("/", &[("Accept-Language", "fr"), ("X-Country-Code", "CA")]), "canadian");
    assert_eq!(text("/", &[("Accept-Language", "es"), ("X-Country-Code", "CA")]), "anybody's in Canada");
    assert_eq!(text("/", &[("Cookie", "a=b; firebase-language-override=de"), ("Accept-Language", "fr")]), "german");
    assert_eq!(text("/only.html", &[("Accept-Language", "fr")]), "only");
    assert_eq!(text("/none", &[("Accept-Language", "fr")]), "perdu");
    assert_eq!(text("/app", &[("Accept-Language", "fr")]), "plain", "rewrites are not translated");
}

/// A public service with one revision that is tagged and an older one behind its address, and a
/// site that leads to both.
fn in_front_of_a_service() -> (Scene, String) {
    let scene = scene();
    for revision in ["web-1", "web-2"] {
        let mut body = hello();
        body["invokerIamDisabled"] = json!(true);
        body["template"]["revision"] = json!(revision);
        body["traffic"] = json!([
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-1", "percent": 100},
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "tag": "fh-2"},
        ]);
        scene.deploy("web", &body);
    }
    let config = json!({
        "rewrites": [
            {"glob": "/pinned/**", "run": {"serviceId": "web", "region": "us-central1", "tag": "fh-2"}},
            {"glob": "/api/**", "run": {"serviceId": "web", "region": "us-central1"}},
        ],
        "headers": [{"glob": "/api/**", "headers": {"x-added": "yes"}}],
    });
    ship(&scene, &[("/index.html", "home"), ("/api/static.txt", "a file")], &config);
    let url = url(&scene, "live");
    (scene, url)
}

#[test]
fn a_rewrite_reaches_the_service_and_its_tag() {
    let (scene, url) = in_front_of_a_service();
    let api = visit(&url, "/api/orders", &[]);
    assert_eq!((api.status, &api.json()["revision"]), (200, &json!("web-1")));
    assert_eq!(api.header("x-added"), Some("yes"));
    assert_eq!(visit(&url, "/pinned/x", &[]).json()["revision"], "web-2");
    assert_eq!(visit(&url, "/api/static.txt", &[]).text(), "a file", "files go before rewrites");
    let posted = client::send(&url, "POST", "/api/orders", &[], Some(b"{}")).expect("a reply");
    assert_eq!(posted.status, 200);
    let counts = scene.cloud.world(|world| (world.requests_of("web-1"), world.tagged_requests_of("web-2")));
    assert_eq!(counts, (2, 1));
    let revisions: Vec<_> = scene.cloud.calls("hosting.request").iter().map(|entry| entry.revision.clone()).collect();
    assert_eq!(revisions, [Some("web-1".to_owned()), Some("web-2".to_owned()), None, Some("web-1".to_owned())]);
}

#[test]
fn a_service_that_is_private_broken_or_gone_shows() {
    let (scene, url) = in_front_of_a_service();
    scene.cloud.world(|world| world.sites.insert("web".to_owned(), Site::always(Page::status(500))));
    assert_eq!(visit(&url, "/api/x", &[]).status, 500);
    let mut body = hello();
    body["template"]["revision"] = json!("web-3");
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::answering(Site::healthy())));
    scene.deploy("web", &body);
    assert_eq!(visit(&url, "/api/x", &[]).status, 403, "visitors may not invoke it");
    scene.cloud.world(|world| world.services.clear());
    assert_eq!(visit(&url, "/api/x", &[]).status, 404);
    assert_eq!(visit(&url, "/", &[]).text(), "home");
}

#[test]
fn an_access_token_does_not_belong_on_a_site() {
    let (scene, url) = site(&[("/index.html", "home")], &json!({}));
    let bearer = format!("Bearer {}", scene.token);
    assert_eq!(visit(&url, "/", &[("Authorization", bearer.as_str())]).status, 200);
    assert!(scene.cloud.unexpected()[0].starts_with("an access token was sent to http://127.0.0.1:"));
}
