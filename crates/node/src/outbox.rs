//! What one connection is still to be sent: bounded, in order, shared where others see the same.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::rc::Rc;

use chinwag_model::id::Place;

/// Most slices that one write takes; the kernel takes no more than 1,024. What one turn brings a
/// connection is mostly one.
pub const SLICES_MAX: usize = 64;

/// Bytes that are copied behind others rather than referred to: to hold a reference, and to have the
/// system gather it, takes longer than to copy as little as this.
const COPIED_MAX: usize = 512;

/// Bytes that are gathered in one piece.
const GATHERED_MAX: usize = 4096;

/// What a piece has room for at first, that gathers short lines.
const GATHERED_MIN: usize = 1024;

/// A queue of bytes to be written to one connection.
///
/// It holds references to what is encoded once for all who see it so, and short lines that wait
/// together in one piece. At its bound it refuses: the connection is then closed, and what it missed
/// is in history. What its owner asked for is taken all the same ([`push_answer`](Self::push_answer)).
#[derive(Debug)]
pub struct Outbox {
    /// What is written next: here, so that the usual one chunk takes no memory of its own.
    first: Option<Chunk>,
    /// What follows it.
    rest: VecDeque<Chunk>,
    /// Bytes of the first chunk that are written already.
    written: usize,
    bytes: usize,
    bytes_max: usize,
    delivered: Option<Place>,
}

#[derive(Debug)]
struct Chunk {
    piece: Piece,
    /// How far what waits is told once this is written.
    mark: Option<Place>,
}

#[derive(Debug)]
enum Piece {
    /// As others are sent it, too.
    Shared(Rc<[u8]>),
    /// Short lines, gathered.
    Gathered(Vec<u8>),
}

impl Chunk {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match &self.piece {
            Piece::Shared(bytes) => bytes,
            Piece::Gathered(bytes) => bytes,
        }
    }

    /// Takes more behind what it has; whether there is room, and it is worth it.
    fn gather(&mut self, more: &[u8], mark: Option<Place>) -> bool {
        let len = self.bytes().len();
        if more.len() > COPIED_MAX || len + more.len() > GATHERED_MAX {
            return false;
        }
        match &mut self.piece {
            Piece::Shared(_) if len > COPIED_MAX => return false,
            Piece::Shared(bytes) => {
                let mut gathered = Vec::with_capacity(GATHERED_MIN.max(len + more.len()));
                gathered.extend_from_slice(bytes);
                gathered.extend_from_slice(more);
                self.piece = Piece::Gathered(gathered);
            }
            Piece::Gathered(bytes) => bytes.extend_from_slice(more),
        }
        self.mark = self.mark.max(mark);
        true
    }
}

