//! What is said in a benchmark: a text that says who said it and as which of theirs.

/// Bytes of a payload that say what it is: `~`, four hexadecimal digits of the sender and eleven of
/// the number.
pub(crate) const HEAD: usize = 16;

/// The smallest payload: its head, and the full stop at its end.
pub(crate) const SIZE_MIN: usize = HEAD + 1;

/// Most senders.
pub(crate) const SENDERS_MAX: usize = 0x1_0000;

/// What fills a payload: words, as people say them.
const WORDS: &[u8] = b" and then we went down to the river to see whether the boats had come back";

/// What a payload says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Who said it.
    pub(crate) sender: usize,
    /// Which of theirs it is, from 0.
    pub(crate) number: u64,
}

/// Adds the payload of `size` bytes, at least [`SIZE_MIN`].
pub(crate) fn write(head: Head, size: usize, out: &mut Vec<u8>) {
    out.push(b'~');
    hex(head.sender as u64, 4, out);
    hex(head.number, 11, out);
    let room = size.saturating_sub(SIZE_MIN);
    out.extend(WORDS.iter().cycle().take(room));
    out.push(b'.');
}

/// The head of the payload that a line ends with, `after` bytes before its end; `None` where the
/// line ends with something else.
#[inline]
pub(crate) fn find(line: &[u8], size: usize, after: usize) -> Option<&[u8; HEAD]> {
    let end = line.len().checked_sub(after)?;
    let payload = line.get(end.checked_sub(size)?..end)?;
    let head = payload.first_chunk::<HEAD>()?;
    (head.first() == Some(&b'~') && payload.last() == Some(&b'.')).then_some(head)
}

/// What a head says; `None` if it is damaged.
pub(crate) fn read(head: &[u8; HEAD]) -> Option<Head> {
    let sender = unhex(head.get(1..5)?)?;
    Some(Head { sender: usize::try_from(sender).ok()?, number: unhex(head.get(5..)?)? })
}

fn hex(value: u64, digits: u32, out: &mut Vec<u8>) {
    for digit in (0..digits).rev() {
        let nibble = (value >> (4 * digit)) & 0xf;
        out.push(b"0123456789abcdef".get(nibble as usize).copied().unwrap_or(b'0'));
    }
}

fn unhex(digits: &[u8]) -> Option<u64> {
    digits
        .iter()
        .try_fold(0, |value, digit| Some(value << 4 | u64::from(char::from(*digit).to_digit(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_found_at_the_end_of_a_line() {
        for (size, front, back) in
            [(17, ":u1!u@h PRIVMSG #r :", ""), (40, "[r] u1: ", ""), (300, "<Message: \"", "\">")]
        {
            let head = Head { sender: 4711, number: 0xabc_def0_1234 };
            let mut line = front.as_bytes().to_vec();
            write(head, size, &mut line);
            assert_eq!(line.len(), front.len() + size);
            line.extend(back.as_bytes());
            let found = find(&line, size, back.len()).unwrap();
            assert_eq!(read(found), Some(head));
        }
    }

    #[test]
    fn other_lines_hold_no_payload() {
        let mut whole = Vec::new();
        write(Head { sender: 1, number: 2 }, 40, &mut whole);
        for line in [&b""[..], b"PING x", &whole[1..], &whole[..39]] {
            assert_eq!(find(line, 40, 0), None);
        }
    }
}
