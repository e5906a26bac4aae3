//! How times are spread: counted in buckets, each 3 % wide.

use std::time::Duration;

/// Buckets for each doubling.
const FINE: u32 = 5;

/// Times, to a thirtieth of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    buckets: Vec<u64>,
    count: u64,
}

impl Spread {
    /// Takes one more.
    #[inline]
    pub(crate) fn add(&mut self, time: Duration) {
        let bucket = bucket(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
        self.count += 1;
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The time, in microseconds, that this share of all does not exceed; NaN if there is none.
    pub(crate) fn micros(&self, share: f64) -> f64 {
        let rank = (share * self.count as f64).ceil().max(1.0);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen as f64 >= rank {
                return middle(bucket) / 1e3;
            }
        }
        f64::NAN
    }
}

/// Small numbers have one each; from then on, all numbers with the same leading bits share one.
fn bucket(nanos: u64) -> usize {
    let bits = 64 - nanos.leading_zeros();
    let shift = bits.saturating_sub(FINE + 1);
    (((u64::from(shift)) << FINE) + (nanos >> shift)) as usize
}

/// The number in the middle of a bucket.
fn middle(bucket: usize) -> f64 {
    let fine = 1 << FINE;
    let shift = (bucket / fine).saturating_sub(1);
    let low = (bucket - shift * fine) as f64;
    let wide = 2f64.powi(i32::try_from(shift).unwrap_or(i32::MAX));
    if shift == 0 { low } else { (low + 0.5) * wide }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_at_most_a_thirtieth_beside() {
        for nanos in [0, 1, 31, 32, 63, 64, 65, 1000, 123_456, 987_654_321, u64::MAX / 3] {
            let found = middle(bucket(nanos));
            let off = (found - nanos as f64).abs();
            assert!(off <= nanos as f64 / 30.0, "{nanos}: {found}");
        }
        for nanos in 1..100_000u64 {
            assert!(bucket(nanos) - bucket(nanos - 1) <= 1, "{nanos}");
        }
    }

    #[test]
    fn shares_are_found_by_rank() {
        let mut spread = Spread::default();
        assert!(spread.micros(0.5).is_nan());
        for micros in 1..=100 {
            spread.add(Duration::from_micros(micros));
        }
        assert_eq!(spread.count(), 100);
        for (share, micros) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            let found = spread.micros(share);
            assert!((found - micros).abs() <= micros / 30.0, "{share}: {found}");
        }
    }
}
