//! Times as IRC shows them.
//!
//! Spec: <https://ircv3.net/specs/extensions/server-time> (ISO 8601, UTC, milliseconds).

use crate::calendar::{DAY_MS, SHOWN_MS, date, day, month_days, push_number};

/// A time as `2026-11-21T14:03:05.123Z`, from milliseconds since 1970-01-01T00:00:00Z. Times outside
/// the years 0 to 9999 are shown as the nearest one within.
#[must_use]
pub fn timestamp(time_ms: i64) -> String {
    let time_ms = time_ms.clamp(*SHOWN_MS.start(), *SHOWN_MS.end());
    let (year, month, day) = date(time_ms.div_euclid(DAY_MS));
    let ms = time_ms.rem_euclid(DAY_MS);
    let second = ms / 1000;
    let mut out = String::with_capacity(24);
    for (number, digits, after) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (second / 3600, 2, ':'),
        (second / 60 % 60, 2, ':'),
        (second % 60, 2, '.'),
        (ms % 1000, 3, 'Z'),
    ] {
        push_number(number, digits, &mut out);
        out.push(after);
    }
    out
}

/// Reads a time that a client sent, as [`timestamp`] writes it, perhaps with other digits behind the
/// second or none; `None` for anything else, and for days that no calendar has.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day_of_month] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let fits = (1..=12).contains(&month)
        && (1..=month_days(year, month)).contains(&day_of_month)
        && hour < 24
        && minute < 60
        && second <= 60;
    let digits = !fraction.is_empty()
        && fraction.len() <= 9
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !fits || !digits {
        return None;
    }
    let ms: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let seconds = (hour * 60 + minute) * 60 + second;
    Some(day(year, month, day_of_month) * DAY_MS + seconds * 1000 + ms)
}

fn numbers(text: &str, sign: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(sign);
    let mut next = |digits| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| plain)
    };
    let [one, two, three] = digits;
    let numbers = [next(one)?, next(two)?, next(three)?];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_or_refused() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2026-11-21T14:03:05.123Z", Some(1_795_269_785_123)),
            ("2026-11-21T14:03:05Z", Some(1_795_269_785_000)),
            ("2026-11-21T14:03:05.1Z", Some(1_795_269_785_100)),
            ("2026-02-29T00:00:00.000Z", None),
            ("2026-13-01T00:00:00.000Z", None),
            ("2026-11-21T24:00:00.000Z", None),
            ("2026-11-21T14:03:05.123", None),
            ("2026-11-21 14:03:05.123Z", None),
            ("+026-11-21T14:03:05.123Z", None),
            ("not-a-timestamp", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(parse_timestamp(text), ms, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ms in -62_167_219_200_000..=253_402_300_799_999_i64) {
            prop_assert_eq!(parse_timestamp(&timestamp(ms)), Some(ms));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = parse_timestamp(&text);
        }
    }
}
