//! Times as line mode shows them.

use crate::calendar::{DAY_MS, SHOWN_MS, date, push_number};

/// Appends `2026-11-21 14:03:05 `, in UTC, from milliseconds since 1970-01-01T00:00:00Z. Times
/// outside the years 0 to 9999 are shown as the nearest one within.
pub fn write_time(time_ms: i64, out: &mut String) {
    let time_ms = time_ms.clamp(*SHOWN_MS.start(), *SHOWN_MS.end());
    let (year, month, day) = date(time_ms.div_euclid(DAY_MS));
    let second = time_ms.rem_euclid(DAY_MS) / 1000;
    let fields = [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day, 2, b' '),
        (second / 3600, 2, b':'),
        (second / 60 % 60, 2, b':'),
        (second % 60, 2, b' '),
    ];
    for (number, digits, after) in fields {
        push_number(number, digits, out);
        out.push(char::from(after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        for (ms, shown) in [
            (0, "1970-01-01 00:00:00 "),
            (-1, "1969-12-31 23:59:59 "),
            (951_782_399_999, "2000-02-28 23:59:59 "),
            (951_782_400_000, "2000-02-29 00:00:00 "),
            (1_795_269_785_000, "2026-11-21 14:03:05 "),
            (i64::MIN, "0000-01-01 00:00:00 "),
            (i64::MAX, "9999-12-31 23:59:59 "),
        ] {
            let mut out = String::new();
            write_time(ms, &mut out);
            assert_eq!(out, shown);
        }
    }
}
