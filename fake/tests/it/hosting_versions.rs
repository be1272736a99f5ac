//! Hosting versions: populating, uploading, finalizing, deleting, cloning.

use crate::client;
use crate::hosting_scene::{
    API, SITE, begin, finalize, finalized, gzip, hash, populate, release, scene, ship, upload, word,
};
use crate::scene::{Scene, hello};
use fakecloud::{Action, Fault, VersionStatus, World};
use serde_json::{Value, json};
use std::time::Instant;

fn upload_url(scene: &Scene, version: &str, files: &[(&str, &str)]) -> String {
    populate(scene, version, files).json()["uploadUrl"].as_str().expect("an address").to_owned()
}

#[test]
fn a_version_goes_from_created_to_finalized() {
    let scene = scene();
    let body = json!({"status": "CREATED", "labels": {"tool": "slipway"}});
    let created = scene.post(API, "/v1beta1/sites/harbour-dev/versions", &body).json();
    let version = created["name"].as_str().expect("a name").to_owned();
    assert!(version.starts_with("projects/harbour-dev/sites/harbour-dev/versions/"), "{version}");
    assert_eq!((&created["status"], &created["labels"]), (&json!("CREATED"), &json!({"tool": "slipway"})));
    assert_eq!(created["createUser"]["email"], World::DEPLOYER);
    let told = populate(&scene, &version, &[("/index.html", "home"), ("/a/b.js", "code")]).json();
    let mut required = [hash(&gzip(b"home")), hash(&gzip(b"code"))];
    required.sort();
    assert_eq!(told["uploadRequiredHashes"], json!(required));
    let url = told["uploadUrl"].as_str().expect("an address");
    for content in [b"home", b"code"] {
        let bytes = gzip(content);
        // A second time changes nothing.
        for _ in 0..2 {
            assert_eq!(upload(&scene, url, &hash(&bytes), &bytes).status, 200);
        }
    }
    let done = finalize(&scene, &version, &json!({"cleanUrls": true, "redirects": []})).json();
    assert_eq!((&done["status"], &done["fileCount"]), (&json!("FINALIZED"), &json!("2")));
    let bytes = gzip(b"home").len() + gzip(b"code").len();
    assert_eq!((&done["versionBytes"], &done["config"]), (&json!(bytes.to_string()), &json!({"cleanUrls": true})));
    assert_eq!(done["finalizeUser"]["email"], World::DEPLOYER);
    assert_eq!(scene.get(API, &format!("/v1beta1/{version}")).json(), done);
    let counts = ["version created", "file uploaded", "version finalized"]
        .map(|what| scene.cloud.world(|world| world.count(what)));
    assert_eq!(counts, [1, 2, 1]);
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn content_the_site_has_needs_no_upload() {
    let scene = scene();
    ship(&scene, &[("/index.html", "home"), ("/old.html", "old")], &json!({}));
    let version = begin(&scene);
    let told = populate(&scene, &version, &[("/moved.html", "home")]).json();
    assert!(told.get("uploadRequiredHashes").is_none() && told["uploadUrl"].is_string());
    let told = populate(&scene, &version, &[("/moved.html", "home"), ("/new.html", "new")]).json();
    assert_eq!(told["uploadRequiredHashes"], json!([hash(&gzip(b"new"))]));
    // Another site has its own store.
    scene.cloud.world(|world| world.add_site(World::PROJECT, "harbour-docs", false));
    let other = scene.post(API, "/v1beta1/sites/harbour-docs/versions", &json!({})).json();
    let told = populate(&scene, other["name"].as_str().expect("a name"), &[("/index.html", "home")]).json();
    assert_eq!(told["uploadRequiredHashes"], json!([hash(&gzip(b"home"))]));
}

#[test]
fn populating_has_its_laws() {
    let scene = scene();
    let version = begin(&scene);
    let told =
        |files: &Value| scene.post(API, &format!("/v1beta1/{version}:populateFiles"), &json!({"files": files})).status;
    let good = "0123456789abcdef".repeat(4);
    let many = |count: usize| (0..count).map(|n| (format!("/{n}.html"), json!(good))).collect::<Value>();
    assert_eq!((told(&many(1000)), told(&many(1001))), (200, 400));
    for path in ["index.html", "", "/", "/folder/"] {
        assert_eq!(told(&json!({path: good})), 400, "{path}");
    }
    for hash in [good.to_uppercase(), good[1..].to_owned(), "g".repeat(64)] {
        assert_eq!(told(&json!({"/index.html": hash})), 400, "{hash}");
    }
    assert_eq!(told(&json!({})), 200);
    // An empty hash takes a path out again.
    let all: Vec<Value> = (0..1000).map(|n| json!([format!("/{n}.html"), ""])).collect();
    let none: Value = all.iter().map(|pair| (pair[0].as_str().expect("a path").to_owned(), json!(""))).collect();
    assert_eq!(told(&none), 200);
    assert_eq!(finalize(&scene, &version, &json!({})).status, 200);
    assert_eq!(told(&json!({"/index.html": good})), 400, "it is finalized");
}

#[test]
fn an_upload_must_be_what_its_hash_says() {
    let scene = scene();
    let version = begin(&scene);
    let url = upload_url(&scene, &version, &[("/index.html", "home"), ("/b.html", "b")]);
    let (home, other) = (gzip(b"home"), gzip(b"other"));
    let wrong = upload(&scene, &url, &hash(&home), &gzip(b"b"));
    assert!(wrong.status == 400 && wrong.message().contains("content hash"), "{}", wrong.text());
    assert_eq!(upload(&scene, &url, &hash(&other), &other).status, 400, "it was not populated");
    assert_eq!(upload(&scene, &url.replace("/files", "x/files"), &hash(&home), &home).status, 404);
    let twice = [home.clone(), home.clone()].concat();
    for bytes in [b"plain text".to_vec(), twice, home[..home.len() - 1].to_vec()] {
        let files = json!({"files": {"/c.html": hash(&bytes)}});
        assert_eq!(scene.post(API, &format!("/v1beta1/{version}:populateFiles"), &files).status, 200);
        let reply = upload(&scene, &url, &hash(&bytes), &bytes);
        assert!(reply.status == 400 && reply.message().contains("gzip"), "{}", reply.text());
    }
    assert_eq!(scene.cloud.world(|world| world.count("file uploaded")), 0);
    assert_eq!(upload(&scene, &url, &hash(&home), &home).status, 200);
}

#[test]
fn a_version_lacking_content_is_not_finalized() {
    let scene = scene();
    let version = begin(&scene);
    let url = upload_url(&scene, &version, &[("/index.html", "home"), ("/b.html", "b")]);
    let home = gzip(b"home");
    assert_eq!(upload(&scene, &url, &hash(&home), &home).status, 200);
    let refused = finalize(&scene, &version, &json!({}));
    assert_eq!((refused.status, word(&refused).as_str()), (400, "FAILED_PRECONDITION"));
    assert!(refused.message().contains(&hash(&gzip(b"b"))));
    let files = |status: &str| {
        let files = scene.get(API, &format!("/v1beta1/{version}/files?status={status}")).json()["files"].clone();
        files.as_array().expect("files").iter().map(|file| file["path"].clone()).collect::<Value>()
    };
    assert_eq!((files("ACTIVE"), files("EXPECTED")), (json!(["/index.html"]), json!(["/b.html"])));
    assert_eq!(files("STATUS_UNSPECIFIED"), json!(["/b.html", "/index.html"]));
}

#[test]
fn without_a_mask_the_configuration_is_dropped() {
    let scene = scene();
    let version = begin(&scene);
    let body = json!({"status": "FINALIZED", "config": {"cleanUrls": true}});
    let done = scene.call(API, "PATCH", &format!("/v1beta1/{version}"), Some(&body));
    assert_eq!((done.status, &done.json()["status"]), (200, &json!("FINALIZED")));
    assert!(done.json().get("config").is_none());
}

#[test]
fn a_mask_changes_what_it_names() {
    let scene = scene();
    let version = begin(&scene);
    let patch = |mask: &str, body: &Value| {
        scene.call(API, "PATCH", &format!("/v1beta1/{version}?updateMask={mask}"), Some(body))
    };
    let body = json!({"status": "FINALIZED", "config": {"cleanUrls": true}, "labels": {"a": "b"}});
    let changed = patch("config,labels", &body).json();
    assert_eq!((&changed["status"], &changed["labels"]), (&json!("CREATED"), &json!({"a": "b"})));
    assert_eq!(patch("config.rewrites", &body).status, 400);
    assert_eq!(patch("status", &json!({"status": "DELETED"})).status, 400);
    let done = patch("status", &json!({"status": "FINALIZED"})).json();
    assert_eq!((&done["status"], &done["config"]), (&json!("FINALIZED"), &json!({"cleanUrls": true})));
}

#[test]
fn a_finalized_version_never_changes() {
    let scene = scene();
    let version = finalized(&scene, &[("/index.html", "home")], &json!({}));
    let id = version.rsplit('/').next().expect("an id");
    let refusals = [
        finalize(&scene, &version, &json!({"cleanUrls": true})),
        scene.call(API, "PATCH", &format!("/v1beta1/{version}?updateMask=status"), Some(&json!({"status": "CREATED"}))),
        populate(&scene, &version, &[("/b.html", "b")]),
        upload(
            &scene,
            &format!("{}/upload/sites/harbour-dev/versions/{id}/files", scene.cloud.address(API)),
            &hash(&gzip(b"home")),
            &gzip(b"home"),
        ),
    ];
    for refused in refusals {
        assert_eq!((refused.status, word(&refused).as_str()), (400, "FAILED_PRECONDITION"));
    }
}

#[test]
fn a_configuration_has_its_laws() {
    let scene = scene();
    let version = begin(&scene);
    let refused = |config: Value| finalize(&scene, &version, &config).status;
    for illegal in [
        json!({"redirects": [{"glob": "/a", "regex": "/b", "location": "/c", "statusCode": 301}]}),
        json!({"redirects": [{"location": "/c", "statusCode": 301}]}),
        json!({"redirects": [{"glob": "/a", "location": "/c"}]}),
        json!({"redirects": [{"glob": "/a", "location": "/c", "statusCode": 200}]}),
        json!({"redirects": [{"glob": "/a", "statusCode": 301}]}),
        json!({"redirects": [{"regex": "(", "location": "/c", "statusCode": 301}]}),
        json!({"headers": [{"headers": {"a": "b"}}]}),
        json!({"rewrites": [{"glob": "**"}]}),
        json!({"rewrites": [{"glob": "**", "path": "/a", "function": "f"}]}),
        json!({"rewrites": [{"glob": "**", "path": "a"}]}),
        json!({"rewrites": [{"glob": "**", "run": {"serviceId": "none"}}]}),
        json!({"i18n": {"root": ""}}),
        json!({"trailingSlashBehavior": "MAYBE"}),
        json!({"appAssociation": "SOMETIMES"}),
    ] {
        assert_eq!(refused(illegal.clone()), 400, "{illegal}");
    }
    assert!(scene.cloud.unexpected().is_empty());
    assert_eq!(refused(json!({"cleanUrl": true})), 400);
    assert_eq!(scene.cloud.unexpected().len(), 1, "a misspelt field is noted");
    let legal = json!({
        "redirects": [{"glob": "/a", "location": "/c", "statusCode": 302}], "cleanUrls": true,
        "headers": [{"regex": "^/x", "headers": {"a": "b"}}], "trailingSlashBehavior": "REMOVE", "appAssociation": "NONE",
        "rewrites": [{"glob": "/f", "function": "f", "functionRegion": "us-central1"}], "i18n": {"root": "/lang"},
    });
    assert_eq!(finalize(&scene, &version, &legal).json()["config"], legal);
}

#[test]
fn a_rewrite_to_cloud_run_needs_its_service_and_tag() {
    let scene = scene();
    let mut body = hello();
    body["traffic"] = json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100, "tag": "fh-1"}]);
    scene.deploy("web", &body);
    let version = begin(&scene);
    let patched = |run: Value| {
        let config = json!({"rewrites": [{"glob": "**", "run": run}]});
        let body = json!({"config": config});
        scene.call(API, "PATCH", &format!("/v1beta1/{version}?updateMask=config"), Some(&body)).status
    };
    assert_eq!(patched(json!({"serviceId": "web", "region": "us-central1", "tag": "fh-1"})), 200);
    assert_eq!(patched(json!({"serviceId": "web"})), 200, "us-central1 is the default");
    assert_eq!(patched(json!({"serviceId": "web", "region": "europe-west1"})), 400);
    assert_eq!(patched(json!({"serviceId": "api"})), 400);
    assert_eq!(patched(json!({"serviceId": "web", "tag": "fh-2"})), 400);
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.get"));
    assert_eq!(patched(json!({"serviceId": "web"})), 403);
}

