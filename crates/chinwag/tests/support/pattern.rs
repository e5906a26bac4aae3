//! What a client is to receive: exact bytes, but for times and numbers that no test can know.

use super::shown;

/// Bytes in which `{time}` stands for `YYYY-MM-DD HH:MM:SS` and `{n}` for a decimal number.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: Vec<u8>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Exact(Vec<u8>),
    Time,
    Number,
}

/// How bytes stand to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// So many of them are what was meant.
    Whole(usize),
    /// They may become it.
    Begun,
    /// They never will.
    No,
}

const MARKS: [(&str, Part); 2] = [("{time}", Part::Time), ("{n}", Part::Number)];

const TIME: &[u8] = b"0000-00-00 00:00:00";

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((at, (mark, part))) =
            MARKS.iter().filter_map(|mark| Some((rest.find(mark.0)?, mark))).min_by_key(|m| m.0)
        {
            parts.push(Part::Exact(rest[..at].into()));
            parts.push(part.clone());
            rest = &rest[at + mark.len()..];
        }
        parts.push(Part::Exact(rest.into()));
        Self { text: text.into(), parts }
    }

    /// Just these bytes.
    pub(crate) fn exact(bytes: &[u8]) -> Self {
        Self { text: bytes.into(), parts: vec![Part::Exact(bytes.into())] }
    }

    pub(crate) fn fit(&self, bytes: &[u8]) -> Fit {
        let mut rest = bytes;
        for part in &self.parts {
            let fit = part.fit(rest);
            match fit {
                Fit::Whole(count) => rest = &rest[count..],
                Fit::Begun | Fit::No => return fit,
            }
        }
        Fit::Whole(bytes.len() - rest.len())
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shown(&self.text))
    }
}

impl Part {
    fn fit(&self, bytes: &[u8]) -> Fit {
        match self {
            Self::Exact(text) => prefix(text, bytes, |want, got| want == got),
            Self::Time => prefix(TIME, bytes, |want, got| match want {
                b'0' => got.is_ascii_digit(),
                want => want == got,
            }),
            Self::Number => match bytes.iter().position(|byte| !byte.is_ascii_digit()) {
                None => Fit::Begun,
                Some(0) => Fit::No,
                Some(count) => Fit::Whole(count),
            },
        }
    }
}

fn prefix(want: &[u8], got: &[u8], same: impl Fn(u8, u8) -> bool) -> Fit {
    if !want.iter().zip(got).all(|(want, got)| same(*want, *got)) {
        Fit::No
    } else if got.len() < want.len() {
        Fit::Begun
    } else {
        Fit::Whole(want.len())
    }
}
