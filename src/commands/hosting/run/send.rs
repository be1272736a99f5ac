//! The files of a version: listed, compressed and hashed on all cores, told to Hosting a thousand at a time, and
//! sent where Hosting does not have them; all of it side by side, in bounded memory.

use std::cell::RefCell;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use super::{SiteContext, fact, refused};
use crate::build::upload::size;
use crate::commands::hosting::inputs::{SiteSource, Upload};
use crate::facts::Facts;
use crate::service::again;
use slipway_failure::{Class, Failure};
use slipway_google::hosting::{self as hosting, FILES_A_CALL};
use slipway_google::http::{Body, Reading};

use slipway_runner::workspace;
use slipway_sites as site;
use slipway_sites::{CompressedContent, Hashed, ListOptions, Listing, SiteError, Stop, Summary};

/// Lists of files that are on their way to Hosting at a time.
const LISTS: usize = 4;

/// Uploads at a time: Google's front ends take a hundred streams of one connection.
const UPLOADS: usize = 100;

/// Hashed files that may wait for the list they belong to.
const WAITING: usize = 64;

/// The label that a version of this run carries; it finds the version again after a lost reply.
const MARK: &str = "slipway-run";

/// Finds out which files the site has.
pub(super) async fn list(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
    upload: &Upload,
) -> Result<(Option<Arc<Listing>>, String), Failure> {
    // A site of rewrites and redirects alone has no files.
    let Some(options) = options(context, facts, index, source, upload) else { return Ok((None, "none".into())) };
    let sentence = || format!("Could not list `{}`", source.shown);
    let listed = tokio::task::spawn_blocking(move || site::list(&options)).await;
    let listing = match listed {
        Ok(Ok(listing)) => listing,
        Ok(Err(error)) => return Err(Failure::of(sentence(), error)),
        Err(error) => return Err(Failure::plain(Class::Internal, format!("{}: {error}", sentence()))),
    };
    let bytes = listing.files.iter().map(|file| file.size).sum();
    let fact = &mut facts.sites[index];
    (fact.files, fact.bytes) = (listing.files.len() as u64, bytes);
    for warning in &listing.warnings {
        context.warn(facts, warning.clone());
    }
    if listing.files.is_empty() {
        context.warn(facts, format!("`{}` holds no file that is served", source.shown));
    }
    let note = format!("{}, {} in `{}`", counted(listing.files.len() as u64), size(bytes), source.shown);
    Ok((Some(Arc::new(listing)), note))
}

/// What the room of sites is told; `None` where nothing is uploaded.
pub(super) fn options(
    context: &SiteContext<'_>,
    facts: &Facts,
    index: usize,
    source: &SiteSource,
    upload: &Upload,
) -> Option<ListOptions> {
    let public = source.public.clone()?;
    let site = &fact(facts, index).site;
    Some(ListOptions {
        workspace: context.hosting.workspace.clone(),
        ignore: source.ignore.clone(),
        asked_for: upload.allow_env.clone(),
        credential_files: context.hosting.credential_files.clone(),
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        spool: Some(context.hosting.spool.clone()),
        cache: upload.cache.as_ref().map(|directory| directory.join(format!("hosting-{site}.hashes"))),
        public,
    })
}

