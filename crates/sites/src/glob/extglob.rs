//! One part of a pattern as a tree of extended globs, `!(a|b)` and its kin, as minimatch 9.0 builds and rewrites it.
//!
//! The rewriting decides what a pattern means in corners where minimatch is not what its documentation says, so it is
//! followed here step by step: nested globs are taken up by their parents, and what comes after a `!(…)` is copied
//! into it. `tests/site/globs.rs` compares the outcome.

use super::GlobError;
use super::units::{Unit, ascii};

/// How deep globs of different kinds are read as such; beyond, they are text.
const DEEPEST_KIND: usize = 2;

/// Globs inside globs, of whatever kind.
const DEEPEST: usize = 60;

/// Nodes of one tree; copying what follows into every `!(…)` can double it again and again.
const MOST_NODES: usize = 5_000;

/// A node of the tree: a glob with its alternatives where it has a kind, else a stretch of text and globs.
#[derive(Debug, Clone)]
pub(super) struct GlobNode {
    /// One of `! ? + * @`.
    pub(super) kind: Option<u8>,
    parent: Option<usize>,
    /// Where among the parent's parts it was put in first; minimatch does not correct it when parts move.
    position: usize,
    /// Which list of parts is its own: a glob that takes another's place shares the other's list.
    list: usize,
    /// `!()` and what minimatch takes for it.
    pub(super) is_empty: bool,
}

/// A part of a node.
#[derive(Debug, Clone)]
pub(super) enum NodePart {
    Text(Vec<Unit>),
    Node(usize),
}

/// The tree of one part of a pattern. Its root is node 0.
#[derive(Debug)]
pub(super) struct GlobTree {
    pub(super) nodes: Vec<GlobNode>,
    lists: Vec<Vec<NodePart>>,
    /// Every `!(…)` that was read and not filled.
    negations: Vec<usize>,
    /// Whether reading is over: copies of a `!(…)` are not filled again.
    is_read: bool,
}

impl GlobTree {
    /// Reads and rewrites.
    pub(super) fn parse(pattern: &[Unit]) -> Result<Self, GlobError> {
        let mut tree = GlobTree { nodes: Vec::new(), lists: Vec::new(), negations: Vec::new(), is_read: false };
        let root = tree.add(None, None)?;
        tree.read_text(pattern, root)?;
        tree.flatten(root)?;
        tree.fill_negations()?;
        Ok(tree)
    }

    pub(super) fn parts(&self, node: usize) -> &[NodePart] {
        &self.lists[self.nodes[node].list]
    }

    fn add(&mut self, kind: Option<u8>, parent: Option<usize>) -> Result<usize, GlobError> {
        if self.nodes.len() == MOST_NODES {
            return Err(GlobError::Extended { limit: MOST_NODES });
        }
        let position = parent.map_or(0, |parent| self.parts(parent).len());
        self.lists.push(Vec::new());
        self.nodes.push(GlobNode { kind, parent, position, list: self.lists.len() - 1, is_empty: false });
        let node = self.nodes.len() - 1;
        if kind == Some(b'!') && !self.is_read {
            self.negations.push(node);
        }
        Ok(node)
    }

    fn push(&mut self, node: usize, part: NodePart) {
        if !matches!(&part, NodePart::Text(text) if text.is_empty()) {
            let list = self.nodes[node].list;
            self.lists[list].push(part);
        }
    }

    /// Text outside of any glob.
    fn read_text(&mut self, pattern: &[Unit], root: usize) -> Result<(), GlobError> {
        let mut scan = Scan::default();
        let mut at = 0;
        while at < pattern.len() {
            let unit = pattern[at];
            at += 1;
            if scan.takes(unit, at) {
                continue;
            }
            match kind_of(unit) {
                Some(kind) if pattern.get(at) == Some(&ascii(b'(')) => {
                    self.push(root, NodePart::Text(std::mem::take(&mut scan.text)));
                    let glob = self.add(Some(kind), Some(root))?;
                    at = self.read_glob(pattern, glob, at, 1, 0)?;
                    self.push(root, NodePart::Node(glob));
                }
                _ => scan.text.push(unit),
            }
        }
        self.push(root, NodePart::Text(scan.text));
        Ok(())
    }

