//! Trials: what is measured, of whom, and how often.

use std::fmt;

use anyhow::{Result, bail};

use crate::progress::Progress;

/// What a figure is of, as the head of its column says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is counted in; empty for a mere number.
    pub(crate) unit: &'static str,
    /// Digits behind the point.
    pub(crate) digits: usize,
}

/// What one run of one trial gave.
pub(crate) type Measured = Vec<(Metric, f64)>;

/// A question, put to several servers in the same way.
pub(crate) struct Experiment {
    /// The case that it belongs to.
    pub(crate) case: &'static str,
    /// How it differs from the others of its case.
    pub(crate) setting: String,
    /// Whom it is put to; others are compared with the first.
    pub(crate) trials: Vec<Trial>,
    /// Where it stands in charts: which, and how far to the right.
    pub(crate) points: Vec<(&'static Chart, f64)>,
}

/// A chart of one figure by what grows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chart {
    /// Its file, without `.svg`.
    pub(crate) file: &'static str,
    /// What it shows.
    pub(crate) title: &'static str,
    /// What grows, to the right.
    pub(crate) across: &'static str,
    /// Its figure, upwards.
    pub(crate) metric: Metric,
}

impl Experiment {
    /// What is left of it where only these texts are wanted, each in its setting or in the names of
    /// its servers; nothing where one is in neither.
    pub(crate) fn only(mut self, texts: &[String]) -> Option<Self> {
        for text in texts.iter().filter(|text| !self.setting.contains(text.as_str())) {
            self.trials.retain(|trial| trial.subject.contains(text.as_str()));
        }
        (!self.trials.is_empty()).then_some(self)
    }
}

/// One server that answers.
pub(crate) struct Trial {
    /// What the row of the table begins with.
    pub(crate) subject: String,
    /// Whether it is another's server, whose faults are told and no more.
    pub(crate) is_peer: bool,
    /// Does it once.
    pub(crate) run: Box<dyn FnMut() -> Result<Measured>>,
}

/// All answers to an experiment.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) case: &'static str,
    pub(crate) setting: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) points: Vec<(&'static Chart, f64)>,
}

/// All answers of one server.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) subject: String,
    pub(crate) is_peer: bool,
    pub(crate) figures: Vec<Figure>,
    /// What went wrong: then its figures do not count.
    pub(crate) fault: Option<String>,
}

/// A figure, as often as it was measured.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) metric: Metric,
    pub(crate) values: Vec<f64>,
}

impl Figure {
    /// The middle one; of two in the middle, the mean.
    pub(crate) fn median(&self) -> f64 {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        let at = |at: usize| values.get(at).copied().unwrap_or(f64::NAN);
        match values.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => at(odd / 2),
            even => f64::midpoint(at(even / 2 - 1), at(even / 2)),
        }
    }
}

impl Row {
    /// The figure of a name.
    pub(crate) fn figure(&self, metric: Metric) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.metric == metric)
    }

    fn add(&mut self, measured: Measured) {
        for (metric, value) in measured {
            match self.figures.iter_mut().find(|figure| figure.metric == metric) {
                Some(figure) => figure.values.push(value),
                None => self.figures.push(Figure { metric, values: vec![value] }),
            }
        }
    }
}

impl Trial {
    /// One of chinwag or of what belongs to it, called so in the table.
    pub(crate) fn own(subject: &str, run: impl FnMut() -> Result<Measured> + 'static) -> Self {
        Self { subject: subject.to_owned(), is_peer: false, run: Box::new(run) }
    }
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Runs all of them, each server once a round: what disturbs the machine for a while disturbs all.
///
/// A trial that fails is not repeated; its row says why, and the others go on.
///
/// # Errors
/// None of its own.
pub(crate) fn run(experiments: Vec<Experiment>, rounds: u32) -> Result<Vec<Outcome>> {
    let trials: usize = experiments.iter().map(|experiment| experiment.trials.len()).sum();
    let mut progress = Progress::begin(trials * rounds as usize);
    let mut outcomes = Vec::new();
    for mut experiment in experiments {
        let row = |trial: &Trial| Row {
            subject: trial.subject.clone(),
            is_peer: trial.is_peer,
            figures: Vec::new(),
            fault: None,
        };
        let mut rows: Vec<Row> = experiment.trials.iter().map(row).collect();
        for _ in 0..rounds {
            for (trial, row) in experiment.trials.iter_mut().zip(&mut rows) {
                progress.step(experiment.case, &experiment.setting, &trial.subject);
                if row.fault.is_none() {
                    match (trial.run)() {
                        Ok(measured) => row.add(measured),
                        Err(error) => row.fault = Some(format!("{error:#}")),
                    }
                }
            }
        }
        let Experiment { case, setting, points, .. } = experiment;
        outcomes.push(Outcome { case, setting, rows, points });
    }
    progress.end();
    Ok(outcomes)
}

/// Fails if anything went wrong with chinwag or the raw loop.
///
/// # Errors
/// The first fault, and how many there are.
pub(crate) fn verdict(outcomes: &[Outcome]) -> Result<()> {
    let mut faults = outcomes.iter().flat_map(|outcome| {
        let own = outcome.rows.iter().filter(|row| !row.is_peer);
        own.filter_map(move |row| Some((outcome, row, row.fault.as_ref()?)))
    });
    let Some((outcome, row, fault)) = faults.next() else { return Ok(()) };
    let more = faults.count();
    bail!("{}, {}, {}: {fault} ({more} faults more)", outcome.case, outcome.setting, row.subject);
}
