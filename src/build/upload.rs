//! The source: surveyed, packed and stored in the staging bucket, unless it is there already.
//!
//! Packing runs on threads of its own and streams into the upload: neither memory nor disk ever
//! holds more than a few chunks of the archive.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::seen::Seen;
use crate::cloud_build::build::Staged;
use crate::cloud_build::image::{Build, Recipe};
use crate::facts::{Facts, PackageFact};
use crate::service::{Context, step};
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::error::ApiError;
use slipway_google::storage::{self as storage, Object};
use slipway_google::upload::{self as upload, CHUNK, Chunk, UploadError};
use slipway_packing as package;
use slipway_packing::{ArchiveWritten, PackError, PackOptions, PackingProgress, SURVEY_ATTEMPTS, Stop, Survey};

/// Pieces of up to half a MiB that may wait between the packer and the upload: half a chunk, so
/// that packing goes on while a chunk is on its way, and memory stays below 40 MiB in all.
const PIECES_WAITING: usize = 8;

/// How often a stream is begun again after its session was lost or its object came out wrong.
const STREAMS: u32 = 3;

/// Packs the source and stores it.
pub(super) async fn stage(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    seen: &Seen,
) -> Result<Staged, Failure> {
    let mut changes = 0;
    loop {
        let survey = step(context, facts, StepName::Package, async |facts| look(context, facts, build).await).await?;
        let survey = Arc::new(survey);
        let stored = step(context, facts, StepName::Upload, async |facts| {
            match store(context, facts, build, seen, &survey).await {
                // The tree changed under the packer: that is for the loop to mend, while it may.
                Err(StoreError::Pack(error)) if error.is_change() && changes + 1 < SURVEY_ATTEMPTS => {
                    Ok((None, error.to_string()))
                }
                Err(error) => Err(error.into_failure(build)),
                Ok((staged, note)) => Ok((Some(staged), note)),
            }
        })
        .await?;
        match stored {
            Some(staged) => return Ok(staged),
            None => {
                changes += 1;
                context.console.line("The source changed while it was packed; beginning again");
            }
        }
    }
}

/// Makes the bucket where it is missing, for the log of a build that has no source.
pub(super) async fn make_room(context: &Context<'_>, build: &Build, seen: &Seen) -> Result<(), Failure> {
    if !seen.bucket_missing || build.logs.is_some() {
        return Ok(());
    }
    make_bucket(context, build).await.map_err(|error| error.into_failure(build))
}

async fn look(context: &Context<'_>, facts: &mut Facts, build: &Build) -> Result<(Survey, String), Failure> {
    let sentence = || format!("Could not package `{}`", build.source_shown);
    let options = PackOptions {
        credential_files: context.deploy.credential_files.clone(),
        ignore_file: build.ignore_file.clone(),
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    let mut attempt = 1;
    let survey = loop {
        let (root, options) = (build.source.clone(), options.clone());
        let looked = tokio::task::spawn_blocking(move || package::survey(&root, &options)).await;
        match looked {
            Ok(Ok(survey)) => break survey,
            Ok(Err(error)) if error.is_change() && attempt < SURVEY_ATTEMPTS => attempt += 1,
            Ok(Err(error)) => return Err(Failure::of(sentence(), error)),
            Err(error) => return Err(Failure::plain(Class::Internal, format!("{}: {error}", sentence()))),
        }
    };
    for withheld in &survey.withheld {
        match withheld.secret {
            // Usual where a `.gcloudignore` does not name it; nobody misses it in a build.
            package::SecretKind::GitDirectory => {}
            _ => context.warn(facts, withheld.to_string()),
        }
    }
    for warning in &survey.warnings {
        context.warn(facts, warning.to_string());
    }
    if let Recipe::Dockerfile { path, .. } = &build.recipe
        && !survey.holds(path)
    {
        return Err(Failure::plain(Class::Config, format!("`{path}` is left out of the source by {}", survey.rules))
            .hint(format!("Let it through with a line `!{path}` there: the build needs it")));
    }
    facts.package = Some(PackageFact {
        files: survey.files,
        bytes: survey.bytes,
        archive_bytes: None,
        tree: survey.digest.clone(),
        object: format!("gs://{}/{}", build.bucket, object_name(&survey)),
    });
    let left_out =
        if survey.excluded > 0 { format!(", {} left out by {}", survey.excluded, survey.rules) } else { String::new() };
    let note = format!("{} files, {}{left_out}", survey.files, size(survey.bytes));
    Ok((survey, note))
}

/// Named by content: an unchanged tree has an unchanged name, and is not sent again.
fn object_name(survey: &Survey) -> String {
    format!("source/{}.tar.gz", survey.digest)
}

/// Why the source is not stored.
enum StoreError {
    Pack(PackError),
    Api(ApiError),
    Lost,
    Corrupt,
    Internal(String),
}

impl StoreError {
    fn into_failure(self, build: &Build) -> Failure {
        let sentence = format!("Could not store the source in bucket `{}`", build.bucket);
        match self {
            StoreError::Pack(error) => Failure::of(format!("Could not package `{}`", build.source_shown), error),
            StoreError::Api(error) => Failure::of(sentence, error),
            StoreError::Lost => Failure::plain(
                Class::Infrastructure,
                format!("{sentence}: the upload session was lost {STREAMS} times"),
            )
            .hint("Run again; if it stays, look at https://status.cloud.google.com"),
            StoreError::Corrupt => {
                Failure::plain(Class::Infrastructure, format!("{sentence}: what arrived is not what was sent, twice"))
                    .hint("Something between here and Google changes what passes; run again from another network")
            }
            StoreError::Internal(why) => Failure::plain(Class::Internal, format!("{sentence}: {why}")),
        }
    }
}

impl From<UploadError> for StoreError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Api(error) => StoreError::Api(error),
            UploadError::SessionLost | UploadError::NameTaken => StoreError::Lost,
        }
    }
}