/// Makes the version and gives it its files.
pub(super) async fn run(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
    upload: &Upload,
    listing: Option<Arc<Listing>>,
) -> Result<((), String), Failure> {
    let version = make(context, facts, index).await?;
    let site = fact(facts, index).site.clone();
    let sentence = || format!("Could not upload the files of site `{site}`");
    let Some((listing, options)) = listing.zip(options(context, facts, index, source, upload)) else {
        // Hosting wants to be told even that there are no files (docs: firebase hosting/api-deploy).
        return match hosting::populate(context.http, &version, &[]).await {
            Ok(_) => Ok(((), "no files".into())),
            Err(error) => Err(refused::of(context.http, sentence(), error)),
        };
    };
    let (hand, hashed) = mpsc::channel::<Hashed>(WAITING);
    let hashing = {
        let (listing, options) = (Arc::clone(&listing), options.clone());
        // Where nobody takes them any more, the upload has failed and says why.
        tokio::task::spawn_blocking(move || {
            site::hash(&listing, &options, &mut |hashed| hand.blocking_send(hashed).map_err(|_| Stop))
        })
    };
    let sender = Sender { context, version: &version, listing: &listing, asked: RefCell::default() };
    let sent = sender.send_all(hashed).await;
    let summary = match hashing.await {
        Ok(Ok(summary)) => summary,
        // The upload ended it.
        Ok(Err(_)) if sent.is_err() => Summary::default(),
        Ok(Err(error)) => return Err(Failure::of(sentence(), error)),
        Err(error) => return Err(Failure::plain(Class::Internal, format!("{}: {error}", sentence()))),
    };
    if let Some(cache) = &options.cache {
        workspace::hand_over(&options.workspace, cache);
    }
    let (files, bytes) = sent.map_err(|trouble| trouble.into_failure(context, sentence()))?;
    for withheld in &summary.withheld {
        context.warn(facts, withheld.to_string());
    }
    for warning in &summary.warnings {
        context.warn(facts, warning.clone());
    }
    let fact = &mut facts.sites[index];
    (fact.files, fact.bytes) = (summary.files as u64, summary.bytes);
    (fact.uploaded_files, fact.uploaded_bytes) = (files, bytes);
    let known = if summary.from_cache > 0 {
        format!(", {} known from the last run", summary.from_cache)
    } else {
        String::new()
    };
    let all = counted(summary.files as u64);
    Ok((
        (),
        match files {
            0 => format!(
                "nothing: Hosting has {} already{known}",
                if summary.files == 1 { "the file" } else { "all files" }
            ),
            _ => format!("{files} of {all}, which Hosting did not have, {}{known}", size(bytes)),
        },
    ))
}

fn counted(files: u64) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

/// Makes an empty version; one that a lost reply was about is found by its label.
async fn make(context: &SiteContext<'_>, facts: &mut Facts, index: usize) -> Result<String, Failure> {
    let site = fact(facts, index).site.clone();
    let sentence = || format!("Could not make a version of site `{site}`");
    let mark = format!("{}-{index}", context.mark.trim_start_matches("req_"));
    let mut labels = vec![("deployment-tool", "slipway".to_owned()), (MARK, mark.clone())];
    labels.extend(context.origin.sha.as_ref().map(|sha| ("commit-sha", sha.to_ascii_lowercase())));
    let name = match hosting::create_version(context.http, &site, &labels).await {
        Ok(version) => version.name,
        Err(error) if error.is_ambiguous() => {
            let look = async || hosting::made_by(context.http, &site, MARK, &mark).await;
            let found = again::until(context.clock(), look, Option::is_some).await;
            match found.map_err(|error| refused::of(context.http, sentence(), error))? {
                Some(version) => version.name,
                // It never arrived: once more, and what goes wrong then is the answer.
                None => {
                    let again = hosting::create_version(context.http, &site, &labels).await;
                    again.map_err(|error| refused::of(context.http, sentence(), error))?.name
                }
            }
        }
        Err(error) => return Err(refused::of(context.http, sentence(), error)),
    };
    facts.sites[index].version = Some(name.clone());
    facts.sites[index].made = true;
    let kept = [
        context.files.save_state("site_project", context.hosting.project.as_str()),
        context.files.save_state(&format!("site_version_{index}"), &name),
    ];
    kept.into_iter().filter_map(Result::err).for_each(|why| context.console.warning(&why));
    Ok(name)
}

/// Why files did not get there.
enum Trouble {
    Api(slipway_google::error::ApiError),
    Site(SiteError),
    Internal(String),
}

impl Trouble {
    fn into_failure(self, context: &SiteContext<'_>, sentence: String) -> Failure {
        match self {
            Trouble::Api(error) => refused::of(context.http, sentence, error),
            Trouble::Site(error) => Failure::of(sentence, error),
            Trouble::Internal(why) => Failure::plain(Class::Internal, format!("{sentence}: {why}")),
        }
    }
}