    /// A glob from its `(` at `start`; returns where to go on.
    fn read_glob(
        &mut self,
        pattern: &[Unit],
        glob: usize,
        start: usize,
        depth: usize,
        nesting: usize,
    ) -> Result<usize, GlobError> {
        if nesting == DEEPEST {
            return Err(GlobError::Nesting { limit: DEEPEST });
        }
        let mut at = start + 1;
        let mut scan = Scan::default();
        let mut alternatives = Vec::new();
        let mut part = self.add(None, Some(glob))?;
        while at < pattern.len() {
            let unit = pattern[at];
            at += 1;
            if scan.takes(unit, at) {
                continue;
            }
            if let Some(kind) = kind_of(unit).filter(|_| pattern.get(at) == Some(&ascii(b'('))) {
                let adopts = self.nodes[glob].kind.is_some_and(|parent| ADOPTS_ANY.allows(parent, kind));
                if depth <= DEEPEST_KIND || adopts {
                    self.push(part, NodePart::Text(std::mem::take(&mut scan.text)));
                    let inner = self.add(Some(kind), Some(part))?;
                    self.push(part, NodePart::Node(inner));
                    at = self.read_glob(pattern, inner, at, depth + usize::from(!adopts), nesting + 1)?;
                    continue;
                }
            }
            if unit == ascii(b'|') {
                self.push(part, NodePart::Text(std::mem::take(&mut scan.text)));
                alternatives.push(part);
                part = self.add(None, Some(glob))?;
            } else if unit == ascii(b')') {
                self.nodes[glob].is_empty = scan.text.is_empty();
                self.push(part, NodePart::Text(scan.text));
                alternatives.push(part);
                alternatives.into_iter().for_each(|part| self.push(glob, NodePart::Node(part)));
                return Ok(at);
            } else {
                scan.text.push(unit);
            }
        }
        // It does not end: text after all, to the end of the pattern.
        let list = self.nodes[glob].list;
        self.nodes[glob].kind = None;
        self.lists[list] = vec![NodePart::Text(pattern[start - 1..].to_vec())];
        Ok(at)
    }

    /// The only part of a stretch, where that is a glob.
    fn only_glob(&self, stretch: usize) -> Option<(usize, u8)> {
        match (self.nodes[stretch].kind, self.parts(stretch)) {
            (None, [NodePart::Node(glob)]) => self.nodes[*glob].kind.map(|kind| (*glob, kind)),
            _ => None,
        }
    }