async fn store(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    seen: &Seen,
    survey: &Arc<Survey>,
) -> Result<(Staged, String), StoreError> {
    let (bucket, name) = (build.bucket.as_str(), object_name(survey));
    let staged = |object: &Object| Staged {
        bucket: bucket.to_owned(),
        object: name.clone(),
        generation: object.generation.clone(),
    };
    if seen.bucket_missing {
        make_bucket(context, build).await?;
    } else if let Some(object) = storage::object(context.http, bucket, &name).await.map_err(StoreError::Api)? {
        return Ok((staged(&object), format!("the same source is there already ({})", size(object.size))));
    }
    for stream in 1..=STREAMS {
        let sent = send(context, facts, bucket, &name, survey).await;
        facts.upload_session = None;
        match sent {
            Ok((object, written))
                if object.crc32c == storage::crc32c_text(written.crc32c) && object.size == written.bytes =>
            {
                if let Some(package) = facts.package.as_mut() {
                    package.archive_bytes = Some(written.bytes);
                }
                return Ok((staged(&object), format!("{} as `gs://{bucket}/{name}`", size(written.bytes))));
            }
            Ok((object, _)) => {
                storage::delete_object(context.http, bucket, &name, &object.generation)
                    .await
                    .map_err(StoreError::Api)?;
                if stream == STREAMS {
                    return Err(StoreError::Corrupt);
                }
            }
            Err(Sending::NameTaken) => {
                // Another run stored the same tree meanwhile, or our own reply was lost.
                if let Some(object) = storage::object(context.http, bucket, &name).await.map_err(StoreError::Api)? {
                    return Ok((staged(&object), format!("the same source is there already ({})", size(object.size))));
                }
            }
            Err(Sending::Failed(StoreError::Lost)) if stream < STREAMS => {
                context.console.line("The upload session was lost; beginning again")
            }
            Err(Sending::Failed(error)) => return Err(error),
        }
    }
    Err(StoreError::Lost)
}

async fn make_bucket(context: &Context<'_>, build: &Build) -> Result<(), StoreError> {
    let bucket = build.bucket.as_str();
    context
        .console
        .line(&format!("Making bucket `{bucket}` in {}; it deletes sources after 30 days", context.deploy.region));
    match storage::create_bucket(context.http, bucket, context.deploy.region.as_str()).await {
        Ok(()) => Ok(()),
        // Another run was faster, or our own reply was lost; a stranger's bucket cannot be read.
        Err(error) if error.is_conflict() && matches!(storage::bucket(context.http, bucket).await, Ok(Some(_))) => {
            Ok(())
        }
        Err(error) => Err(StoreError::Api(error)),
    }
}

enum Sending {
    NameTaken,
    Failed(StoreError),
}

impl From<UploadError> for Sending {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::NameTaken => Sending::NameTaken,
            other => Sending::Failed(other.into()),
        }
    }
}

