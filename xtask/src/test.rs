//! The tests, whole and in parts.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{audit, cargo, count, form, supply, tools};

/// A part of the tests. Together the parts are all tests, and no test is in two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Tests that need nothing but the compiler.
    Unit,
    /// Tests that start chinwag, and the clients that people use.
    System,
    /// Tests that start NATS servers.
    Clusters,
}

impl Part {
    const ALL: [Self; 3] = [Self::Unit, Self::System, Self::Clusters];

    fn option(self) -> &'static str {
        match self {
            Self::Unit => "--unit",
            Self::System => "--system",
            Self::Clusters => "--clusters",
        }
    }

    /// Which tests it has, as an expression of nextest's.
    fn filter(self) -> String {
        let clusters = "(package(chinwag-nats) | (package(chinwag) & binary(/^cluster/)))";
        let system = "(kind(test) & (package(chinwag) | package(chinwag-server)))";
        match self {
            Self::Unit => format!("not {system} & not {clusters}"),
            Self::System => format!("{system} & not {clusters}"),
            Self::Clusters => clusters.to_owned(),
        }
    }
}

/// Runs everything, as CI does, or the parts named, and stops at the first thing that is wrong.
pub(crate) fn run(root: &Path, options: &[String]) -> Result<()> {
    let named = options.iter().map(|option| {
        let part = Part::ALL.into_iter().find(|part| part.option() == option);
        part.with_context(|| format!("{option} is no part of the tests"))
    });
    let parts = named.collect::<Result<Vec<_>>>()?;
    if parts.is_empty() {
        return everything(root);
    }
    for part in parts {
        if part != Part::Unit {
            step("tools", || tools::install(root))?;
        }
        step(part.option(), || tests(root, "default", &["-E", &part.filter()]))?;
    }
    Ok(())
}

fn everything(root: &Path) -> Result<()> {
    step("tools", || tools::install(root))?;
    step("formatting", || formatting(root))?;
    step("form of the house", || form::check(root))?;
    step("dependencies", || supply::check(root))?;
    step("advisories", || audit::pass(root))?;
    step("clippy", || clippy(root))?;
    step("documentation", || {
        let strict = [("RUSTDOCFLAGS", "-D warnings")];
        cargo(root, &["doc", "--workspace", "--no-deps", "--quiet"], &strict)
    })?;
    step("tests", || tests(root, "ci", &[]))?;
    step("instructions of the hot path", || count::run(root, false))?;
    println!("all is well");
    Ok(())
}

/// Runs what is worth running before each commit: under a minute once everything is built.
pub(crate) fn check(root: &Path) -> Result<()> {
    step("formatting", || formatting(root))?;
    step("form of the house", || form::check(root))?;
    step("clippy", || clippy(root))?;
    step("unit tests", || tests(root, "default", &["-E", &Part::Unit.filter()]))
}

/// Runs the tests that take minutes each; their output, with what they measured, is shown.
pub(crate) fn long(root: &Path) -> Result<()> {
    step("tools", || tools::install(root))?;
    step("long tests", || tests(root, "long", &["--no-capture"]))
}

fn formatting(root: &Path) -> Result<()> {
    cargo(root, &["fmt", "--all", "--check"], &[])
}

fn clippy(root: &Path) -> Result<()> {
    cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
}

fn tests(root: &Path, profile: &str, more: &[&str]) -> Result<()> {
    let arguments = ["nextest", "run", "--workspace", "--profile", profile];
    cargo(root, &[&arguments[..], more].concat(), &[])
}

fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("== {name}");
    let begun = Instant::now();
    work().with_context(|| format!("{name} failed"))?;
    println!("== {name}: {:.0} s", begun.elapsed().as_secs_f32());
    Ok(())
}
