//! The rules of the house, as a test: floors, circles, sizes and words.
//!
//! What is said here in code is told in ARCHITECTURE.md.

mod circle;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::circle::Crate;

/// Each crate's floor: it may name only crates of floors below.
const FLOORS: &[(&str, u8)] = &[
    ("model", 1),
    ("core", 2),
    ("wire", 2),
    ("storage", 2),
    ("face", 3),
    ("node", 3),
    ("sqlite", 3),
    ("nats", 3),
    ("server", 4),
    ("sim", 4),
    ("chinwag", 5),
];

/// Crates without sockets, clocks and threads: bytes and time come in as arguments.
const PURE: &[&str] = &["model", "core", "wire", "storage", "face", "node"];

/// What a pure crate does not name outside its tests.
const IMPURE: &[&str] =
    &["std::net", "std::fs", "std::thread", "Instant::now", "SystemTime", "std::env"];

/// Lines of a file beyond which it must say why, as `// Size: REASON`; and beyond which none may be.
const LINES_MAX: usize = 600;
const LINES_EVER: usize = 1000;

/// Names under which anything could stand.
const NAMELESS: &[&str] =
    &["utils", "util", "helpers", "common", "manager", "prelude", "misc", "mod"];

/// Files and folders that hold tests, and what only tests use.
const FOR_TESTS: &[&str] = &["tests", "suite", "stage", "properties", "invariant"];

/// What is left for later, or for a moment.
const UNFINISHED: &[&str] = &["TODO", "FIXME", "todo!", "unimplemented!", "dbg!", "#[ignore"];

/// A file of the workspace: its path from the root, and its text.
#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    text: String,
}

/// Checks the whole tree.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["bench", "crates", "xtask"] {
        collect(root, &root.join(folder), &mut files)?;
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let wrong = faults(&files);
    if !wrong.is_empty() {
        bail!("\n{}", wrong.join("\n"));
    }
    Ok(())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    let listed = std::fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    for entry in listed {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" {
                collect(root, &path, files)?;
            }
        } else if name.ends_with(".rs") || name == "Cargo.toml" {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("read {}", path.display()))?;
            let path = path.strip_prefix(root).unwrap_or(&path).to_owned();
            files.push(File { path, text });
        }
    }
    Ok(())
}

/// All that is wrong, a line each, with where it is and what to do.
fn faults(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        if file.path.ends_with("Cargo.toml") {
            check_manifest(file, &mut wrong);
        } else {
            check_size(file, &mut wrong);
            check_name(file, &mut wrong);
            check_words(file, &mut wrong);
            check_purity(file, &mut wrong);
        }
    }
    check_circles(files, &mut wrong);
    wrong
}

fn crate_of(path: &Path) -> Option<&str> {
    let mut parts = path.components().map(|part| part.as_os_str().to_str().unwrap_or_default());
    (parts.next() == Some("crates")).then(|| parts.next()).flatten()
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

fn check_manifest(file: &File, wrong: &mut Vec<String>) {
    let at = file.path.display();
    if !file.text.contains("[lints]\nworkspace = true") {
        wrong.push(format!("{at}: the workspace's lints are missing: [lints] workspace = true"));
    }
    let Some(name) = crate_of(&file.path) else { return };
    let Some(own) = floor(name) else {
        return wrong
            .push(format!("{at}: this crate has no floor; give it one in xtask/src/form.rs"));
    };
    for (number, line) in (1..).zip(file.text.lines()) {
        let Some(rest) = line.strip_prefix("chinwag-") else { continue };
        let other = rest.split(['.', ' ', '=']).next().unwrap_or_default();
        if floor(other).is_none_or(|floor| floor >= own) {
            wrong.push(format!("{at}:{number}: {other} is not on a floor below {name}'s"));
        }
    }
}

fn check_size(file: &File, wrong: &mut Vec<String>) {
    let lines = file.text.lines().count();
    let reasoned = file.text.lines().take(40).any(|line| line.starts_with("// Size: "));
    let at = file.path.display();
    if lines > LINES_EVER {
        wrong.push(format!("{at}: {lines} lines; take it apart"));
    } else if lines > LINES_MAX && !reasoned {
        wrong.push(format!("{at}: {lines} lines; take it apart, or say why: // Size: REASON"));
    }
}

fn check_name(file: &File, wrong: &mut Vec<String>) {
    let stem = file.path.file_stem().unwrap_or_default().to_string_lossy();
    if NAMELESS.contains(&&*stem) {
        wrong.push(format!("{}: call it by what is in it", file.path.display()));
    }
}

fn check_words(file: &File, wrong: &mut Vec<String>) {
    if file.path.ends_with("xtask/src/form.rs") {
        return;
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        for word in UNFINISHED.iter().filter(|word| line.contains(*word)) {
            wrong.push(format!("{}:{number}: {word}: finish it", file.path.display()));
        }
    }
}

fn check_purity(file: &File, wrong: &mut Vec<String>) {
    let pure = crate_of(&file.path).is_some_and(|name| PURE.contains(&name));
    if !pure || is_for_tests(&file.path) {
        return;
    }
    for (number, line) in (1..).zip(product(&file.text).lines()) {
        for word in IMPURE.iter().filter(|word| line.contains(*word)) {
            let at = file.path.display();
            wrong.push(format!("{at}:{number}: {word} has no place on this floor"));
        }
    }
}

/// Whether a file is compiled for tests only: those may time and store, and see all.
fn is_for_tests(path: &Path) -> bool {
    path.components().any(|part| {
        let part = Path::new(part.as_os_str()).file_stem().unwrap_or_default().to_string_lossy();
        FOR_TESTS.contains(&&*part)
    })
}

/// The part of a file that is in the product: what stands before its tests, without comments.
fn product(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let code = body.lines().map(|line| line.split("//").next().unwrap_or(line));
    code.collect::<Vec<_>>().join("\n")
}

/// Modules of one crate must not import each other in a circle.
fn check_circles(files: &[File], wrong: &mut Vec<String>) {
    let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.extension().is_some_and(|e| e == "rs")) {
        let Some(name) = package_of(&file.path).filter(|_| !is_for_tests(&file.path)) else {
            continue;
        };
        let path = file.path.iter().skip_while(|part| *part != "src").skip(1);
        let path: PathBuf = path.collect();
        if path.components().next().is_some() {
            crates.entry(name).or_default().add(&path, product(&file.text));
        }
    }
    for (name, modules) in &crates {
        for (parent, circle) in modules.circles() {
            let inside = if parent.is_empty() { String::new() } else { format!(", in {parent}") };
            wrong.push(format!("{name}{inside}: a circle of modules: {}", circle.join(" -> ")));
        }
    }
}