#[test]
fn what_is_shown_is_not_deleted() {
    let scene = scene();
    let old = ship(&scene, &[("/index.html", "old")], &json!({}));
    let shown = ship(&scene, &[("/index.html", "new")], &json!({}));
    let fresh = begin(&scene);
    let delete = |version: &str| scene.call(API, "DELETE", &format!("/v1beta1/{version}"), None).status;
    assert_eq!([delete(&shown), delete(&old), delete(&fresh), delete(&fresh)], [400, 200, 200, 404]);
    assert_eq!(scene.cloud.world(|world| world.count("version deleted")), 2);
    let gone = scene.get(API, &format!("/v1beta1/{old}")).json();
    assert_eq!((&gone["status"], &gone["deleteUser"]["email"]), (&json!("DELETED"), &json!(World::DEPLOYER)));
    assert_eq!(release(&scene, "live", &old).status, 400);
}

#[test]
fn a_version_nobody_finalizes_is_given_up() {
    let scene = scene();
    let version = begin(&scene);
    // The token outlives the half day.
    scene.cloud.world(|world| {
        world.tokens.values_mut().for_each(|token| token.expires += 86_400);
        world.clock_skew = 12 * 3600 + 60;
    });
    assert_eq!(finalize(&scene, &version, &json!({})).status, 400);
    assert_eq!(scene.get(API, &format!("/v1beta1/{version}")).json()["status"], "ABANDONED");
    let statuses: Vec<VersionStatus> =
        scene.cloud.world(|world| world.hosting["harbour-dev"].versions.iter().map(|version| version.status).collect());
    assert_eq!(statuses, [VersionStatus::Abandoned]);
}

