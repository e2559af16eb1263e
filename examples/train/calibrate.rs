//! From sums to probabilities (Platt scaling).

use crate::corpus::Sides;

/// Newton's method is done long before.
const ROUNDS: usize = 50;

/// What makes log odds of a sum: `slope * sum + offset`.
#[derive(Clone, Copy, Debug)]
pub struct Calibration {
    pub slope: f32,
    pub offset: f32,
}

impl Calibration {
    /// The one that fits `sides` best; both weigh the same, however many rows
    /// they have.
    pub fn fit(sides: &Sides) -> Self {
        let weighed = |sums: &[f32], truth: f64| -> Vec<(f64, f64, f64)> {
            let weight = 0.5 / sums.len() as f64;
            sums.iter().map(|sum| (f64::from(*sum), truth, weight)).collect()
        };
        let rows = [weighed(&sides.coding, 0.0), weighed(&sides.other, 1.0)].concat();
        let (mut slope, mut offset) = (1.0, 0.0);
        for _ in 0..ROUNDS {
            // Gradient, and the second derivatives.
            let (mut by_slope, mut by_offset) = (0.0, 0.0);
            let (mut slope_slope, mut slope_offset, mut offset_offset) = (1e-9, 0.0, 1e-9);
            for (sum, truth, weight) in &rows {
                let probability = 1.0 / (1.0 + f64::exp(-(slope * sum + offset)));
                let error = weight * (probability - truth);
                let spread = weight * probability * (1.0 - probability);
                by_slope += error * sum;
                by_offset += error;
                slope_slope += spread * sum * sum;
                slope_offset += spread * sum;
                offset_offset += spread;
            }
            let determinant = slope_slope * offset_offset - slope_offset * slope_offset;
            slope -= (offset_offset * by_slope - slope_offset * by_offset) / determinant;
            offset -= (slope_slope * by_offset - slope_offset * by_slope) / determinant;
        }
        Self { slope: slope as f32, offset: offset as f32 }
    }

    /// The probability of other work.
    pub fn probability(self, sum: f32) -> f32 {
        1.0 / (1.0 + (-(self.slope * sum + self.offset)).exp())
    }
}
