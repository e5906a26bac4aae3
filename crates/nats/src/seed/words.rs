//! What is said to get a seed, and to give one.
//!
//! Everything but chunks is JSON. A chunk is a byte 1; the CRC-32 of what follows; the seed's number, the
//! file's, and the chunk's, in 8, 1 and 8 bytes, the highest first; and then the bytes themselves.

use bytes::Bytes;
use chinwag_storage::seed::{FILE_BYTES_MAX, FILES, Files, SeedFile};
use serde::{Deserialize, Serialize};

/// Bytes of a chunk, but for the last one of a file.
pub(crate) const CHUNK_BYTES: u64 = 128 * 1024;

/// The longest question, in bytes; a longer one is none.
const QUESTION_BYTES_MAX: usize = 1024;

/// The longest answer, in bytes; a longer one is none.
const ANSWER_BYTES_MAX: usize = CHUNK_BYTES as usize + 4096;

/// The first byte of a chunk. No JSON begins with it.
const CHUNK: u8 = 1;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Who gives seeds?
    Who,
    /// Make a seed; is it ready? Whoever asks gives it a number by chance, and says who it is.
    Make(u64, String),
    /// A chunk of it.
    Chunk(Place),
    /// It is not needed any more.
    End(u64),
}

/// Which chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The seed.
    pub(crate) seed: u64,
    /// The file in it.
    pub(crate) file: u8,
    /// The chunk in the file, from 0.
    pub(crate) chunk: u64,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// This node gives.
    Offer(Offer),
    /// It is being made; so many bytes of about so many are done.
    Making(u64, u64),
    /// It is ready.
    Ready([File; FILES]),
    /// Another node gets one now.
    Busy,
    /// There is none, for this reason.
    None(String),
}

/// A node gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// Its name.
    pub(crate) node: String,
    /// Which log it follows.
    pub(crate) log: String,
    /// About how large a seed is, in bytes.
    pub(crate) bytes: u64,
    /// Whether no other node gets one now.
    pub(crate) free: bool,
}

/// A file of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    bytes: u64,
    sha256: [u8; 32],
}

impl Place {
    /// Where the chunk begins in its file, and how many bytes it has; `None` where there is none.
    pub(crate) fn range(self, files: &Files) -> Option<(usize, u64, usize)> {
        let file = usize::from(self.file);
        let from = self.chunk.checked_mul(CHUNK_BYTES)?;
        let left = files.get(file)?.bytes.checked_sub(from).filter(|left| *left > 0)?;
        Some((file, from, usize::try_from(left.min(CHUNK_BYTES)).ok()?))
    }
}

impl Question {
    pub(crate) fn to_bytes(&self) -> Bytes {
        serde_json::json!(self).to_string().into()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= QUESTION_BYTES_MAX)?;
        serde_json::from_slice(bytes).ok()
    }
}

impl Answer {
    pub(crate) fn ready(files: &Files) -> Self {
        Self::Ready(files.map(|SeedFile { bytes, sha256 }| File { bytes, sha256 }))
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        serde_json::json!(self).to_string().into()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= ANSWER_BYTES_MAX)?;
        serde_json::from_slice(bytes).ok()
    }
}

/// The files of a seed that is ready, unless they are impossible.
pub(crate) fn files(told: [File; FILES]) -> Option<Files> {
    let possible = told.iter().all(|file| file.bytes <= FILE_BYTES_MAX);
    possible.then(|| told.map(|File { bytes, sha256 }| SeedFile { bytes, sha256 }))
}

/// A chunk as a message's payload.
pub(crate) fn write_chunk(place: Place, bytes: &[u8]) -> Bytes {
    let Place { seed, file, chunk } = place;
    let head = [&seed.to_be_bytes()[..], &[file], &chunk.to_be_bytes()].concat();
    let rest = [&head[..], bytes].concat();
    [&[CHUNK][..], &crc32fast::hash(&rest).to_be_bytes(), &rest].concat().into()
}

