//! Lines of which parts cannot be known before: `*` stands for any text.

use std::collections::BTreeMap;

/// What was found in lines, by the name that a transcript gives it.
pub(crate) type Words = BTreeMap<String, String>;

/// A line, whole and without its end, in which `*` stands for any text, and `{id=*}` for a word that
/// is to be remembered as `id`: text without a blank and without `;`.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Exact(String),
    Any,
    Word(String),
}

impl Line {
    pub(crate) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('*') {
            let named = before
                .strip_suffix('=')
                .and_then(|before| before.rsplit_once('{'))
                .zip(after.strip_prefix('}'));
            match named {
                Some(((before, name), after)) => {
                    parts.push(Part::Exact(before.to_owned()));
                    parts.push(Part::Word(name.to_owned()));
                    rest = after;
                }
                None => {
                    parts.push(Part::Exact(before.to_owned()));
                    parts.push(Part::Any);
                    rest = after;
                }
            }
        }
        parts.push(Part::Exact(rest.to_owned()));
        Self { text: text.to_owned(), parts }
    }

    /// The words found, if the line is as wanted.
    pub(crate) fn fit(&self, line: &str) -> Option<Words> {
        let mut words = Words::new();
        fit(&self.parts, line, &mut words).then_some(words)
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

fn fit(parts: &[Part], line: &str, words: &mut Words) -> bool {
    let Some((part, parts)) = parts.split_first() else { return line.is_empty() };
    let mut ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    match part {
        Part::Exact(text) => line.strip_prefix(&**text).is_some_and(|rest| fit(parts, rest, words)),
        Part::Any => ends.any(|at| fit(parts, &line[at..], words)),
        Part::Word(name) => {
            let end = line.find([' ', ';']).unwrap_or(line.len());
            ends.filter(|at| (1..=end).contains(at)).any(|at| {
                words.insert(name.clone(), line[..at].to_owned());
                fit(parts, &line[at..], words)
            })
        }
    }
}

/// A text with each `{id}` that was found filled in.
pub(crate) fn filled_in(text: &str, words: &Words) -> String {
    words
        .iter()
        .fold(text.to_owned(), |text, (name, word)| text.replace(&format!("{{{name}}}"), word))
}
