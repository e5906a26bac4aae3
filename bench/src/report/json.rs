//! The figures as JSON (RFC 8259), for programs.

use std::fmt::Write;

use crate::trial::Outcome;

/// All figures: for each experiment its servers, for each server its metrics with the median and
/// all values.
pub(crate) fn text(outcomes: &[Outcome]) -> String {
    let experiments = list(outcomes, |outcome, out| {
        out.push_str("{\"case\": ");
        string(outcome.case, out);
        out.push_str(", \"setting\": ");
        string(&outcome.setting, out);
        let rows = list(&outcome.rows, |row, out| {
            out.push_str("\n  {\"server\": ");
            string(&row.subject, out);
            if let Some(fault) = &row.fault {
                out.push_str(", \"fault\": ");
                string(fault, out);
            }
            let figures = list(&row.figures, |figure, out| {
                out.push_str("\n   {\"metric\": ");
                string(figure.metric.name, out);
                out.push_str(", \"unit\": ");
                string(figure.metric.unit, out);
                out.push_str(", \"median\": ");
                number(figure.median(), out);
                let values = list(&figure.values, |value, out| number(*value, out));
                // Writing to memory can't fail.
                let _ = write!(out, ", \"values\": {values}}}");
            });
            let _ = write!(out, ", \"figures\": {figures}}}");
        });
        let _ = write!(out, ", \"servers\": {rows}}}");
    });
    format!("{experiments}\n")
}

fn list<T>(items: &[T], one: impl Fn(&T, &mut String)) -> String {
    let mut out = String::from("[");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        one(item, &mut out);
    }
    out.push(']');
    out
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out.push('"');
}

/// What is no number can't be said but as nothing.
fn number(value: f64, out: &mut String) {
    let _ = if value.is_finite() { write!(out, "{value}") } else { write!(out, "null") };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Figure, Metric, Row};

    #[test]
    fn figures_are_written_as_json() {
        let metric = Metric { name: "CPU", unit: "s", digits: 1 };
        let figures = vec![Figure { metric, values: vec![1.5, f64::NAN] }];
        let fault = Some("a \"b\"\n".to_owned());
        let rows = vec![Row { subject: "raw".to_owned(), is_peer: false, figures, fault }];
        let outcome = Outcome { case: "fan-out", setting: "ten".to_owned(), rows, points: vec![] };
        assert_eq!(
            text(&[outcome]),
            "[{\"case\": \"fan-out\", \"setting\": \"ten\", \"servers\": [\n  \
             {\"server\": \"raw\", \"fault\": \"a \\\"b\\\"\\u000a\", \"figures\": [\n   \
             {\"metric\": \"CPU\", \"unit\": \"s\", \"median\": null, \"values\": [1.5, null]}]}]}]\n"
        );
    }
}