/// The bytes of this chunk, if that is what the payload is, and so many of them.
pub(crate) fn read_chunk(payload: &[u8], place: Place, count: usize) -> Option<&[u8]> {
    let (&CHUNK, rest) = payload.split_first()? else { return None };
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    if crc32fast::hash(rest) != u32::from_be_bytes(*sum) {
        return None;
    }
    let (seed, rest) = rest.split_first_chunk::<8>()?;
    let (file, rest) = rest.split_first()?;
    let (chunk, bytes) = rest.split_first_chunk::<8>()?;
    let told =
        Place { seed: u64::from_be_bytes(*seed), file: *file, chunk: u64::from_be_bytes(*chunk) };
    (told == place && bytes.len() == count).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { seed: 7, file: 1, chunk: 2 };

    fn files_of(bytes: [u64; FILES]) -> Files {
        bytes.map(|bytes| SeedFile { bytes, sha256: [9; 32] })
    }

    #[test]
    fn what_is_said_is_read_as_it_was_meant() {
        for question in [
            Question::Who,
            Question::Make(u64::MAX, "b".to_owned()),
            Question::Chunk(PLACE),
            Question::End(1),
        ] {
            assert_eq!(Question::read(&question.to_bytes()), Some(question));
        }
        let offer = Offer { node: "a".into(), log: "x".into(), bytes: u64::MAX, free: true };
        for answer in [
            Answer::Offer(offer),
            Answer::Making(1, 2),
            Answer::ready(&files_of([5, 6])),
            Answer::Busy,
            Answer::None("no room".to_owned()),
        ] {
            assert_eq!(Answer::read(&answer.to_bytes()), Some(answer));
        }
    }

    #[test]
    fn a_chunk_that_is_damaged_or_another_one_is_refused() {
        let good = write_chunk(PLACE, b"tea");
        assert_eq!(read_chunk(&good, PLACE, 3), Some(&b"tea"[..]));
        for n in 0..good.len() {
            let mut bad = good.to_vec();
            bad[n] ^= 1;
            assert_eq!(read_chunk(&bad, PLACE, 3), None, "byte {n}");
            assert_eq!(read_chunk(&good[..n], PLACE, 3), None, "cut at {n}");
        }
        for other in
            [Place { seed: 8, ..PLACE }, Place { file: 0, ..PLACE }, Place { chunk: 3, ..PLACE }]
        {
            assert_eq!(read_chunk(&good, other, 3), None, "{other:?}");
        }
        assert_eq!(read_chunk(&good, PLACE, 4), None);
        assert_eq!(read_chunk(&Answer::Busy.to_bytes(), PLACE, 3), None);
    }

    #[test]
    fn a_chunk_lies_within_its_file() {
        let files = files_of([CHUNK_BYTES, 2 * CHUNK_BYTES + 5]);
        for (file, chunk, range) in [
            (0, 0, Some((0, 0, 128 * 1024))),
            (0, 1, None),
            (1, 2, Some((1, 2 * CHUNK_BYTES, 5))),
            (1, 3, None),
            (1, u64::MAX, None),
            (2, 0, None),
        ] {
            assert_eq!(Place { seed: 0, file, chunk }.range(&files), range, "{file} {chunk}");
        }
        assert_eq!(Place { seed: 0, file: 0, chunk: 0 }.range(&files_of([0, 0])), None);
    }

    #[test]
    fn a_seed_of_impossible_size_is_refused() {
        for (bytes, good) in [(FILE_BYTES_MAX, true), (FILE_BYTES_MAX + 1, false)] {
            let Answer::Ready(told) = Answer::ready(&files_of([0, bytes])) else { panic!("ready") };
            assert_eq!(files(told).is_some(), good);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_words_or_none(bytes: Vec<u8>, count in 0..100_usize) {
            let _ = Question::read(&bytes);
            let _ = Answer::read(&bytes);
            let _ = read_chunk(&bytes, PLACE, count);
            let _ = read_chunk(&[&[CHUNK][..], &bytes].concat(), PLACE, count);
        }
    }
}
