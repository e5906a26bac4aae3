//! Which messages are on their way: said, and not yet heard of.

/// Most messages of one session that are on their way together.
pub const IN_FLIGHT_MAX: u32 = 64;

/// The requests that are messages on their way, as a word of bits: there are many sessions, and
/// nearly all are silent.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// The request that the lowest bit stands for.
    oldest: u32,
    open: u64,
}

impl Window {
    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// Whether a message with this request number has to wait.
    pub(super) fn is_full(&self, next: u32) -> bool {
        self.open != 0 && next.wrapping_sub(self.oldest) >= IN_FLIGHT_MAX
    }

    /// A message is on its way. What is said while the window is full is not followed.
    pub(super) fn begin(&mut self, request: u32) {
        if self.open == 0 {
            self.oldest = request;
        }
        self.open |= self.bit(request);
    }

    /// A message has come to its end; whether it was on its way at all.
    pub(super) fn end(&mut self, request: u32) -> bool {
        let bit = self.open & self.bit(request);
        self.open &= !bit;
        if self.open != 0 {
            let done = self.open.trailing_zeros();
            self.open >>= done;
            self.oldest = self.oldest.wrapping_add(done);
        }
        bit != 0
    }

    fn bit(&self, request: u32) -> u64 {
        1_u64.checked_shl(request.wrapping_sub(self.oldest)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_64_requests_and_moves_on_as_they_end() {
        let mut window = Window::default();
        let first = u32::MAX - 10;
        let number = |n: u32| first.wrapping_add(n);
        for n in 0..IN_FLIGHT_MAX {
            assert!(!window.is_full(number(n)));
            window.begin(number(n));
        }
        assert!(window.is_full(number(64)));
        assert!(window.end(number(1)));
        assert!(window.is_full(number(64)), "the oldest is still on its way");
        assert!(!window.end(number(1)));
        assert!(window.end(number(0)));
        assert!(!window.is_full(number(65)));
        assert!(window.is_full(number(66)));
        for n in 2..IN_FLIGHT_MAX {
            assert!(window.end(number(n)));
        }
        assert!(window.is_empty());
        assert!(!window.end(number(5)));
    }
}
