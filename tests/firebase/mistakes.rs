//! What a user reads about a file that is not as it should be.

use slipway::inputs::firebase::{FirebaseRc, SiteChoice, choose, parse, without};

fn told(text: &str) -> Vec<String> {
    let mistakes = match parse(text) {
        Err(mistakes) => mistakes,
        Ok(json) => choose(&json, &FirebaseRc::default(), "p", None).unwrap_err(),
    };
    mistakes.iter().map(ToString::to_string).collect()
}

fn warned(text: &str) -> Vec<String> {
    let json = parse(text).unwrap();
    let mut warnings = json.warnings;
    warnings.extend(json.sites.into_iter().flat_map(|site| site.warnings));
    warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_its_cure() {
    let text = r#"{"hosting": [
      {"site": "a", "public": 7, "cleanUrls": "true", "trailingSlash": 1, "appAssociation": "auto", "ignore": [1]},
      {"public": "../dist", "rewrites": [
        {"source": "**", "destinaton": "/index.html"},
        {"source": "/api/**", "region": "us-east1", "run": {"serviceId": "API", "region": "US", "pinTag": "yes"}},
        {"source": "/f", "regex": "^/f", "function": {"functionId": "a b"}, "destination": ""},
        {"sorce": "/g", "function": ""}, 7]},
      {"site": "c", "redirects": [{"source": "/a", "type": 200}], "i18n": {"root": ""},
       "headers": [{"source": "**", "headers": [{"key": "A", "value": 1}, {"kye": "B"}]}, {"source": "**"}]},
      {"site": "D/E", "source": "."}
    ]}"#;
    assert_eq!(
        told(text),
        [
            "firebase.json, `hosting[0].cleanUrls`: this must be `true` or `false`, not a text; take the quotes away",
            "firebase.json, `hosting[0].trailingSlash`: this must be `true` or `false`, not a number; write `true` or `false`",
            "firebase.json, `hosting[0].appAssociation`: this is neither `AUTO` nor `NONE`; write one of them",
            "firebase.json, `hosting[0].public`: this must be a text, not a number; put quotes around it",
            "firebase.json, `hosting[0].ignore[0]`: this must be a text, not a number; write a glob in quotes",
            "firebase.json, `hosting[1]`: a site in a list must say which one it is; write the site's id as `site`",
            "firebase.json, `hosting[1].rewrites[0]`: this rewrite does not say what answers; `destinaton` is not known: write `destination`",
            "firebase.json, `hosting[1].rewrites[1].run.region`: `US` is not a region: lowercase letters, digits and dashes, such as `us-central1`",
            "firebase.json, `hosting[1].rewrites[1].run.pinTag`: this must be `true` or `false`, not a text; write `true` or `false`",
            "firebase.json, `hosting[1].rewrites[1].run.serviceId`: `API` is not a service name: 1 to 49 lowercase letters, digits and dashes, starting with a letter and not ending with a dash",
            "firebase.json, `hosting[1].rewrites[1].region`: only a function that is given by its name has its region here; move it into `run`",
            "firebase.json, `hosting[1].rewrites[2]`: this says for which paths it is with `source` and `regex` at once; keep one",
            "firebase.json, `hosting[1].rewrites[2]`: this rewrite has `destination` and `function` at once; keep one, or make one rewrite of each",
            "firebase.json, `hosting[1].rewrites[3]`: this does not say for which paths it is; `sorce` is not known: write `source`",
            "firebase.json, `hosting[1].rewrites[3].function`: this is empty; name a function",
            "firebase.json, `hosting[1].rewrites[4]`: this must be an object, not a number; write `{ … }`",
            "firebase.json, `hosting[1].public`: `../dist` lies outside of the project; name a directory below the one `firebase.json` lies in",
            "firebase.json, `hosting[2].redirects[0].destination`: this is missing; write an address, or a path of the site",
            "firebase.json, `hosting[2].redirects[0].type`: this must be a redirect's status, from 300 to 399, not `200`; write `301` for good, or `302` for now",
            "firebase.json, `hosting[2].headers[0].headers[0].value`: this must be a text, not a number; put quotes around it",
            "firebase.json, `hosting[2].headers[0].headers[1].key`: this is missing; `kye` is not known: write `key`",
            "firebase.json, `hosting[2].headers[0].headers[1].value`: this is missing; write the header's value",
            "firebase.json, `hosting[2].headers[1].headers`: this is missing; write a list of `key` and `value`",
            "firebase.json, `hosting[2].i18n.root`: this is empty; name the directory of localised content, below `public`",
            "firebase.json, `hosting[2].public`: this is missing, and `i18n` is about files; name the directory to upload",
            "firebase.json, `hosting[3].site`: `D/E` is not a site's id: 1 to 63 lowercase letters, digits and dashes",
            "firebase.json, `hosting[3].source`: this site asks for a framework build, which is not done here; build it in a step before this one, and name the directory it writes as `public` in place of `source`",
        ]
    );
}

