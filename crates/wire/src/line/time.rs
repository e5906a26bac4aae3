//! Times as line mode shows them.

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

const DAY_MS: i64 = 86_400_000;

/// The first and last millisecond that can be shown: years 0 to 9999.
const SHOWN_MS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

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
        for place in (0..digits).rev() {
            let digit = u8::try_from(number / 10_i64.pow(place) % 10).unwrap_or(0);
            out.push(char::from(b'0' + digit));
        }
        out.push(char::from(after));
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the day that comes every four years is a year's last;
/// the calendar repeats every 400 years, or 146,097 days.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + EPOCH_DAYS;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, day)
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

    #[test]
    fn every_day_follows_the_one_before() {
        let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        let (mut y, mut m, mut d) = (0, 1, 1);
        let days = SHOWN_MS.start().div_euclid(DAY_MS)..=SHOWN_MS.end().div_euclid(DAY_MS);
        for day in days {
            assert_eq!(date(day), (y, m, d));
            assert!(day != 0 || (y, m, d) == (1970, 1, 1));
            let length = match m {
                2 if leap(y) => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            d += 1;
            if d > length {
                (m, d) = (m + 1, 1);
            }
            if m > 12 {
                (y, m) = (y + 1, 1);
            }
        }
        assert_eq!((y, m, d), (10_000, 1, 1));
    }
}
