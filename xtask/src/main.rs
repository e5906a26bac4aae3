//! What a developer runs: `cargo xtask test` is all of it, as CI runs it.

mod audit;
mod bench;
mod count;
mod form;
mod supply;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
cargo xtask test    everything that CI checks, after installing what it needs
cargo xtask long    the long forms of tests, those named long_…: minutes of load, thousands of connections
cargo xtask tools   installs what the tests need
cargo xtask form    the rules of the house: floors, circles, sizes, words
cargo xtask supply  licences and sources of all dependencies
cargo xtask audit   dependencies against RustSec's advisories, by cargo-audit, which is installed if it
                    is missing; --db DIR: a clone of the database (else ~/.cargo/advisory-db),
                    --fetch: brings the clone up to date first
cargo xtask count   instructions of the hot path, held to bench/instructions.txt; --write keeps them
cargo xtask bench   the benchmarks, in release; behind it: --help, --quick, --case NAME,
                    --install-peers (the servers to compare with, by apt-get)";

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let root = root();
    let done = match task.as_str() {
        "test" => test(&root),
        "long" => long(&root),
        "tools" => tools::install(&root),
        "form" => form::check(&root),
        "supply" => supply::check(&root),
        "audit" => audit::run(&root, std::env::args_os().skip(2)),
        "count" => count::run(&root, std::env::args().any(|argument| argument == "--write")),
        "bench" => bench::run(&root, std::env::args_os().skip(2)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs everything, and stops at the first thing that is wrong.
fn test(root: &Path) -> Result<()> {
    step("tools", || tools::install(root))?;
    step("formatting", || cargo(root, &["fmt", "--all", "--check"], &[]))?;
    step("form of the house", || form::check(root))?;
    step("dependencies", || supply::check(root))?;
    step("advisories", || audit::pass(root))?;
    step("clippy", || {
        cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
    })?;
    step("documentation", || {
        let strict = [("RUSTDOCFLAGS", "-D warnings")];
        cargo(root, &["doc", "--workspace", "--no-deps", "--quiet"], &strict)
    })?;
    step("tests", || cargo(root, &["nextest", "run", "--workspace", "--profile", "ci"], &[]))?;
    step("instructions of the hot path", || count::run(root, false))?;
    println!("all is well");
    Ok(())
}

/// Runs the tests that take minutes each; their output, with what they measured, is shown.
fn long(root: &Path) -> Result<()> {
    step("tools", || tools::install(root))?;
    let arguments = ["nextest", "run", "--workspace", "--profile", "long", "--no-capture"];
    step("long tests", || cargo(root, &arguments, &[]))
}

fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("== {name}");
    let begun = Instant::now();
    work().with_context(|| format!("{name} failed"))?;
    println!("== {name}: {:.0} s", begun.elapsed().as_secs_f32());
    Ok(())
}

fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root)
        .args(arguments)
        .envs(environment.iter().copied())
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("cargo {} ended with {status}", arguments.join(" "));
    }
    Ok(())
}

/// The folder of the workspace: above this package's.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