#[test]
fn versions_are_listed_newest_first_and_filtered() {
    let scene = scene();
    let first = finalized(&scene, &[("/index.html", "one")], &json!({}));
    let body = json!({"labels": {"tool": "slipway"}});
    let second = scene.post(API, &format!("{SITE}/versions"), &body).json()["name"].clone();
    let names = |query: &str| {
        let list = scene.get(API, &format!("{SITE}/versions{query}")).json()["versions"].clone();
        list.as_array().into_iter().flatten().map(|version| version["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(""), [second.clone(), json!(first)]);
    assert_eq!(names("?filter=status%3D%22FINALIZED%22"), [json!(first)]);
    assert_eq!(names("?filter=status%3D%22CREATED%22+AND+labels.tool%3D%22slipway%22"), vec![second.clone()]);
    assert_eq!(names("?filter=status%3D%22CREATED%22+OR+status%3D%22FINALIZED%22").len(), 2);
    assert_eq!(names("?filter=status%3D%22DELETED%22"), Vec::<Value>::new());
    assert_eq!(names("?pageSize=1&pageToken=1"), [json!(first)]);
    assert!(scene.cloud.unexpected().is_empty());
    assert_eq!(scene.get(API, &format!("{SITE}/versions?filter=createTime%3E%22x%22")).status, 400);
    assert_eq!(scene.cloud.unexpected().len(), 1);
}

#[test]
fn a_version_is_cloned_to_another_site() {
    let scene = scene();
    scene.cloud.world(|world| world.add_site(World::PROJECT, "harbour-docs", false));
    let files = [("/index.html", "home"), ("/draft/a.html", "draft"), ("/b.html", "b")];
    let source = ship(&scene, &files, &json!({"cleanUrls": true}));
    let body = json!({"sourceVersion": source, "finalize": true, "exclude": {"regexes": ["^/draft/"]}});
    let done = scene.post(API, "/v1beta1/projects/harbour-dev/sites/harbour-docs/versions:clone", &body);
    assert_eq!((done.status, &done.json()["done"]), (200, &json!(true)));
    let clone = done.json()["response"].clone();
    assert_eq!(
        (&clone["status"], &clone["fileCount"], &clone["config"]),
        (&json!("FINALIZED"), &json!("2"), &json!({"cleanUrls": true}))
    );
    let operation = format!("/v1beta1/{}", done.json()["name"].as_str().expect("a name"));
    assert_eq!(scene.get(API, &operation).json(), done.json());
    let name = clone["name"].as_str().expect("a name");
    let path = format!("/v1beta1/sites/harbour-docs/channels/live/releases?versionName={name}");
    assert_eq!(scene.post(API, &path, &json!({})).status, 200);
    let files = scene.cloud.world(|world| world.hosting["harbour-docs"].files_on("live"));
    assert_eq!(files.keys().collect::<Vec<_>>(), ["/b.html", "/index.html"]);
    let open = scene.post(API, &format!("{SITE}/versions:clone"), &json!({"sourceVersion": begin(&scene)}));
    assert_eq!(open.status, 400, "only what is finalized is cloned");
}

#[test]
fn faults_strike_by_the_ids_of_methods_and_of_the_upload() {
    let scene = scene();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("firebasehosting.upload.file", Action::status(503)));
        world.faults.push(Fault::next("firebasehosting.projects.sites.versions.populateFiles", Action::status(500)));
    });
    let version = begin(&scene);
    assert_eq!(populate(&scene, &version, &[("/index.html", "home")]).status, 500);
    let url = upload_url(&scene, &version, &[("/index.html", "home")]);
    let bytes = gzip(b"home");
    let statuses: Vec<u16> = (0..2).map(|_| upload(&scene, &url, &hash(&bytes), &bytes).status).collect();
    assert_eq!(statuses, [503, 200]);
    assert_eq!(scene.cloud.calls("firebasehosting.upload.file").len(), 2);
    assert!(scene.cloud.world(|world| world.unused_faults().is_empty()));
}