/// The outbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Outbox {
    /// An empty outbox that holds at most this many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self {
            first: None,
            rest: VecDeque::new(),
            written: 0,
            bytes: 0,
            bytes_max,
            delivered: None,
        }
    }

    /// Adds bytes at the end. `mark` tells how far what waits for this person is told with them.
    ///
    /// # Errors
    /// [`Full`] where they would go beyond the bound; nothing is added.
    #[inline]
    pub fn push(&mut self, bytes: Rc<[u8]>, mark: Option<Place>) -> Result<(), Full> {
        if self.bytes + bytes.len() > self.bytes_max {
            return Err(Full);
        }
        self.add(bytes, mark);
        Ok(())
    }

    /// Adds at the end what its owner asked for, of whatever length, as an answer has a bound of its own:
    /// it would be wrong to close a connection for an answer that it waits for.
    ///
    /// # Errors
    /// [`Full`] where the outbox was full before; nothing is added.
    pub fn push_answer(&mut self, bytes: Rc<[u8]>, mark: Option<Place>) -> Result<(), Full> {
        if self.bytes >= self.bytes_max {
            return Err(Full);
        }
        self.add(bytes, mark);
        Ok(())
    }

    #[inline]
    fn add(&mut self, bytes: Rc<[u8]>, mark: Option<Place>) {
        self.bytes += bytes.len();
        if bytes.is_empty() && mark.is_none() {
            return;
        }
        match self.rest.back_mut().or(self.first.as_mut()) {
            None => self.first = Some(Chunk { piece: Piece::Shared(bytes), mark }),
            Some(last) => {
                if !last.gather(&bytes, mark) {
                    self.rest.push_back(Chunk { piece: Piece::Shared(bytes), mark });
                }
            }
        }
    }

    /// Bytes still to be written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Bytes that it holds at most, but for answers.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// Whether all is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// How far what waits was written.
    #[must_use]
    pub fn delivered(&self) -> Option<Place> {
        self.delivered
    }

    /// What to write next, in at most [`SLICES_MAX`] slices.
    #[inline]
    pub fn slices(&self) -> impl Iterator<Item = IoSlice<'_>> {
        let written = self.written;
        let chunks = self.first.iter().chain(&self.rest).take(SLICES_MAX).enumerate();
        chunks.map(move |(at, chunk)| {
            let from = if at == 0 { written } else { 0 };
            IoSlice::new(chunk.bytes().get(from..).unwrap_or_default())
        })
    }

    /// Takes note that so many bytes of the slices were written.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
        self.written += count;
        while let Some(first) = self.first.take_if(|first| self.written >= first.bytes().len()) {
            self.written -= first.bytes().len();
            self.delivered = self.delivered.max(first.mark);
            self.first = self.rest.pop_front();
        }
        // A connection to which nothing is being said holds no memory for it.
        if self.first.is_none() {
            // Mostly there is none to give back, and dropping an empty queue costs as well.
            if self.rest.capacity() > 0 {
                self.rest = VecDeque::new();
            }
            self.written = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::Seq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_full_outbox_refuses_and_keeps_what_it_has() {
        let mut outbox = Outbox::new(5);
        assert_eq!(outbox.push(Rc::from(*b"abc"), None), Ok(()));
        assert_eq!(outbox.push(Rc::from(*b"def"), None), Err(Full));
        assert_eq!(outbox.push(Rc::from(*b"de"), None), Ok(()));
        assert_eq!(outbox.len(), 5);
    }

    #[test]
    fn an_answer_is_taken_whole_but_not_by_a_full_outbox() {
        let mut outbox = Outbox::new(5);
        assert_eq!(outbox.push_answer(Rc::from(*b"abcdefgh"), None), Ok(()));
        assert_eq!(outbox.push_answer(Rc::from(*b"i"), None), Err(Full));
        assert_eq!(outbox.push(Rc::from(*b"j"), None), Err(Full));
        outbox.advance(4);
        assert_eq!(outbox.push_answer(Rc::from(*b"ij"), None), Ok(()));
        assert_eq!(outbox.len(), 6);
    }

    #[test]
    fn short_lines_are_one_piece_and_long_ones_are_shared() {
        let line = |len: usize| Rc::<[u8]>::from(vec![b'x'; len]);
        let lens = |lens: &[usize]| {
            let mut outbox = Outbox::new(usize::MAX);
            for len in lens {
                outbox.push(line(*len), None).unwrap();
            }
            outbox.slices().map(|slice| slice.len()).collect::<Vec<_>>()
        };
        assert_eq!(lens(&[100; 10]), [1000]);
        assert_eq!(lens(&[100, 2000, 100, 100, 2000]), [100, 2000, 200, 2000]);
        assert_eq!(lens(&[500; 10]), [4000, 1000]);
    }

    #[test]
    fn a_mark_counts_once_its_last_byte_is_written() {
        let mut outbox = Outbox::new(100);
        let place = Seq(1).end();
        outbox.push(Rc::from(*b"abc"), Some(place)).unwrap();
        outbox.advance(2);
        assert_eq!(outbox.delivered(), None);
        outbox.advance(1);
        assert_eq!(outbox.delivered(), Some(place));
    }

    proptest! {
        #[test]
        fn what_is_written_in_pieces_is_what_was_pushed(
            lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..400),
            steps in prop::collection::vec(1usize..50, 1..40),
        ) {
            let mut outbox = Outbox::new(usize::MAX);
            for line in &lines {
                outbox.push(Rc::from(line.as_slice()), None).unwrap();
            }
            let mut seen = Vec::new();
            for step in steps.iter().cycle() {
                let next: Vec<u8> =
                    outbox.slices().flat_map(|s| s.to_vec()).take(*step).collect();
                if next.is_empty() {
                    break;
                }
                outbox.advance(next.len());
                seen.extend(next);
            }
            prop_assert_eq!(seen, lines.concat());
            prop_assert!(outbox.is_empty());
        }
    }
}
