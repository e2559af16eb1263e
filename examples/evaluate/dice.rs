//! Chance that is the same in each run.

/// All places below `length`, in an order that only `seed` decides.
pub fn shuffled(length: usize, seed: u64) -> Vec<usize> {
    let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut order: Vec<usize> = (0..length).collect();
    for last in (1..length).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(last, (state >> 11) as usize % (last + 1));
    }
    order
}
