//! Inputs that are a list of names: all of them, or what comes to those that are there and what goes.

use super::scalar;

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
    /// Reads names; `+NAME` comes and `-NAME` goes.
    ///
    /// # Errors
    /// What to write in place of a list that says both.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut more, mut less, mut these) = (Vec::new(), Vec::new(), Vec::new());
        for item in scalar::list(text) {
            match (item.strip_prefix('+'), item.strip_prefix('-')) {
                (Some(name), _) => more.push(name.trim().to_owned()),
                (_, Some(name)) => less.push(name.trim().to_owned()),
                _ => these.push(item),
            }
        }
        match (these.is_empty(), more.is_empty() && less.is_empty()) {
            (true, true) => Err("name one at least, or write `default` to take all away"),
            (false, true) => Ok(Several::These(these)),
            (true, false) => Ok(Several::Changed { more, less }),
            (false, false) => Err("write all of them, or `+NAME` for each that comes and `-NAME` for each that goes"),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_list_is_whole_or_a_change_of_one() {
        assert_eq!(Several::parse("a, b\nc"), Ok(Several::These(names(&["a", "b", "c"]))));
        let change = Several::parse("+c\n-a, +b").expect("a change");
        assert_eq!(change.applied(&names(&["a", "b"])), names(&["b", "c"]));
        assert_eq!(change.applied(&[]), names(&["c", "b"]));
        assert!(Several::parse("").is_err() && Several::parse("a\n+b").is_err());
    }
}
