//! Measured figures in a page of Markdown: what stands between two marks is replaced.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{plot, table};
use crate::trial::Outcome;

/// The page within the folder of the docs, and the folder of its charts.
const PAGE: &str = "performance.md";
const CHARTS: &str = "performance";

/// Puts tables into the page `performance.md` of this folder, each between its case's marks, and
/// draws the charts beside it. A case without marks there is left out.
///
/// # Errors
/// The system's.
pub(crate) fn write(folder: &Path, outcomes: &[Outcome], rounds: u32) -> Result<()> {
    let path = folder.join(PAGE);
    let mut page = std::fs::read_to_string(&path).context("read the page for the figures")?;
    let mut rest = outcomes;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|outcome| outcome.case == first.case).count();
        let (case, others) = rest.split_at_checked(same).unwrap_or_default();
        rest = others;
        let mut text = String::new();
        // Writing to memory can't fail.
        let _ = writeln!(text, "{}\n", conditions(rounds));
        table::lines(case, &mut text);
        page = replaced(&page, first.case, &text);
    }
    std::fs::write(&path, page).context("write the page with the figures")?;
    let charts = folder.join(CHARTS);
    std::fs::create_dir_all(&charts)?;
    for (name, text) in plot::charts(outcomes) {
        std::fs::write(charts.join(name).with_extension("svg"), text).context("write a chart")?;
    }
    Ok(())
}

/// What the figures were measured on.
fn conditions(rounds: u32) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| {
        let (name, model) = line.split_once(':')?;
        (name.trim() == "model name").then(|| model.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // What stands behind the second point is the distribution's.
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel = kernel.split('.').take(2).collect::<Vec<_>>().join(".");
    let model = model.unwrap_or_else(|| "an unknown processor".to_owned());
    let rounds =
        if rounds == 1 { "one round".to_owned() } else { format!("medians of {rounds} rounds") };
    format!("{rounds}; {cores} cores of {model}, Linux {kernel}")
}

/// The page with other text between the marks of a case.
fn replaced(page: &str, case: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- measured: {case} -->\n"), "<!-- end -->");
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some(format!("{before}{begin}\n{text}\n{end}{after}"))
    });
    parts.unwrap_or_else(|| page.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_marks_is_replaced() {
        let page =
            "# A\n<!-- measured: a -->\nold\n<!-- end -->\n<!-- measured: b -->\n<!-- end -->\nB";
        let page = replaced(page, "a", "new");
        assert_eq!(
            page,
            "# A\n<!-- measured: a -->\n\nnew\n<!-- end -->\n<!-- measured: b -->\n<!-- end -->\nB"
        );
        assert_eq!(replaced(&page, "a", "new"), page);
        assert_eq!(replaced(&page, "c", "new"), page);
    }
}
