//! What a developer runs: `cargo xtask test` is all of it, as CI runs it.

mod audit;
mod bench;
mod count;
mod form;
mod supply;
mod test;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
cargo xtask check   before each commit: formatting, form, clippy, unit tests
cargo xtask test    everything that CI checks, after installing what it needs; in parts:
                    --unit (needs nothing but the compiler), --system, --clusters
cargo xtask long    the tests named long_…: minutes of load, thousands of connections
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
        "check" => test::check(&root),
        "test" => test::run(&root, &std::env::args().skip(2).collect::<Vec<_>>()),
        "long" => test::long(&root),
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