#[test]
fn what_is_wrong_with_the_whole_file_is_told_before_any_choice() {
    for (text, mistake) in [
        (
            "{\n \"hosting\": {\n  \"public\": \"dist\",\n }\n}",
            "firebase.json, line 4: this is no JSON: trailing comma (column 2); take the comma before the closing bracket out: comments are allowed, this is not",
        ),
        ("[]", "firebase.json: this must be an object, not a list; write `{ … }`"),
        (
            r#"{"hostng": {}}"#,
            "firebase.json, `hosting`: this is missing: the file describes no site; `hostng` is not known: write `hosting`",
        ),
        (
            r#"{"hosting": []}"#,
            "firebase.json, `hosting`: this list is empty: the file describes no site; write `\"hosting\": {\"public\": \"dist\"}`",
        ),
        (
            r#"{"hosting": "a"}"#,
            "firebase.json, `hosting`: this must be an object or a list of objects, not a text; write `\"hosting\": {\"public\": \"dist\"}`",
        ),
        (
            r#"{"hosting": [{"site": "a", "target": "b"}]}"#,
            "firebase.json, `hosting[0]`: this site has both `site` and `target`; keep one of them",
        ),
    ] {
        assert!(parse(text).is_err(), "{text}");
        assert_eq!(told(text), [mistake]);
    }
    assert_eq!(
        told(r#"{"hosting": {"pubic": "x"}}"#)[0],
        "firebase.json, `hosting.public`: this is missing, and there is no rewrite and no redirect either; `pubic` is not known: write `public`"
    );
}

#[test]
fn what_has_no_effect_is_a_warning_that_names_what_was_meant() {
    let text = r#"{"hostng": 1, "firestore": {"x": 1}, "public": "x", "hosting": {"public": "dist", "cleanUrl": true, "zzz": 1,
        "predeploy": "npm run build", "postdeploy": [], "frameworksBackend": {},
        "rewrites": [{"source": "/a", "function": "f", "pinTag": true}, {"source": "/l", "dynamicLinks": true}]}}"#;
    assert_eq!(
        warned(text),
        [
            "firebase.json, `hostng`: this key is not known here and has no effect; did you mean `hosting`?",
            "firebase.json, `public`: this key is not known here and has no effect; it belongs into `hosting`",
            "firebase.json, `hosting.cleanUrl`: this key is not known here and has no effect; did you mean `cleanUrls`?",
            "firebase.json, `hosting.zzz`: this key is not known here and has no effect",
            "firebase.json, `hosting.rewrites[0].pinTag`: this key is not known here and has no effect; it belongs into `hosting.rewrites[].run`",
            "firebase.json, `hosting.rewrites[1].dynamicLinks`: Firebase Dynamic Links was shut down in August 2025; take the rewrite out",
            "firebase.json, `hosting.predeploy`: these commands are not run here; run them in a step of the workflow before this one",
            "firebase.json, `hosting.postdeploy`: these commands are not run here; run them in a step of the workflow after this one",
            "firebase.json, `hosting.frameworksBackend`: without `source` this has no effect; take it out",
        ]
    );
    assert_eq!(warned(r#"{"hosting": {"public": "dist"}}"#), [] as [&str; 0]);
}

#[test]
fn a_mistake_becomes_one_of_the_input_that_named_the_file() {
    let mistake = parse("{").unwrap_err().remove(0).of_input("firebase_json", "firebase.json");
    assert!(mistake.to_string().starts_with("firebase_json, line 1: firebase.json: this is no JSON: "), "{mistake}");
}

#[test]
fn a_site_needs_no_file() {
    let site = without("dist", None);
    assert_eq!((site.place, site.public.as_deref()), (SiteChoice::Default, Some("dist")));
    // As if `firebase init` had written the file.
    let file =
        r#"{"hosting": {"site": "s", "public": "dist", "ignore": ["firebase.json", "**/.*", "**/node_modules/**"]}}"#;
    assert_eq!(parse(file).unwrap().sites, [without("dist", Some("s"))]);
}
