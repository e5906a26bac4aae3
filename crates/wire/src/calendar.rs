//! The calendar: days counted from 1970-01-01, and their dates.

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// The first and last millisecond that can be shown: years 0 to 9999.
pub(crate) const SHOWN_MS: std::ops::RangeInclusive<i64> =
    -62_167_219_200_000..=253_402_300_799_999;

/// Digits of a year.
const DIGITS_MAX: usize = 4;

/// Appends a number that is not negative in so many digits, at most [`DIGITS_MAX`]; the last ones if it
/// has more.
pub(crate) fn push_number(number: i64, digits: usize, out: &mut String) {
    let (mut shown, mut rest) = ([b'0'; DIGITS_MAX], number);
    let from = DIGITS_MAX.saturating_sub(digits);
    for digit in shown.iter_mut().skip(from).rev() {
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.extend(shown.into_iter().skip(from).map(char::from));
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the day that comes every four years is a year's last;
/// the calendar repeats every 400 years, or 146,097 days.
pub(crate) fn date(day: i64) -> (i64, i64, i64) {
    let day = day + EPOCH_DAYS;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, day)
}

/// The day with this date, counted from 1970-01-01; the way back of [`date`].
pub(crate) fn day(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day
        - 1
        - EPOCH_DAYS
}

/// Days of a month.
pub(crate) fn month_days(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    day(next_year, next, 1) - day(year, month, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_follows_the_one_before() {
        let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        let (mut y, mut m, mut d) = (0, 1, 1);
        let days = SHOWN_MS.start().div_euclid(DAY_MS)..=SHOWN_MS.end().div_euclid(DAY_MS);
        for day in days {
            assert_eq!(date(day), (y, m, d));
            assert_eq!(super::day(y, m, d), day);
            assert!(day != 0 || (y, m, d) == (1970, 1, 1));
            let length = match m {
                2 if leap(y) => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            assert_eq!(month_days(y, m), length);
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
