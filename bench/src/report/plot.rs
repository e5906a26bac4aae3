//! Charts as SVG (<https://www.w3.org/TR/SVG11/>): figures by what grows.

use std::fmt::Write;

use crate::trial::{Chart, Outcome};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 56.0;

/// Pixels of a line of the legend.
const LEGEND: f64 = 18.0;

/// Colours that are told apart by those who see few of them (Okabe and Ito).
const COLOURS: [&str; 7] =
    ["#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// A ratio of the largest and the smallest value above which steps upwards are factors of ten.
const LOGARITHMIC: f64 = 30.0;

/// One server's line: where each point stands, counted from the left, and its value.
struct Series {
    name: String,
    points: Vec<(usize, f64)>,
}

/// All charts that the outcomes have points for: their files' names without `.svg`, and their text.
pub(crate) fn charts(outcomes: &[Outcome]) -> Vec<(&'static str, String)> {
    let mut charts: Vec<&'static Chart> = Vec::new();
    for (chart, _) in outcomes.iter().flat_map(|outcome| &outcome.points) {
        if !charts.contains(chart) {
            charts.push(chart);
        }
    }
    charts.into_iter().filter_map(|chart| Some((chart.file, draw(chart, outcomes)?))).collect()
}

/// `None` if there is nothing to be compared.
fn draw(chart: &Chart, outcomes: &[Outcome]) -> Option<String> {
    let place = |outcome: &Outcome| {
        outcome.points.iter().find(|(other, _)| *other == chart).map(|(_, place)| *place)
    };
    let mut places: Vec<f64> = outcomes.iter().filter_map(place).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut all: Vec<Series> = Vec::new();
    for outcome in outcomes {
        let Some(at) = place(outcome).and_then(|x| places.iter().position(|place| *place == x))
        else {
            continue;
        };
        for row in outcome.rows.iter().filter(|row| row.fault.is_none()) {
            let value = row.figure(chart.metric).map_or(f64::NAN, crate::trial::Figure::median);
            if !value.is_finite() {
                continue;
            }
            match all.iter_mut().find(|series| series.name == row.subject) {
                Some(series) => series.points.push((at, value)),
                None => {
                    all.push(Series { name: row.subject.clone(), points: vec![(at, value)] });
                }
            }
        }
    }
    let values = || all.iter().flat_map(|series| &series.points).map(|(_, value)| *value);
    let most = values().fold(f64::NAN, f64::max);
    let least = values().filter(|value| *value > 0.0).fold(f64::NAN, f64::min);
    if places.len() < 2 || most.is_nan() || most <= 0.0 {
        return None;
    }
    let scale = Scale::new(least, most);
    let mut out = String::new();
    frame(chart, &places, &scale, all.len(), &mut out);
    for (number, series) in all.iter().enumerate() {
        line(number, series, places.len(), &scale, &mut out);
    }
    out.push_str("</svg>\n");
    Some(out)
}

/// How values become heights.
struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
    ticks: Vec<f64>,
}

impl Scale {
    fn new(least: f64, most: f64) -> Self {
        if most / least > LOGARITHMIC {
            let (low, high) = (least.log10().floor() as i32, most.log10().ceil() as i32);
            let ticks = (low..=high).map(|power| 10f64.powi(power)).collect();
            let (low, high) = (10f64.powi(low), 10f64.powi(high));
            return Self { low, high, is_logarithmic: true, ticks };
        }
        let power = 10f64.powf(most.log10().floor());
        let steps = [0.1, 0.2, 0.5, 1.0, 2.0].map(|step| step * power);
        let step = steps.into_iter().find(|step| most / step <= 6.0).unwrap_or(2.0 * power);
        let count = (most / step).ceil() as i32;
        let ticks = (0..=count).map(|tick| f64::from(tick) * step).collect();
        Self { low: 0.0, high: f64::from(count) * step, is_logarithmic: false, ticks }
    }

    fn height(&self, value: f64) -> f64 {
        let share = if self.is_logarithmic {
            (value.max(self.low) / self.low).log10() / (self.high / self.low).log10()
        } else {
            value / self.high
        };
        HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
    }
}

/// How far to the right a place stands: places have equal distances, whatever they count.
fn across(at: usize, places: usize) -> f64 {
    let step = (WIDTH - LEFT - RIGHT) / places as f64;
    LEFT + (at as f64 + 0.5) * step
}

