//! What a line costs, for a server that paces its clients.

/// Bytes that a line may have to count as one.
pub const LINE_COST_BYTES: usize = 512;

/// As how many lines one of so many bytes counts for a server that paces its clients: one for each
/// [`LINE_COST_BYTES`] begun, as what others are sent of it grows with its length.
#[must_use]
pub fn cost(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(LINE_COST_BYTES).max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_counts_as_several() {
        for (bytes, lines) in [(0, 1), (1, 1), (512, 1), (513, 2), (4096, 8), (8703, 17)] {
            assert_eq!(cost(bytes), lines, "{bytes}");
        }
    }
}
