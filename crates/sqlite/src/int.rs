//! SQLite's integers are signed; places, ids and counts are not.

/// As SQLite stores it. What chinwag counts stays far below the bound.
pub(crate) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// As it was stored; nothing stored is negative.
pub(crate) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
