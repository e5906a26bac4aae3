//! Chance that can be had again by its seed.

/// Numbers that look random (splitmix64, Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Those of `CHINWAG_SEED`, else others each time. The seed is printed, to be tried again.
    pub(crate) fn new() -> Self {
        let seed = match std::env::var("CHINWAG_SEED") {
            Ok(seed) => seed.parse().expect("CHINWAG_SEED is a number"),
            Err(_) => {
                let now = std::time::SystemTime::now();
                let now = now.duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
                now.as_micros() as u64
            }
        };
        println!("CHINWAG_SEED={seed}");
        Self(seed)
    }

    /// A number from 0 up to but not including `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
