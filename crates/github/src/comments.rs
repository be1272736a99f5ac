//! The one comment on a pull request: found by a hidden mark, written once, changed in place.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use super::ask::GitHubCall;
use super::error::GitHubError;
use slipway_wire::repeat::Repeat;

/// Writing includes reading: who asks to write one permission need not come back for the other.
const PERMISSION: &str = "pull-requests: write";

/// Characters that GitHub takes of a comment.
const LONGEST: usize = 65_536;

/// What stands where a comment was cut off.
const CUT: &str = "\n\nThe rest does not fit into a comment: see the summary of the run.";

/// Times the comments are looked through again after an answer was lost or the comment was gone.
const LOOKS: u32 = 3;

/// What became of the comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentWritten {
    /// There was none, and there is one now.
    Created,
    /// It says something new.
    Changed,
    /// It said so already.
    Unchanged,
}

/// The comment, after it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Its page.
    pub url: String,
    /// What became of it.
    pub written: CommentWritten,
}

#[derive(Debug, Deserialize)]
struct ListedComment {
    id: u64,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    body: Option<String>,
    user: Option<CommentAuthor>,
}

#[derive(Debug, Deserialize)]
struct CommentAuthor {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

/// Who writes our comments.
enum Author {
    /// An app, whose name the token does not say.
    App,
    /// This account.
    User(String),
}

impl Author {
    fn wrote(&self, comment: &ListedComment) -> bool {
        let Some(user) = &comment.user else { return false };
        match self {
            Author::App => user.kind == "Bot",
            Author::User(login) => user.login == *login,
        }
    }
}

impl GitHub {
    /// Writes the comment of this key on a pull request (or issue): a new one where there is none, else the
    /// old one is changed, and only if it says something else. Of several, the oldest stays.
    ///
    /// # Errors
    /// When GitHub refuses, or cannot be reached.
    pub async fn comment(&self, number: u64, key: &str, body: &str) -> Result<Comment, GitHubError> {
        let mark = mark(key);
        let text = compose(&mark, body);
        let author = self.author().await?;
        let (mut sent, mut created) = (false, None);
        let mut attempt = 1;
        loop {
            let mut own = self.own_comments(number, &mark, &author).await?.into_iter();
            // The list may not show yet what was just written.
            let Some(oldest) = own.next().or(created.take()) else {
                sent = true;
                match self.create(number, &text).await {
                    // Another run may have written one at the same time: look again.
                    Ok(comment) => created = Some(comment),
                    // Nobody knows whether it is there: look again, too.
                    Err(error) if error.is_open() => self.again(error, &mut attempt).await?,
                    Err(error) => return Err(error),
                }
                continue;
            };
            for other in own {
                self.remove(number, other.id).await?;
            }
            let made = |written| Comment { id: oldest.id, url: oldest.html_url.clone(), written };
            if oldest.body.as_deref().is_some_and(|body| same(body, &text)) {
                return Ok(made(if sent { CommentWritten::Created } else { CommentWritten::Unchanged }));
            }
            match self.change(number, oldest.id, &text).await {
                Ok(()) => return Ok(made(CommentWritten::Changed)),
                // Somebody deleted it meanwhile: the next look finds none.
                Err(error) if error.is_missing() => self.again(error, &mut attempt).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits before another look; gives the error back when there were enough.
    async fn again(&self, error: GitHubError, attempt: &mut u32) -> Result<(), GitHubError> {
        if *attempt >= LOOKS || !self.pause(*attempt).await {
            return Err(error);
        }
        *attempt += 1;
        Ok(())
    }

    /// Comments with the mark at their beginning, by ourselves: others may quote it, and must not make us
    /// write into what is theirs. Oldest first.
    async fn own_comments(&self, number: u64, mark: &str, author: &Author) -> Result<Vec<ListedComment>, GitHubError> {
        let doing = format!("read the comments of #{number}");
        let call = GitHubCall::get(format!("/issues/{number}/comments"), PERMISSION, doing);
        let mut all: Vec<ListedComment> = self.pages(&call).await?;
        all.retain(|one| author.wrote(one) && one.body.as_deref().is_some_and(|body| body.starts_with(mark)));
        all.sort_by_key(|one| one.id);
        Ok(all)
    }

    async fn author(&self) -> Result<Author, GitHubError> {
        if self.of_app {
            return Ok(Author::App);
        }
        let call = GitHubCall::get("/user", "contents: read", "read whose token it is");
        match self.ask_outside::<CommentAuthor>(&call).await {
            Ok(account) => Ok(Author::User(account.login)),
            Err(error) if error.is_forbidden() || error.is_missing() => Ok(Author::App),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, number: u64, text: &str) -> Result<ListedComment, GitHubError> {
        let path = format!("/issues/{number}/comments");
        self.ask(&write(Method::POST, path, Repeat::WithoutEffect, number, Some(text))).await
    }

    async fn change(&self, number: u64, id: u64, text: &str) -> Result<(), GitHubError> {
        let path = format!("/issues/comments/{id}");
        self.ask::<Value>(&write(Method::PATCH, path, Repeat::Always, number, Some(text))).await.map(|_| ())
    }

    /// Deletes a comment; one that is gone already is gone.
    async fn remove(&self, number: u64, id: u64) -> Result<(), GitHubError> {
        let call = write(Method::DELETE, format!("/issues/comments/{id}"), Repeat::Always, number, None);
        match self.ask::<Value>(&call).await {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(()),
        }
    }
}

fn write(method: Method, path: String, repeat: Repeat, number: u64, text: Option<&str>) -> GitHubCall {
    let doing = match text {
        Some(_) => format!("write the comment on #{number}"),
        None => format!("remove a second comment on #{number}"),
    };
    let body = text.map(|text| json!({"body": text}));
    GitHubCall { doing, method, path, query: Vec::new(), body, repeat, permission: PERMISSION }
}

/// The hidden line that a key's comment begins with. Within it nothing may look like its end.
fn mark(key: &str) -> String {
    let mut name = String::new();
    for letter in key.chars() {
        match letter {
            '-' if name.ends_with('-') => name.push_str("%2D"),
            '-' | '.' | '/' | '_' => name.push(letter),
            _ if letter.is_ascii_alphanumeric() => name.push(letter),
            _ => letter.to_string().bytes().for_each(|byte| name.push_str(&format!("%{byte:02X}"))),
        }
    }
    format!("<!-- slipway-preview:{name} -->")
}

/// The comment's whole text, which fits.
fn compose(mark: &str, body: &str) -> String {
    let text = format!("{mark}\n{}", body.trim());
    if text.chars().count() <= LONGEST {
        return text;
    }
    let short: String = text.chars().take(LONGEST - CUT.chars().count()).collect();
    // Half a line could be half a table row or half an address.
    let whole = short.rfind('\n').filter(|end| *end > mark.len()).unwrap_or(short.len());
    format!("{}{CUT}", short.get(..whole).unwrap_or(&short))
}

/// Whether two texts show the same; browsers write line ends of their own.
fn same(one: &str, other: &str) -> bool {
    one.replace("\r\n", "\n").trim_end() == other.trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_marks_of_their_own_that_end_where_they_end() {
        assert_eq!(mark("pr-7/web"), "<!-- slipway-preview:pr-7/web -->");
        assert_eq!(mark("a-->b"), "<!-- slipway-preview:a-%2D%3Eb -->");
        assert_ne!(mark("a b"), mark("a-b"));
        assert!(!mark("ab").starts_with(&mark("a")));
    }

    #[test]
    fn a_text_that_is_too_long_ends_with_a_whole_line_and_a_sentence() {
        assert_eq!(compose("<!-- m -->", " hello\n"), "<!-- m -->\nhello");
        let text = compose("<!-- m -->", &"ünf\n".repeat(20_000));
        assert!(text.chars().count() <= LONGEST && text.chars().count() > LONGEST - 100);
        assert!(text.ends_with(&format!("ünf{CUT}")), "{}", &text[text.len() - 100..]);
        let text = compose("<!-- m -->", &"x".repeat(70_000));
        assert_eq!(text.chars().count(), LONGEST);
    }

    #[test]
    fn line_ends_make_no_difference() {
        assert!(same("a\r\nb\n", "a\nb"));
        assert!(!same("a\nb", "a b"));
    }
}