/// The package that a file belongs to.
fn package_of(path: &Path) -> Option<&str> {
    let first = path.iter().next().and_then(|part| part.to_str());
    crate_of(path).or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| File {
            path: PathBuf::from(path),
            text: (*text).to_owned(),
        };
        faults(&files.iter().map(file).collect::<Vec<_>>())
    }

    const LINTS: &str = "[lints]\nworkspace = true\n";

    #[test]
    fn a_crate_names_only_crates_of_floors_below() {
        let upward =
            format!("{LINTS}chinwag-model.workspace = true\nchinwag-face.workspace = true");
        assert_eq!(
            wrong(&[("crates/core/Cargo.toml", &upward)]),
            ["crates/core/Cargo.toml:4: face is not on a floor below core's"]
        );
        let down = format!("{LINTS}chinwag-core.workspace = true");
        assert_eq!(wrong(&[("crates/node/Cargo.toml", &down)]), Vec::<String>::new());
    }

    #[test]
    fn a_crate_has_a_floor_and_the_lints() {
        assert_eq!(wrong(&[("crates/attic/Cargo.toml", "")]).len(), 2);
    }

    #[test]
    fn modules_form_no_circle() {
        let files = [
            ("crates/core/src/a.rs", "use crate::b::B;"),
            ("crates/core/src/b.rs", "use crate::{c::C, x};"),
            ("crates/core/src/c.rs", ""),
            ("crates/core/src/c/inner.rs", "use crate::a::A;"),
        ];
        assert_eq!(wrong(&files), ["core: a circle of modules: a -> b -> c -> a"]);
        assert_eq!(wrong(&files[..2]), Vec::<String>::new());
    }

    #[test]
    fn a_large_file_gives_its_reason_and_none_is_larger_still() {
        let long = "\n".repeat(700);
        assert_eq!(wrong(&[("crates/core/src/a.rs", &long)]).len(), 1);
        let reasoned = format!("// Size: one state machine.\n{long}");
        assert_eq!(wrong(&[("crates/core/src/a.rs", &reasoned)]).len(), 0);
        let endless = format!("// Size: none.\n{}", "\n".repeat(1001));
        assert_eq!(wrong(&[("crates/core/src/a.rs", &endless)]).len(), 1);
    }

    #[test]
    fn pure_floors_name_no_clock_and_no_socket_but_in_tests() {
        let clock = "fn now() { std::time::Instant::now(); }";
        assert_eq!(wrong(&[("crates/face/src/a.rs", clock)]).len(), 1);
        assert_eq!(wrong(&[("crates/server/src/a.rs", clock)]).len(), 0);
        let tested = format!("#[cfg(test)]\nmod tests {{\n{clock}\n}}");
        assert_eq!(wrong(&[("crates/face/src/a.rs", &tested)]).len(), 0);
    }

    #[test]
    fn nothing_is_left_for_later() {
        assert_eq!(wrong(&[("crates/core/src/a.rs", "// TODO: more")]).len(), 1);
        assert_eq!(wrong(&[("crates/core/src/utils.rs", "")]).len(), 1);
    }
}