fn frame(chart: &Chart, places: &[f64], scale: &Scale, series: usize, out: &mut String) {
    let height = HEIGHT + LEGEND * series as f64;
    let unit = match (chart.metric.unit, scale.is_logarithmic) {
        ("", _) => String::new(),
        (unit, false) => format!(", {unit}"),
        (unit, true) => format!(", {unit} (each step is a factor of ten)"),
    };
    // Writing to memory can't fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}{}</text>",
        escaped(chart.title),
        escaped(&unit)
    );
    let right = WIDTH - RIGHT;
    for tick in &scale.ticks {
        let y = scale.height(*tick);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            number(*tick)
        );
    }
    let foot = HEIGHT - BOTTOM;
    for (at, place) in places.iter().enumerate() {
        let x = across(at, places.len());
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            foot + 20.0,
            number(*place)
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        f64::midpoint(LEFT, right),
        foot + 42.0,
        escaped(chart.across)
    );
}

fn line(place: usize, series: &Series, places: usize, scale: &Scale, out: &mut String) {
    let colour = COLOURS.get(place % COLOURS.len()).copied().unwrap_or("#000");
    let mut path = String::new();
    for (at, value) in &series.points {
        let (x, y) = (across(*at, places), scale.height(*value));
        let _ = write!(path, "{x:.1},{y:.1} ");
        let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>");
    }
    let y = HEIGHT + LEGEND * place as f64;
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n\
         <line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"3\"/>\
         <text x=\"{}\" y=\"{}\">{}</text>",
        path.trim_end(),
        LEFT + 24.0,
        LEFT + 32.0,
        y + 4.0,
        escaped(&series.name)
    );
}

/// A number as short as it can be said.
fn number(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} M", short(value / 1e6)),
        value if value >= 1e4 => format!("{} k", short(value / 1e3)),
        value => short(value),
    }
}

/// Three digits that count, without zeros at the end.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Figure, Metric, Row};

    const CHART: Chart = Chart {
        file: "cost",
        title: "CPU <each>",
        across: "members",
        metric: Metric { name: "CPU", unit: "s", digits: 1 },
    };

    fn outcome(place: f64, values: &[f64]) -> Outcome {
        let row = |(number, value): (usize, &f64)| Row {
            subject: format!("server {number}"),
            is_peer: false,
            figures: vec![Figure { metric: CHART.metric, values: vec![*value] }],
            fault: None,
        };
        let rows = values.iter().enumerate().map(row).collect();
        Outcome { case: "c", setting: String::new(), rows, points: vec![(&CHART, place)] }
    }

    #[test]
    fn a_chart_has_a_line_for_each_server() {
        let drawn = charts(&[outcome(1000.0, &[2.0, 4.0]), outcome(10.0, &[1.0, f64::NAN])]);
        let [(file, text)] = &drawn[..] else { panic!("{drawn:?}") };
        assert_eq!(*file, "cost");
        assert_eq!(text.matches("<polyline").count(), 2);
        assert_eq!(text.matches("<circle").count(), 3);
        assert!(text.contains("CPU &lt;each&gt;, s</text>") && text.ends_with("</svg>\n"));
        // More members stand further to the right, and more time higher up.
        let (first, second) = (text.find(">10<").unwrap(), text.find(">1000<").unwrap());
        assert!(first < second);
        let scale = Scale::new(1.0, 4.0);
        assert!(scale.height(4.0) < scale.height(1.0));
    }

    #[test]
    fn one_point_is_no_chart() {
        assert!(charts(&[outcome(1.0, &[1.0])]).is_empty());
        assert!(charts(&[outcome(1.0, &[0.0]), outcome(2.0, &[0.0])]).is_empty());
    }

    #[test]
    fn large_ranges_go_up_by_factors_of_ten() {
        let scale = Scale::new(30.0, 5000.0);
        assert_eq!(scale.ticks, [10.0, 100.0, 1000.0, 10_000.0]);
        let even = scale.height(10.0) - scale.height(100.0);
        assert!((scale.height(100.0) - scale.height(1000.0) - even).abs() < 1e-6);
        for (value, said) in [(0.25, "0.25"), (100.0, "100"), (20_000.0, "20 k"), (1e6, "1 M")] {
            assert_eq!(number(value), said);
        }
    }
}
