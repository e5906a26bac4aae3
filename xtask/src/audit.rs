//! Known holes in dependencies: `cargo audit` over the lock file and a database of advisories.
//!
//! The database is RustSec's, <https://github.com/rustsec/advisory-db>, as a folder on this machine.
//! Nothing is fetched unless `--fetch` says so, so that a build without a network is no other build.
//! An advisory that does not concern chinwag is listed, with the reason, in `.cargo/audit.toml`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The version of cargo-audit that is installed where there is none.
const VERSION: &str = "0.22.2";

/// What `cargo xtask audit` was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    database: Option<PathBuf>,
    fetch: bool,
}

/// What can be audited on this machine.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Audit(PathBuf),
    /// Nothing, for this reason.
    Skip(String),
}

/// Audits because somebody asked for it: the tool is installed if it is missing.
pub(crate) fn run(root: &Path, arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let wanted = read(arguments)?;
    if wanted.fetch {
        install(root)?;
        let database = wanted.database.or_else(usual_place);
        return audit(root, &database.context("there is no home folder; say --db DIR")?, &[]);
    }
    match plan(wanted.database, usual_place())? {
        Plan::Skip(why) => println!("{why}"),
        Plan::Audit(database) => {
            install(root)?;
            audit(root, &database, &["--no-fetch"])?;
        }
    }
    Ok(())
}

/// Audits as one step of many: with what is there already, and an old database will do.
pub(crate) fn pass(root: &Path) -> Result<()> {
    match plan(None, usual_place())? {
        Plan::Skip(why) => println!("{why}"),
        Plan::Audit(_) if !is_installed() => {
            println!("no audit: cargo-audit is not installed; cargo xtask audit does it");
        }
        Plan::Audit(database) => audit(root, &database, &["--no-fetch", "--stale"])?,
    }
    Ok(())
}

fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--db") => {
                let folder = arguments.next().context("--db wants a folder")?;
                wanted.database = Some(folder.into());
            }
            Some("--fetch") => wanted.fetch = true,
            _ => bail!("{} is not known; there are --db DIR and --fetch", argument.display()),
        }
    }
    Ok(wanted)
}

/// Finds the database: the one named has to be one, the usual place may be empty.
fn plan(named: Option<PathBuf>, usual: Option<PathBuf>) -> Result<Plan> {
    if let Some(named) = named {
        if !is_database(&named) {
            let folder = named.display();
            bail!("{folder} is no advisory database: it has no folder crates (git clone {SOURCE})");
        }
        return Ok(Plan::Audit(named));
    }
    Ok(match usual {
        Some(usual) if is_database(&usual) => Plan::Audit(usual),
        _ => Plan::Skip(format!(
            "no audit: there is no advisory database here (cargo xtask audit --fetch gets it; \
             --db DIR names a clone of {SOURCE})"
        )),
    })
}

const SOURCE: &str = "https://github.com/rustsec/advisory-db";

fn is_database(folder: &Path) -> bool {
    folder.join("crates").is_dir()
}

/// Where cargo-audit keeps its database.
fn usual_place() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    Some(home?.join("advisory-db"))
}

fn is_installed() -> bool {
    let mut asked = Command::new("cargo");
    asked.args(["audit", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

fn install(root: &Path) -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    crate::cargo(root, &["install", "cargo-audit", "--locked", "--version", VERSION], &[])
}

/// Fails on a known hole, and on code that is known to be unsound.
fn audit(root: &Path, database: &Path, options: &[&str]) -> Result<()> {
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["audit", "--no-yanked", "--deny", "unsound"].map(OsStr::new))
        .arg("--db")
        .arg(std::path::absolute(database).context("cannot tell where the database is")?)
        .args(options)
        .status()
        .context("cannot run cargo audit")?;
    if !status.success() {
        bail!("cargo audit found something: update the crate, or say in .cargo/audit.toml why not");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_the_one_that_is_named() {
        let words = |text: &str| text.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        let named = |folder: &str| Some(PathBuf::from(folder));
        for (text, database, fetch) in [
            ("", None, false),
            ("--db advisories", named("advisories"), false),
            ("--fetch", None, true),
            ("--fetch --db x", named("x"), true),
        ] {
            assert_eq!(
                read(words(text).into_iter()).unwrap(),
                Wanted { database, fetch },
                "{text}"
            );
        }
        for text in ["--db", "--database x", "x"] {
            assert!(read(words(text).into_iter()).is_err(), "{text}");
        }
    }

    #[test]
    fn without_a_database_that_is_said_and_a_wrong_one_is_refused() {
        let folder = std::env::temp_dir().join(format!("chinwag-audit-{}", std::process::id()));
        let (whole, empty) = (folder.join("whole"), folder.join("empty"));
        std::fs::create_dir_all(whole.join("crates")).unwrap();
        std::fs::create_dir_all(&empty).unwrap();
        let audits = Plan::Audit(whole.clone());
        assert_eq!(plan(Some(whole.clone()), None).unwrap(), audits);
        assert_eq!(plan(None, Some(whole)).unwrap(), audits);
        assert!(plan(Some(empty.clone()), None).is_err());
        for usual in [None, Some(empty)] {
            let Plan::Skip(why) = plan(None, usual).unwrap() else { panic!("it audits nothing") };
            assert!(!why.contains('\n') && why.contains("--db"), "{why}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
