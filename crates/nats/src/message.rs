//! A stored message: what stands in its headers, and the packet in it.

use async_nats::Message;
use bytes::Bytes;
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};

use crate::options::Options;

/// Bytes of the checksum after the packet.
const SUM_BYTES: usize = 4;

/// A message of the stream, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) seq: Seq,
    /// When the stream took it. It may run back where the servers' clocks differ.
    pub(crate) time: Timestamp,
    pub(crate) subject: String,
    pub(crate) payload: Bytes,
}

impl Stored {
    /// Reads a message that was published again, or fetched directly (NATS ADR-8, ADR-31).
    pub(crate) fn read(message: Message) -> Option<Self> {
        let headers = message.headers.as_ref()?;
        let header = |name: &str| headers.get(name).map(|value| value.as_str());
        Some(Self {
            seq: Seq(header("Nats-Sequence")?.parse().ok()?),
            time: parse_time(header("Nats-Time-Stamp")?)?,
            subject: header("Nats-Subject")?.to_owned(),
            payload: message.payload,
        })
    }
}

/// A packet as a message's payload: its bytes and their CRC-32, the highest byte first.
pub(crate) fn write(packet: &Packet) -> Bytes {
    let mut bytes = packet.to_bytes();
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes.into()
}

/// What stands before the checksum of a payload, if that is right.
fn summed(payload: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = payload.split_last_chunk::<SUM_BYTES>()?;
    (crc32fast::hash(bytes) == u32::from_be_bytes(*sum)).then_some(bytes)
}

/// Whether a payload is as it was written.
#[cfg(feature = "suite")]
pub(crate) fn is_whole(payload: &[u8]) -> bool {
    summed(payload).is_some()
}

impl Stored {
    /// The entry that it is. `time` is that of the entry before.
    ///
    /// # Errors
    /// What is wrong with it, to be put behind its number.
    pub(crate) fn entry(&self, options: &Options, time: Timestamp) -> Result<Entry, String> {
        let Some(name) = options.node_of(&self.subject) else {
            return Err(format!("was published under {}, which is no node's", self.subject));
        };
        let Some(bytes) = summed(&self.payload) else {
            return Err("is damaged, or was not written by a chinwag".to_owned());
        };
        let packet = Packet::from_bytes(bytes).map_err(|why| format!("holds {why}"))?;
        if packet.node != (options.id_of)(name) {
            return Err(format!("was published by node {name} in the name of another"));
        }
        Ok(Entry { seq: self.seq, time: time.max(self.time), packet })
    }
}

/// Reads a time as `2026-11-21T12:33:17.476919276Z` (RFC 3339, in UTC), cut to milliseconds.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.splitn(3, ':').map(number);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 || fraction.len() > 9 {
        return None;
    }
    let millis = number(&format!("{fraction:0<3}")[..3])?;
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp(seconds * 1000 + millis))
}

fn number(text: &str) -> Option<i64> {
    let good = (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01, in the Gregorian calendar. A year begins in March here, so that the day
/// that some years have more is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::NodeId;
    use chinwag_storage::suite::word;

    use super::*;
    use crate::options::example;

    #[test]
    fn a_time_is_read_to_the_millisecond() {
        for (text, time) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00.5Z", Some(500)),
            ("1970-01-01T00:00:00.0019Z", Some(1)),
            ("2000-02-29T23:59:59Z", Some(951_868_799_000)),
            ("2000-03-01T00:00:00Z", Some(951_868_800_000)),
            ("2026-11-21T12:33:17.476919276Z", Some(1_795_264_397_476)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400_000)),
            ("2026-11-21T12:33:17", None),
            ("2026-11-21T12:33:17+01:00", None),
            ("2026-13-21T12:33:17Z", None),
            ("2026-11-21T12:33Z", None),
            ("2026-11-21T12:33:17.Z", Some(1_795_264_397_000)),
            ("2026-11-21T1é:33:17Z", None),
            ("99999999999-11-21T12:33:17Z", None),
            ("", None),
            ("Z", None),
        ] {
            assert_eq!(parse_time(text), time.map(Timestamp), "{text}");
        }
    }

    #[test]
    fn a_message_is_an_entry_or_said_to_be_none() {
        let options = example();
        let packet = Packet { node: NodeId(0), ..word::packet(7, 2) };
        let good = Stored {
            seq: Seq(4),
            time: Timestamp(50),
            subject: "chat.log.a".to_owned(),
            payload: write(&packet),
        };
        let entry = good.entry(&options, Timestamp(40)).unwrap();
        assert_eq!(entry, Entry { seq: Seq(4), time: Timestamp(50), packet: packet.clone() });
        let later = good.entry(&options, Timestamp(60)).unwrap();
        assert_eq!(later.time, Timestamp(60), "time does not run back");

        let mut flipped = good.payload.to_vec();
        flipped[9] ^= 1;
        let summed = |bytes: &[u8]| [bytes, &crc32fast::hash(bytes).to_be_bytes()].concat();
        let other = write(&Packet { node: NodeId(1), ..packet });
        for (subject, payload, what) in [
            ("chat.log.a.b", good.payload.to_vec(), "which is no node's"),
            ("chat.log.a", flipped, "is damaged"),
            ("chat.log.a", Vec::new(), "is damaged"),
            ("chat.log.a", b"hello".to_vec(), "is damaged"),
            ("chat.log.a", summed(b"\x09later"), "a packet of format Some(9)"),
            ("chat.log.a", summed(b"\x01\xff"), "holds a damaged packet"),
            ("chat.log.a", other.to_vec(), "in the name of another"),
        ] {
            let stored =
                Stored { subject: subject.to_owned(), payload: payload.into(), ..good.clone() };
            let said = stored.entry(&options, Timestamp(0)).unwrap_err();
            assert!(said.contains(what), "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in "\\PC{0,40}") {
            let _ = parse_time(&text);
        }
    }
}
