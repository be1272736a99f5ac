//! Files that change between the listing and the reading.

use std::fs;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::site::{Listing, SiteError, compress_again, hash, list};
use crate::support::{Fixture, hashed, told};

/// The error of hashing after a change.
fn after(change: impl FnOnce(&Fixture)) -> String {
    let fixture = Fixture::with(&[("a.html", "x"), ("b/page.html", "some text"), ("c.html", "x")]);
    let options = fixture.options();
    let listing: Listing = list(&options).unwrap();
    change(&fixture);
    let error = hash(&listing, &options, &mut |_| Ok(())).unwrap_err();
    assert!(error.is_change());
    told(&error)
}

fn sentence(change: &str) -> String {
    format!(
        "`b/page.html` {change} while the site was read\n  hint: Let what writes into the public directory end before \
         this step, or put `b/page.html` in `ignore`"
    )
}

#[test]
fn every_change_is_named() {
    let page = |fixture: &Fixture| fixture.path("b/page.html");
    assert_eq!(after(|fixture| fs::write(page(fixture), "longer than before").unwrap()), sentence("grew"));
    assert_eq!(after(|fixture| fs::write(page(fixture), "short").unwrap()), sentence("shrank"));
    assert_eq!(after(|fixture| fs::remove_file(page(fixture)).unwrap()), sentence("vanished"));
    let replaced = |fixture: &Fixture| {
        // Renamed, so that the new file is not given the number of the old one.
        fs::rename(page(fixture), fixture.path("old")).unwrap();
        fixture.file("b/page.html", "some text");
    };
    assert_eq!(after(replaced), sentence("was replaced by something else"));
    let link = |fixture: &Fixture| {
        fs::remove_file(page(fixture)).unwrap();
        fixture.link("b/page.html", "/etc/hostname");
    };
    assert_eq!(after(link), sentence("was replaced by something else"));
    let directory = |fixture: &Fixture| {
        fs::remove_file(page(fixture)).unwrap();
        fs::create_dir(page(fixture)).unwrap();
    };
    assert_eq!(after(directory), sentence("was replaced by something else"));
}

#[test]
fn what_is_made_again_must_be_the_same() {
    for size in [100, 3_000_000] {
        let fixture = Fixture::new();
        fixture.file("page", vec![b'a'; size]);
        let (files, _) = hashed(&fixture.options()).unwrap();
        let listing = list(&fixture.options()).unwrap();
        fixture.file("page", vec![b'b'; size]);
        let error = compress_again(&listing, 0, &files[0].hash, &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, SiteError::Changed { .. }), "{error}");
        assert!(error.is_change() && error.to_string() == "`page` was rewritten while the site was read", "{error}");
    }
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_named() {
    let fixture = Fixture::new();
    fixture.file("large", b"some text\n".repeat(2_000_000));
    let options = fixture.options();
    let listing = list(&options).unwrap();
    let over = AtomicBool::new(false);
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = fs::File::options().write(true).open(fixture.path("large")).unwrap();
            while !over.load(Ordering::Relaxed) {
                file.write_at(b"S", 0).unwrap();
            }
        });
        let result = hash(&listing, &options, &mut |_| Ok(()));
        over.store(true, Ordering::Relaxed);
        result.unwrap_err()
    });
    assert_eq!(error.to_string(), "`large` was rewritten while the site was read");
}
