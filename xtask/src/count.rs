//! Instructions of the hot path: counted by callgrind, and held to what they were.
//!
//! Counts do not depend on how busy a machine is. They do depend on the compiler; with another one
//! than the figures were taken with, only a large growth fails.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The stages, and what is held of them: where [`BUDGET`] is, and how it is written.
const BUDGET: &str = "bench/instructions.txt";

/// Growth that is too much, in per cent: with the same compiler, and with another.
const GROWTH: (u64, u64) = (5, 40);

/// One line of the budget.
#[derive(Debug, PartialEq, Eq)]
struct Stage {
    name: String,
    instructions: u64,
}

/// Counts, and compares; `write` makes what was counted the budget.
pub(crate) fn run(root: &Path, write: bool) -> Result<()> {
    crate::tools::install_missing(&[("valgrind", "valgrind")])?;
    crate::cargo(
        root,
        &["build", "--release", "--quiet", "-p", "chinwag-bench", "--bin", "chinwag-count"],
        &[],
    )?;
    let path = root.join(BUDGET);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {BUDGET}"))?;
    let (compiler, budget) = parse(&text)?;
    let ours = compiler_version()?;
    let mut counted = Vec::new();
    for stage in &budget {
        let instructions = count(root, &stage.name)?;
        counted.push(Stage { name: stage.name.clone(), instructions });
    }
    if write {
        std::fs::write(&path, written(&ours, &counted)).context("cannot write the budget")?;
        return Ok(());
    }
    let growth_max = if compiler == ours { GROWTH.0 } else { GROWTH.1 };
    let mut over = Vec::new();
    for (now, then) in counted.iter().zip(&budget) {
        let (name, count, held) = (&now.name, now.instructions, then.instructions);
        println!("{name:8} {count:>9} instructions; budget {held}");
        if count * 100 > held * (100 + growth_max) {
            over.push(name.as_str());
        }
        if count * 100 < held * (100 - GROWTH.0) && compiler == ours {
            println!("         less than its budget: cargo xtask count --write keeps it so");
        }
    }
    if !over.is_empty() {
        bail!(
            "the hot path has grown by more than {growth_max} % in: {}; where that is worth it, \
             cargo xtask count --write makes it the budget",
            over.join(", ")
        );
    }
    Ok(())
}

/// The instructions of one stage, without those before and after it.
fn count(root: &Path, stage: &str) -> Result<u64> {
    let run = Command::new("valgrind")
        .current_dir(root)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect=*stage_{stage}*"))
        .arg("target/release/chinwag-count")
        .stdout(Stdio::null())
        .output()
        .context("cannot run valgrind")?;
    let said = String::from_utf8_lossy(&run.stderr);
    if !run.status.success() {
        bail!("counting {stage} failed:\n{said}");
    }
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    count.filter(|count| *count > 0).with_context(|| format!("nothing was counted of {stage}"))
}

fn compiler_version() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output().context("cannot run rustc")?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// The compiler of the first line, and a stage for each line after it that is no remark.
fn parse(text: &str) -> Result<(String, Vec<Stage>)> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let compiler = lines.next().context("the budget names no compiler")?.to_owned();
    let stage = |line: &str| {
        let (name, count) = line.split_once(' ')?;
        Some(Stage { name: name.to_owned(), instructions: count.trim().parse().ok()? })
    };
    let stages = lines.map(|line| stage(line).with_context(|| format!("{BUDGET}: {line:?}")));
    Ok((compiler, stages.collect::<Result<_>>()?))
}

fn written(compiler: &str, stages: &[Stage]) -> String {
    let mut text = format!(
        "# Instructions of the hot path for two times 64 messages to 1,000 members, by stage, as\n\
         # cargo xtask count counts them with this compiler. It fails where they grow by more than {} %.\n\
         {compiler}\n",
        GROWTH.0
    );
    for Stage { name, instructions } in stages {
        text.push_str(&format!("{name} {instructions}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_was_written_is_read() {
        let stages = || {
            vec![
                Stage { name: "decode".to_owned(), instructions: 7 },
                Stage { name: "encode".to_owned(), instructions: 1_000_000 },
            ]
        };
        let (compiler, read) = parse(&written("rustc 1.2.3", &stages())).unwrap();
        assert_eq!((compiler.as_str(), read), ("rustc 1.2.3", stages()));
        assert!(parse("rustc\ndecode many\n").is_err());
    }
}
