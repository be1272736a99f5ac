//! What a deployed revision answers when it is asked.

use std::collections::BTreeMap;
use std::time::Duration;

/// A deployed program, as its visitors see it.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// So many requests get 503 before it is ready.
    pub warm_up: u32,
    /// Answers on particular paths.
    pub pages: BTreeMap<String, Page>,
    /// The answer on every other path.
    pub otherwise: Page,
}

/// One answer of a deployed program.
#[derive(Debug, Clone, Default)]
pub enum Page {
    /// 200 with JSON that names service and revision.
    #[default]
    Fine,
    /// Status, content type, body.
    Body(u16, String, Vec<u8>),
    /// 302 to another address.
    Redirect(String),
    /// The connection is reset.
    Reset,
    /// No answer, ever.
    Hang,
    /// Fine, but so much later.
    Slow(Duration),
}

impl Site {
    /// Answers 200 everywhere.
    pub fn healthy() -> Site {
        Site::default()
    }

    /// Answers this everywhere.
    pub fn always(page: Page) -> Site {
        Site { otherwise: page, ..Site::default() }
    }

    /// Answers this on one path.
    #[must_use]
    pub fn with(mut self, path: &str, page: Page) -> Site {
        self.pages.insert(path.to_owned(), page);
        self
    }

    /// Answers 503 to so many requests before it is ready.
    #[must_use]
    pub fn warming_up(self, requests: u32) -> Site {
        Site { warm_up: requests, ..self }
    }

    /// A 200 whose body tries to write on the reader's terminal and to command the runner.
    pub fn hostile() -> Site {
        let body = "ok\r\n::set-output name=url::https://evil.example\n::add-mask::e\n##[error]gone\n\
                    \u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}\u{1b}[2J\u{0}\u{202e}txt.exe\n";
        Site::always(Page::text(200, body))
    }

    /// A 200 of one mebibyte.
    pub fn huge() -> Site {
        Site::always(Page::Body(200, "text/plain".to_owned(), vec![b'x'; 1 << 20]))
    }
}

impl Page {
    /// This status with a short text.
    pub fn status(code: u16) -> Page {
        Page::text(code, &format!("{{\"status\":{code}}}\n"))
    }

    /// This status with this text.
    pub fn text(code: u16, body: &str) -> Page {
        Page::Body(code, "text/plain; charset=utf-8".to_owned(), body.as_bytes().to_vec())
    }
}