#[test]
fn two_hundred_clients_upload_at_once() {
    let scene = scene();
    let version = begin(&scene);
    let contents: Vec<Vec<u8>> = (0..2000).map(|n| gzip(format!("file {n}").as_bytes())).collect();
    let mut url = String::new();
    for (batch, part) in contents.chunks(1000).enumerate() {
        let files: Value =
            part.iter().enumerate().map(|(n, c)| (format!("/{batch}/{n}.txt"), json!(hash(c)))).collect();
        let reply = scene.post(API, &format!("/v1beta1/{version}:populateFiles"), &json!({"files": files})).json();
        url = reply["uploadUrl"].as_str().expect("an address").to_owned();
    }
    let began = Instant::now();
    let base = scene.cloud.address(API);
    let path = url.strip_prefix(&base).expect("the API's own address");
    let bearer = format!("Bearer {}", scene.token);
    std::thread::scope(|scope| {
        for part in contents.chunks(10) {
            let (base, bearer) = (&base, bearer.as_str());
            scope.spawn(move || {
                for content in part {
                    let headers = [("Authorization", bearer)];
                    let path = format!("{path}/{}", hash(content));
                    let reply = client::send(base, "POST", &path, &headers, Some(content)).expect("a reply");
                    assert_eq!(reply.status, 200);
                }
            });
        }
    });
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    assert_eq!(finalize(&scene, &version, &json!({})).json()["fileCount"], "2000");
}
