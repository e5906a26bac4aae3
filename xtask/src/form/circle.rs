//! Circles among modules: of each crate, and of the modules inside each module.
//!
//! Modules below one parent are siblings. What any file in a sibling's folder names counts as named by that
//! sibling, so that a circle through nested modules shows at the level where it closes. A parent and
//! its own children may name each other: they are one thought in several files.

use std::collections::{BTreeMap, BTreeSet};

/// A module's path inside its crate: `["irc", "chat"]` for `src/irc/chat.rs`. The crate's root is empty.
type ModulePath = Vec<String>;

/// The modules of one crate, with the code of each, without comments and tests.
#[derive(Debug, Default)]
pub(super) struct Crate {
    code: BTreeMap<ModulePath, String>,
}

impl Crate {
    /// Adds a file, by its path below `src`.
    pub(super) fn add(&mut self, file: &std::path::Path, code: String) {
        let mut path: ModulePath = file
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if path.len() == 1 && (path[0] == "lib" || path[0] == "main") {
            path.clear();
        }
        self.code.insert(path, code);
    }

    /// One circle for each parent below which there is one: the parent, and the circle's modules.
    pub(super) fn circles(&self) -> Vec<(String, Vec<String>)> {
        let mut siblings: BTreeMap<&[String], BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (module, code) in &self.code {
            for named in paths(code, module) {
                let Some(target) = self.module_of(&named) else { continue };
                let shared = module.iter().zip(target).take_while(|(one, other)| one == other);
                let shared = shared.count();
                if let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) {
                    let edges = siblings.entry(&module[..shared]).or_default();
                    edges.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        let circles =
            siblings.iter().filter_map(|(parent, edges)| Some((parent.join("::"), circle(edges)?)));
        circles.collect()
    }

    /// The innermost module on a path: the rest of it are items.
    fn module_of<'p>(&self, path: &'p [String]) -> Option<&'p [String]> {
        (1..=path.len())
            .rev()
            .map(|length| &path[..length])
            .find(|path| self.code.contains_key(*path))
    }
}

/// All paths that a module's code names by `crate::`, `super::` or `self::`, as paths of the crate.
fn paths(code: &str, module: &[String]) -> Vec<ModulePath> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for (at, _) in code.match_indices("::") {
        let head = code[..at].rfind(|c| !is_word(c)).map_or(0, |before| before + 1);
        // Only the first `::` of a path counts; the others are read with it.
        let word = &code[head..at];
        let from = match word {
            "crate" => &[],
            "self" => module,
            "super" => &module[..module.len().saturating_sub(1)],
            _ => continue,
        };
        tree(&code[at + 2..], from.to_vec(), &mut found);
    }
    found
}

/// Reads what follows `::`, one path or a group in braces, and gives what follows that.
fn tree<'c>(code: &'c str, mut path: ModulePath, found: &mut Vec<ModulePath>) -> &'c str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            let before = rest.len();
            rest = tree(rest, path.clone(), found);
            if rest.len() == before {
                return rest;
            }
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let (word, rest) = code.split_at(end);
    match word {
        "" => {}
        "super" => drop(path.pop()),
        "self" => {}
        word => path.push(word.to_owned()),
    }
    match rest.strip_prefix("::") {
        Some(rest) => tree(rest, path, found),
        None => {
            found.push(path);
            let renamed = rest.strip_prefix(" as ");
            renamed.map_or(rest, |rest| {
                rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
            })
        }
    }
}

/// A circle among modules, if there is one: takes away what names nothing left until all is gone.
fn circle(modules: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut left = modules.clone();
    loop {
        let names: BTreeSet<String> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, named| named.iter().any(|other| names.contains(other)));
        if left.is_empty() {
            return None;
        }
        if left.len() == before {
            break;
        }
    }
    let mut path: Vec<String> = left.keys().take(1).cloned().collect();
    while let Some(next) = path
        .last()
        .and_then(|last| left.get(last)?.iter().find(|other| left.contains_key(*other)))
        .cloned()
    {
        if let Some(at) = path.iter().position(|name| *name == next) {
            let mut circle = path.split_off(at);
            circle.push(next);
            return Some(circle);
        }
        path.push(next);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let mut modules = Crate::default();
        for (path, code) in files {
            modules.add(Path::new(path), (*code).to_owned());
        }
        let told =
            |(parent, circle): (String, Vec<String>)| format!("{parent}: {}", circle.join(" "));
        modules.circles().into_iter().map(told).collect()
    }

    #[test]
    fn circles_are_seen_through_every_kind_of_path() {
        for (files, seen) in [
            (
                &[
                    ("a.rs", "use crate::b::B;"),
                    ("b.rs", "use crate::{c::C, x};"),
                    ("c.rs", ""),
                    ("c/inner.rs", "use crate::a::A;"),
                ][..],
                &[": a b c a"][..],
            ),
            (&[("a.rs", "use crate::b::B;"), ("b.rs", "use crate::{c::C, x};")], &[]),
            (
                &[
                    ("r.rs", "mod a; mod b; use self::a::go;"),
                    ("r/a.rs", "use super::b;"),
                    ("r/b.rs", "fn f() { super::a::go() }"),
                ],
                &["r: a b a"],
            ),
            (
                &[
                    ("r.rs", "use self::a::A;"),
                    ("r/a.rs", "use super::{R, b::{B, c as d}};"),
                    ("r/b.rs", ""),
                    ("r/b/c.rs", "use super::super::a::A;"),
                ],
                &["r: a b a"],
            ),
            // A parent and its children are one thought.
            (&[("r.rs", "use self::a::A;"), ("r/a.rs", "use super::R; use crate::r::S;")], &[]),
            (&[("lib.rs", "mod a; use crate::a::A;"), ("a.rs", "use crate::Root;")], &[]),
        ] {
            assert_eq!(circles(files), seen, "{files:?}");
        }
    }
}
