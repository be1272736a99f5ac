//! Changes of what stands by name in the document of a service: variables, references, volumes, lists.

/// Whether what is not named is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MergeMode {
    /// Keep it.
    #[default]
    Merge,
    /// Remove it.
    Overwrite,
}

/// Changes to a set of named values.
#[derive(Debug, Clone)]
pub struct Changes<T> {
    /// Values by name; `None` when the input was not given at all.
    pub entries: Option<Vec<(String, T)>>,
    /// Names that go.
    pub gone: Vec<String>,
    /// What happens to the others.
    pub strategy: MergeMode,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self { entries: None, gone: Vec::new(), strategy: MergeMode::Merge }
    }
}

/// Things by name that are put in place, or taken away.
#[derive(Debug, Clone)]
pub struct ByName<T> {
    /// What is put there.
    pub put: Vec<(String, T)>,
    /// The names of what goes.
    pub gone: Vec<String>,
    /// Whether everything goes that was there.
    pub all_gone: bool,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self { put: Vec::new(), gone: Vec::new(), all_gone: false }
    }
}

impl<T> ByName<T> {
    /// Whether anything is to be done.
    pub fn says_anything(&self) -> bool {
        self.all_gone || !self.put.is_empty() || !self.gone.is_empty()
    }

    /// Whether what has this name goes.
    pub fn takes(&self, name: &str) -> bool {
        self.all_gone || self.gone.iter().any(|gone| gone == name)
    }
}

/// A list as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Several {
    /// These and no others.
    These(Vec<String>),
    /// Those that are there, and others, without some.
    Changed {
        /// What comes.
        more: Vec<String>,
        /// What goes.
        less: Vec<String>,
    },
}

impl Several {
    /// Every name that is said.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let (these, more, less): (&[String], &[String], &[String]) = match self {
            Several::These(these) => (these, &[], &[]),
            Several::Changed { more, less } => (&[], more, less),
        };
        these.iter().chain(more).chain(less)
    }

    /// The same with other names.
    pub fn map(self, change: impl Fn(String) -> String) -> Self {
        let all = |names: Vec<String>| names.into_iter().map(&change).collect();
        match self {
            Several::These(these) => Several::These(all(these)),
            Several::Changed { more, less } => Several::Changed { more: all(more), less: all(less) },
        }
    }

    /// The list that comes of the one that is there.
    pub fn applied(&self, there: &[String]) -> Vec<String> {
        match self {
            Several::These(these) => these.clone(),
            Several::Changed { more, less } => {
                let mut all: Vec<String> = there.iter().filter(|name| !less.contains(name)).cloned().collect();
                for name in more {
                    if !all.contains(name) {
                        all.push(name.clone());
                    }
                }
                all
            }
        }
    }
}
