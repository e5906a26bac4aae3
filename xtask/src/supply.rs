//! The supply chain: licences and sources of all dependencies, from what Cargo itself knows.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Licences that may be in the product. An expression counts if one of its choices, all of whose
/// parts are listed, does.
const LICENCES: &[&str] = &[
    "MIT",
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Checks every package of the lock file.
pub(crate) fn check(root: &Path) -> Result<()> {
    let listed = Command::new("cargo")
        .current_dir(root)
        .args(["tree", "--workspace", "--locked", "--edges", "normal,build,dev"])
        .args(["--prefix", "none", "--target", "all", "--no-dedupe", "--format", "{p}\t{l}"])
        .output()
        .context("cannot run cargo tree")?;
    if !listed.status.success() {
        bail!("{}", String::from_utf8_lossy(&listed.stderr));
    }
    let mut wrong = Vec::new();
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        let (package, licence) = line.split_once('\t').unwrap_or((line, ""));
        let licence = licence.trim_end_matches(" (*)");
        if !package.is_empty() && !is_allowed(licence) {
            wrong.push(format!("{package}: the licence \"{licence}\" is not among the allowed"));
        }
    }
    let lock =
        std::fs::read_to_string(root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    for line in lock.lines().filter(|line| line.starts_with("source = ")) {
        // Crates of the registry carry a checksum; nothing else does.
        if !line.starts_with("source = \"registry+") {
            wrong.push(format!("{line}: only crates of the registry may be used"));
        }
    }
    wrong.sort();
    wrong.dedup();
    if !wrong.is_empty() {
        bail!("\n{}", wrong.join("\n"));
    }
    Ok(())
}

fn is_allowed(expression: &str) -> bool {
    let bare = expression.replace(['(', ')'], "").replace('/', " OR ");
    bare.split(" OR ")
        .any(|choice| choice.split(" AND ").all(|licence| LICENCES.contains(&licence.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_counts_by_one_of_its_choices() {
        for (expression, allowed) in [
            ("MIT", true),
            ("MIT OR GPL-3.0", true),
            ("MIT/Apache-2.0", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("GPL-3.0", false),
            ("MIT AND GPL-3.0", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(expression), allowed, "{expression}");
        }
    }
}
