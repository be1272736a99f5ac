//! Reading on in Cloud Logging: every entry once, none lost, few requests.

use std::collections::HashSet;
use std::time::Duration;

use time::OffsetDateTime;

use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::logging::{self as logging, Filter, LARGEST_PAGE, Order};
use slipway_google::patience::Patience;
use slipway_names::log::LogEntry;
use slipway_wire::clock::ago;

/// Entries arrive out of order: one that is this much older than the newest may still come.
const LATE: Duration = Duration::from_secs(60);

/// Pages that are read for the last entries; a page may hold few, or none while Google still searches. Half of what
/// the quota on these reads (60 a minute) allows.
const MOST_PAGES: usize = 30;

/// A place in a log.
#[derive(Debug)]
pub(crate) struct Tail {
    filter: Filter,
    doing: String,
    /// Nothing before this moment is shown; with `true`, the moment itself is not either.
    floor: (OffsetDateTime, bool),
    newest: Option<OffsetDateTime>,
    seen: HashSet<(OffsetDateTime, String)>,
    /// The filter of the round that goes on, and the token of its next page.
    round: Option<(Filter, String)>,
}

/// The last entries of a log.
pub(crate) struct LastEntries {
    /// Oldest first.
    pub(crate) entries: Vec<LogEntry>,
    /// Whether there are more before them.
    pub(crate) more: bool,
}

impl Tail {
    /// The entries that fit the filter, from a moment on. `doing` is what reading them is called.
    pub(crate) fn new(filter: Filter, since: OffsetDateTime, doing: String) -> Self {
        let (newest, seen, round) = (None, HashSet::new(), None);
        Self { filter, doing, floor: (since, false), newest, seen, round }
    }

    /// Reads the last entries, at most so many. What is before them is never shown afterwards.
    pub(crate) async fn last(&mut self, http: &Http, most: usize) -> Result<LastEntries, ApiError> {
        let filter = self.filter.clone().since(self.floor.0, self.floor.1);
        let (mut entries, mut token): (Vec<LogEntry>, Option<String>) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let size = most - entries.len();
            let asked = token.take();
            let page =
                logging::page(http, &filter, Order::NewestFirst, size, asked.as_deref(), &self.doing, Patience::USUAL);
            let page = page.await?;
            entries.extend(page.entries.into_iter().filter(|entry| self.is_new(entry)).take(size));
            token = page.next;
            if token.is_none() || entries.len() >= most {
                break;
            }
        }
        entries.reverse();
        if let (Some(first), true) = (entries.first(), token.is_some()) {
            self.floor = (first.at, true);
        }
        Ok(LastEntries { entries, more: token.is_some() })
    }

    /// Reads one page of what came since, oldest first; an entry that arrived late may be older than one shown before.
    /// After an error the same is read again.
    pub(crate) async fn more(&mut self, http: &Http) -> Result<Vec<LogEntry>, ApiError> {
        let (filter, token) = match self.round.take() {
            Some((filter, token)) => (filter, Some(token)),
            None => (self.since_newest(), None),
        };
        let page = logging::page(
            http,
            &filter,
            Order::OldestFirst,
            LARGEST_PAGE,
            token.as_deref(),
            &self.doing,
            Patience::ONCE,
        );
        let page = page.await?;
        let fresh = page.entries.into_iter().filter(|entry| self.is_new(entry)).collect();
        self.round = page.next.map(|token| (filter, token));
        if self.round.is_none() {
            let from = self.from().0;
            self.seen.retain(|(at, _)| *at >= from);
        }
        Ok(fresh)
    }

    /// Whether the round goes on: more is known to be there.
    pub(crate) fn has_more(&self) -> bool {
        self.round.is_some()
    }

    fn is_new(&mut self, entry: &LogEntry) -> bool {
        // A program may date its entries ahead, and what is written now must not count as late then.
        self.newest = self.newest.max(Some(entry.at.min(ago(Duration::ZERO))));
        self.seen.insert((entry.at, entry.id.clone()))
    }

    fn from(&self) -> (OffsetDateTime, bool) {
        match self.newest.map(|newest| newest - LATE) {
            Some(late) if late > self.floor.0 => (late, false),
            _ => self.floor,
        }
    }

    fn since_newest(&self) -> Filter {
        let (at, strict) = self.from();
        self.filter.clone().since(at, strict)
    }
}
