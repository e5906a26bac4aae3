//! Tables in Markdown, which are to be read as they are.

use std::fmt::Write;

use crate::trial::{Metric, Outcome, Row};

/// A table for each case.
pub(crate) fn markdown(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    let mut rest = outcomes;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|outcome| outcome.case == first.case).count();
        let (case, others) = rest.split_at_checked(same).unwrap_or_default();
        rest = others;
        // Writing to memory can't fail.
        let _ = writeln!(out, "\n## {}\n", first.case);
        lines(case, &mut out);
    }
    out
}

/// The table of one case.
pub(crate) fn lines(outcomes: &[Outcome], out: &mut String) {
    let mut metrics: Vec<Metric> = Vec::new();
    for figure in outcomes.iter().flat_map(|one| &one.rows).flat_map(|row| &row.figures) {
        if !metrics.contains(&figure.metric) {
            metrics.push(figure.metric);
        }
    }
    let mut head = vec!["setting".to_owned(), "server".to_owned()];
    for (number, metric) in metrics.iter().enumerate() {
        let unit = if metric.unit.is_empty() { "" } else { ", " };
        head.push(format!("{}{unit}{}", metric.name, metric.unit));
        if number == 0 {
            head.push("ratio".to_owned());
        }
    }
    let mut lines = vec![head];
    for outcome in outcomes {
        for (number, row) in outcome.rows.iter().enumerate() {
            let setting = if number == 0 { outcome.setting.clone() } else { String::new() };
            let mut line = vec![setting, row.subject.clone()];
            if let Some(fault) = &row.fault {
                line.push(format!("failed: {fault}"));
            } else {
                cells(&metrics, row, outcome.rows.first(), &mut line);
            }
            lines.push(line);
        }
    }
    align(&lines, out);
}

fn cells(metrics: &[Metric], row: &Row, first: Option<&Row>, line: &mut Vec<String>) {
    for (number, metric) in metrics.iter().enumerate() {
        let own = row.figure(*metric).map(crate::trial::Figure::median);
        line.push(own.map_or_else(String::new, |own| format!("{own:.*}", metric.digits)));
        if number == 0 {
            let base = first.and_then(|first| first.figure(*metric)).map(|base| base.median());
            let ratio = own.zip(base).filter(|(_, base)| *base > 0.0);
            line.push(ratio.map_or_else(String::new, |(own, base)| format!("{:.2}", own / base)));
        }
    }
}

/// Writes lines of cells with all columns as wide as they have to be; figures stand at the right.
fn align(lines: &[Vec<String>], out: &mut String) {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        let short = cells.filter(|cell| !cell.starts_with("failed: "));
        short.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (number, line) in lines.iter().enumerate() {
        for (column, width) in widths.iter().enumerate() {
            let cell = line.get(column).map_or("", String::as_str);
            let _ = if column < 2 {
                write!(out, "| {cell:<width$} ")
            } else {
                write!(out, "| {cell:>width$} ")
            };
        }
        out.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column < 2 { "-" } else { ":" };
                let _ = write!(out, "|{}{end}", "-".repeat(width + 1));
            }
            out.push_str("|\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Figure;

    #[test]
    fn a_table_compares_with_its_first_row() {
        let metric = Metric { name: "CPU", unit: "s", digits: 2 };
        let row = |subject: &str, values: &[f64]| Row {
            subject: subject.to_owned(),
            is_peer: false,
            figures: vec![Figure { metric, values: values.to_vec() }],
            fault: None,
        };
        let failed = Row { fault: Some("it ended".to_owned()), ..row("other", &[]) };
        let outcome = Outcome {
            case: "fan-out",
            setting: "10 members".to_owned(),
            rows: vec![row("raw", &[0.5, 9.0, 0.25]), row("chinwag", &[1.0, 2.0]), failed],
            points: Vec::new(),
        };
        assert_eq!(
            markdown(&[outcome]),
            "\n## fan-out\n\n\
             | setting    | server  | CPU, s | ratio |\n\
             |------------|---------|-------:|------:|\n\
             | 10 members | raw     |   0.50 |  1.00 |\n\
             |            | chinwag |   1.50 |  3.00 |\n\
             |            | other   | failed: it ended |       |\n"
        );
    }
}