/// A file that Hosting does not have.
struct MissingFile {
    address: String,
    hashed: Hashed,
}

/// What sending the files of one version takes.
struct Sender<'a> {
    context: &'a SiteContext<'a>,
    version: &'a str,
    listing: &'a Arc<Listing>,
    /// Contents that are on their way: two files can have the same.
    asked: RefCell<HashSet<String>>,
}

impl Sender<'_> {
    /// Tells and sends everything that comes in. Gives back the files that were sent, and their bytes.
    async fn send_all(&self, hashed: mpsc::Receiver<Hashed>) -> Result<(u64, u64), Trouble> {
        let lists = stream::unfold((hashed, false), async |(mut hashed, begun)| {
            let mut list = Vec::with_capacity(FILES_A_CALL);
            while list.len() < FILES_A_CALL
                && let Some(one) = hashed.recv().await
            {
                list.push(one);
            }
            // At least one list, even of no files.
            (!list.is_empty() || !begun).then_some((list, (hashed, true)))
        });
        lists
            .map(|list| self.tell(list))
            .buffer_unordered(LISTS)
            .map_ok(|wanted| stream::iter(wanted.into_iter().map(Ok)))
            .try_flatten()
            .map_ok(|wanted| self.send(wanted))
            .try_buffer_unordered(UPLOADS)
            .try_fold((0, 0), async |(files, bytes), sent| {
                self.context.console.live(&format!("Uploaded {} files", files + 1));
                Ok((files + 1, bytes + sent))
            })
            .await
    }

    /// Tells Hosting a list of files; gives back those it does not have.
    async fn tell(&self, list: Vec<Hashed>) -> Result<Vec<MissingFile>, Trouble> {
        let files: Vec<(String, String)> =
            list.iter().map(|one| (self.listing.files[one.index].path.clone(), one.hash.clone())).collect();
        let told = hosting::populate(self.context.http, self.version, &files).await.map_err(Trouble::Api)?;
        let required: HashSet<String> = told.required.into_iter().collect();
        let mut asked = self.asked.borrow_mut();
        let wanted = list.into_iter().filter(|one| required.contains(&one.hash) && asked.insert(one.hash.clone()));
        Ok(wanted.map(|hashed| MissingFile { address: told.upload_url.clone(), hashed }).collect())
    }

    /// Sends one file; gives back its bytes.
    async fn send(&self, wanted: MissingFile) -> Result<u64, Trouble> {
        const KIND: &str = "application/octet-stream";
        let MissingFile { address, hashed } = wanted;
        let (length, path) = (hashed.gzip_length, &self.listing.files[hashed.index].path);
        let body = match hashed.content {
            CompressedContent::Memory(bytes) => Body::Pieces(KIND.into(), vec![bytes]),
            CompressedContent::Spooled(part) => {
                let read = move |at, most| part.read(at, most).map_err(std::io::Error::other);
                Body::Read(KIND.into(), length, Reading(Arc::new(read)))
            }
            CompressedContent::NotKept => {
                Body::Pieces(KIND.into(), self.again(hashed.index, hashed.hash.clone()).await?)
            }
        };
        hosting::upload(self.context.http, &address, path, &hashed.hash, body, length).await.map_err(Trouble::Api)?;
        Ok(length)
    }

    /// Compresses a file whose bytes were not kept.
    async fn again(&self, index: usize, hash: String) -> Result<Vec<Bytes>, Trouble> {
        let listing = Arc::clone(self.listing);
        let work = move || {
            let mut pieces = Vec::new();
            site::compress_again(&listing, index, &hash, &mut |piece| {
                pieces.push(piece);
                Ok(())
            })
            .map(|_| pieces)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(pieces)) => Ok(pieces),
            Ok(Err(error)) => Err(Trouble::Site(error)),
            Err(error) => Err(Trouble::Internal(error.to_string())),
        }
    }
}
