//! What a server has of a stream on its disk, read without the server.
//!
//! A stream's messages lie in files, its *blocks*: one record after the other, as `writeMsgRecord` in
//! nats-io/nats-server's `server/filestore.go` writes them. All numbers in them are little-endian.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Bytes of a record before its subject: its length, its number, its time, and the subject's length.
const HEADER_BYTES: usize = 22;

/// Bytes of the checksum that ends a record. It depends on a key of the server's; payloads have one
/// of their own.
const SUM_BYTES: usize = 8;

/// Set in a record's length where the message has headers.
const HAS_HEADERS: u32 = 1 << 31;

/// Set in a record's number where the record says that a message was deleted.
const IS_TOMBSTONE: u64 = 1 << 62;

/// What a compressed block begins with.
const COMPRESSED: &[u8] = b"cmp";

/// Reads all blocks in this folder: payloads by their numbers.
///
/// # Errors
/// Which blocks can't be read, and why: damaged records, compressed blocks, messages out of order.
pub fn read(folder: &Path) -> Result<BTreeMap<u64, Vec<u8>>, String> {
    let listed = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut blocks: Vec<(u64, _)> = listed
        .filter_map(|file| {
            let path = file.ok()?.path();
            let number = path.file_name()?.to_str()?.strip_suffix(".blk")?.parse().ok()?;
            Some((number, path))
        })
        .collect();
    blocks.sort_unstable();
    let (mut all, mut wrong) = (BTreeMap::new(), Vec::new());
    for (number, path) in blocks {
        let read = fs::read(&path).map_err(|error| error.to_string());
        if let Err(why) = read.and_then(|bytes| block(&bytes, &mut all)) {
            wrong.push(format!("block {number} {why}"));
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong.join("; ")) }
}

/// Reads a block.
fn block(bytes: &[u8], all: &mut BTreeMap<u64, Vec<u8>>) -> Result<(), String> {
    if bytes.starts_with(COMPRESSED) {
        return Err(match after_compressed(bytes) {
            Some(SUM_BYTES) => "is compressed".to_owned(),
            rest => format!("is compressed, with something behind it that is not: {rest:?} bytes"),
        });
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let (length, read) = record(rest).ok_or_else(|| {
            let last = all.last_key_value().map_or(0, |(seq, _)| *seq);
            format!("has no record at byte {at} of {}, after message {last}", bytes.len())
        })?;
        rest = rest.get(length..).unwrap_or_default();
        let Some((seq, payload)) = read else { continue };
        if all.last_key_value().is_some_and(|(last, _)| *last >= seq) {
            return Err(format!("has message {seq}, at byte {at}, out of order"));
        }
        all.insert(seq, payload);
    }
    Ok(())
}

/// How many bytes stand behind what is compressed in a block: [`SUM_BYTES`] if all is well. What is
/// compressed is a row of chunks (github.com/google/snappy, `framing_format.txt`), behind the size that
/// it had.
fn after_compressed(block: &[u8]) -> Option<usize> {
    let size = block.get(COMPRESSED.len() + 1..)?;
    let digits = size.iter().position(|byte| byte & 0x80 == 0)?;
    let mut rest = size.get(digits + 1..)?;
    while let Some([0xff | 0xfe | 0..=1, low, middle, high]) = rest.first_chunk() {
        let length = u32::from_le_bytes([*low, *middle, *high, 0]);
        let Some(next) = rest.get(4 + usize::try_from(length).ok()?..) else { break };
        rest = next;
    }
    Some(rest.len())
}

/// A message's number and payload.
type Message = (u64, Vec<u8>);

/// Reads the record that this begins with: its length, and the number and payload of a message if it
/// is one.
fn record(bytes: &[u8]) -> Option<(usize, Option<Message>)> {
    let word = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let length = usize::try_from(word & !HAS_HEADERS).ok()?;
    let seq = u64::from_le_bytes(bytes.get(4..12)?.try_into().ok()?);
    let subject = usize::from(u16::from_le_bytes(bytes.get(20..22)?.try_into().ok()?));
    let mut payload = bytes.get(HEADER_BYTES + subject..length.checked_sub(SUM_BYTES)?)?;
    if seq & IS_TOMBSTONE != 0 {
        return Some((length, None));
    }
    if word & HAS_HEADERS != 0 {
        let (headers, rest) = payload.split_first_chunk::<4>()?;
        payload = rest.get(usize::try_from(u32::from_le_bytes(*headers)).ok()?..)?;
    }
    bytes.get(..length)?;
    Some((length, Some((seq, payload.to_vec()))))
}