/// Packs and sends once: in one request when the archive fits a chunk, else in a session.
async fn send(
    context: &Context<'_>,
    facts: &mut Facts,
    bucket: &str,
    name: &str,
    survey: &Arc<Survey>,
) -> Result<(Object, ArchiveWritten), Sending> {
    let mut stream = ArchiveStream::begin(Arc::clone(survey));
    let Some(first) = stream.chunk().await.map_err(Sending::Failed)? else {
        let (rest, written) = stream.end().await.map_err(Sending::Failed)?;
        let crc32c = storage::crc32c_text(written.crc32c);
        return match storage::insert(context.http, bucket, name, &crc32c, rest.into_pieces()).await {
            Ok(object) => Ok((object, written)),
            Err(error) if error.is_precondition() => Err(Sending::NameTaken),
            Err(error) => Err(Sending::Failed(StoreError::Api(error))),
        };
    };
    let mut session = upload::begin(context.http, bucket, name).await?;
    facts.upload_session = Some(session.url().to_owned());
    let mut next = Some(first);
    while let Some(chunk) = next {
        stream.show(context);
        session.send(context.http, &chunk).await?;
        next = stream.chunk().await.map_err(Sending::Failed)?;
    }
    let (rest, written) = stream.end().await.map_err(Sending::Failed)?;
    let object = session.finish(context.http, &rest).await?;
    Ok((object, written))
}

/// The archive as it is packed.
struct ArchiveStream {
    pieces: mpsc::Receiver<Bytes>,
    packer: JoinHandle<Result<ArchiveWritten, PackError>>,
    left: Option<Bytes>,
    chunk: Chunk,
    taken: u64,
    packed: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
    begun: std::time::Instant,
}

impl ArchiveStream {
    fn begin(survey: Arc<Survey>) -> Self {
        let (sender, pieces) = mpsc::channel(PIECES_WAITING);
        let (packed, total) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (packed_now, total_now) = (Arc::clone(&packed), Arc::clone(&total));
        let packer = tokio::task::spawn_blocking(move || {
            // The receiver is gone when the upload failed or the run was cancelled.
            let mut sink = |piece: Bytes| sender.blocking_send(piece).map_err(|_| Stop);
            let mut progress = |progress: PackingProgress| {
                packed_now.store(progress.packed, Ordering::Relaxed);
                total_now.store(progress.total, Ordering::Relaxed);
            };
            survey.write(&mut sink, &mut progress)
        });
        Self {
            pieces,
            packer,
            left: None,
            chunk: Chunk::default(),
            taken: 0,
            packed,
            total,
            begun: std::time::Instant::now(),
        }
    }

    /// The next whole chunk that is not the last one; `None` when what is left is the last.
    async fn chunk(&mut self) -> Result<Option<Chunk>, StoreError> {
        loop {
            let piece = match self.left.take() {
                Some(piece) => Some(piece),
                None => self.pieces.recv().await,
            };
            let Some(mut piece) = piece else { return Ok(None) };
            let room = CHUNK - self.chunk.length;
            if (piece.len() as u64) <= room {
                self.chunk.push(piece);
                continue;
            }
            // There is more than fits, so this chunk is whole and not the last.
            self.chunk.push(piece.split_to(usize::try_from(room).unwrap_or(0)));
            self.left = Some(piece);
            self.taken += CHUNK;
            return Ok(Some(std::mem::take(&mut self.chunk)));
        }
    }

    /// The last part, and what the packer says of the whole.
    async fn end(self) -> Result<(Chunk, ArchiveWritten), StoreError> {
        match self.packer.await {
            Ok(Ok(written)) => Ok((self.chunk, written)),
            Ok(Err(error)) => Err(StoreError::Pack(error)),
            Err(error) => Err(StoreError::Internal(error.to_string())),
        }
    }

    /// Draws how far it is: the size of the archive is known only at its end, so the share is that
    /// of the tree.
    fn show(&self, context: &Context<'_>) {
        let (packed, total) = (self.packed.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed).max(1));
        let seconds = self.begun.elapsed().as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "a progress line needs no more than 52 bits")]
        let (share, rate) = (packed as f64 / total as f64, self.taken as f64 / seconds);
        let left =
            std::time::Duration::from_secs_f64((seconds * (1.0 - share) / share.max(0.001)).clamp(0.0, 86_400.0));
        context.console.live(&format!(
            "Uploading {:.0} %, {} at {:.1} MiB/s, {} left",
            share * 100.0,
            size(self.taken),
            rate / f64::from(1 << 20),
            slipway_runner::duration(left)
        ));
    }
}

/// A size as people say it.
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let mib = bytes as f64 / f64::from(1 << 20);
    if bytes < 10_000 {
        format!("{bytes} bytes")
    } else if mib < 10.0 {
        format!("{mib:.1} MiB")
    } else {
        format!("{mib:.0} MiB")
    }
}