    fn flatten(&mut self, node: usize) -> Result<(), GlobError> {
        // minimatch stops after ten rounds, too.
        for _ in 0..10 {
            let mut done = true;
            let mut index = 0;
            while let Some(part) = self.parts(node).get(index).cloned() {
                if let NodePart::Node(child) = part {
                    self.flatten(child)?;
                    done &= !self.absorb(node, child, index)?;
                }
                index += 1;
            }
            if done || self.nodes[node].kind.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Lets a glob take up, or give way to, the glob that is all of one of its alternatives.
    fn absorb(&mut self, node: usize, child: usize, index: usize) -> Result<bool, GlobError> {
        let (Some(kind), Some((glob, inner))) = (self.nodes[node].kind, self.only_glob(child)) else {
            return Ok(false);
        };
        let with_blank = !ADOPTS.allows(kind, inner) && ADOPTS_WITH_BLANK.allows(kind, inner);
        if with_blank {
            let blank = self.add(None, Some(glob))?;
            let list = self.nodes[blank].list;
            self.lists[list].push(NodePart::Text(Vec::new()));
            self.push(glob, NodePart::Node(blank));
        }
        if with_blank || ADOPTS.allows(kind, inner) {
            let parts = self.parts(glob).to_vec();
            self.settle(glob, node);
            let list = self.nodes[node].list;
            self.lists[list].splice(index..=index, parts);
            return Ok(true);
        }
        let Some(becomes) = usurped(kind, inner).filter(|_| self.parts(node).len() == 1) else { return Ok(false) };
        self.nodes[node].list = self.nodes[glob].list;
        self.settle(node, node);
        self.nodes[node].kind = Some(becomes);
        self.nodes[node].is_empty = false;
        Ok(true)
    }

    /// Makes `parent` the parent of all parts of a node.
    fn settle(&mut self, node: usize, parent: usize) {
        for part in &self.lists[self.nodes[node].list] {
            if let NodePart::Node(child) = part {
                self.nodes[*child].parent = Some(parent);
            }
        }
    }

    /// Copies what comes after a `!(…)` to the end of each of its alternatives: what must not stand there is the
    /// alternative with all that follows.
    fn fill_negations(&mut self) -> Result<(), GlobError> {
        self.is_read = true;
        while let Some(negation) = self.negations.pop() {
            if self.nodes[negation].kind != Some(b'!') {
                continue;
            }
            let mut child = negation;
            while let Some(parent) = self.nodes[child].parent {
                let mut index = self.nodes[child].position + 1;
                while self.nodes[parent].kind.is_none() && index < self.parts(parent).len() {
                    for alternative in self.parts(negation).to_vec() {
                        if let NodePart::Node(alternative) = alternative {
                            let part = self.parts(parent)[index].clone();
                            self.copy_in(alternative, part)?;
                        }
                    }
                    index += 1;
                }
                child = parent;
            }
        }
        Ok(())
    }

    fn copy_in(&mut self, node: usize, part: NodePart) -> Result<(), GlobError> {
        match part {
            NodePart::Text(text) => self.push(node, NodePart::Text(text)),
            NodePart::Node(original) => {
                let copy = self.add(self.nodes[original].kind, Some(node))?;
                for part in self.parts(original).to_vec() {
                    self.copy_in(copy, part)?;
                }
                self.push(node, NodePart::Node(copy));
            }
        }
        Ok(())
    }

    /// Whether nothing stands before the node but negations.
    pub(super) fn is_start(&self, node: usize) -> bool {
        let GlobNode { parent: Some(parent), position, .. } = self.nodes[node] else { return true };
        let is_negation =
            |part: &NodePart| matches!(part, NodePart::Node(node) if self.nodes[*node].kind == Some(b'!'));
        self.is_start(parent) && (position == 0 || self.parts(parent).iter().take(position).all(is_negation))
    }

    /// Whether nothing stands after the node.
    pub(super) fn is_end(&self, node: usize) -> bool {
        let GlobNode { parent: Some(parent), position, kind, .. } = self.nodes[node] else { return true };
        if self.in_negation(node) {
            return true;
        }
        self.is_end(parent) && (kind.is_none() || position + 1 == self.parts(parent).len())
    }

    /// Whether the node is an alternative of a `!(…)`.
    pub(super) fn in_negation(&self, node: usize) -> bool {
        self.nodes[node].parent.is_some_and(|parent| self.nodes[parent].kind == Some(b'!'))
    }
}

fn kind_of(unit: Unit) -> Option<u8> {
    u8::try_from(unit).ok().filter(|byte| b"!?+*@".contains(byte))
}

/// Which kinds of glob take up which others.
struct Relation(&'static [(u8, &'static [u8])]);

const ADOPTS: Relation = Relation(&[(b'!', b"@"), (b'?', b"?@"), (b'@', b"@"), (b'*', b"*+?@"), (b'+', b"+@")]);
const ADOPTS_WITH_BLANK: Relation = Relation(&[(b'!', b"?"), (b'@', b"?"), (b'+', b"?*")]);
const ADOPTS_ANY: Relation = Relation(&[(b'!', b"?@"), (b'?', b"?@"), (b'@', b"?@"), (b'*', b"*+?@"), (b'+', b"+@?*")]);

impl Relation {
    fn allows(&self, parent: u8, child: u8) -> bool {
        self.0.iter().any(|(kind, children)| *kind == parent && children.contains(&child))
    }
}

/// What a glob becomes when the one inside is all it has.
fn usurped(parent: u8, child: u8) -> Option<u8> {
    match (parent, child) {
        (b'!', b'!') => Some(b'@'),
        (b'?' | b'+', b'*') | (b'?', b'+') | (b'+', b'?') => Some(b'*'),
        (b'@', kind) => Some(kind),
        _ => None,
    }
}

/// Follows escapes and brackets, inside of which nothing else counts.
#[derive(Default)]
struct Scan {
    text: Vec<Unit>,
    escaping: bool,
    /// Where the bracket's content began, and whether it is negated.
    bracket: Option<(usize, bool)>,
}

impl Scan {
    /// Whether a unit, with `at` standing after it, is only text.
    fn takes(&mut self, unit: Unit, at: usize) -> bool {
        if self.escaping || unit == ascii(b'\\') {
            self.escaping = !self.escaping;
        } else if let Some((start, negated)) = self.bracket {
            if at == start + 1 {
                self.bracket = Some((start, unit == ascii(b'^') || unit == ascii(b'!')));
            } else if unit == ascii(b']') && !(at == start + 2 && negated) {
                self.bracket = None;
            }
        } else if unit == ascii(b'[') {
            self.bracket = Some((at, false));
        } else {
            return false;
        }
        self.text.push(unit);
        true
    }
}
