//! A plain baseline: hashed words and runs of three to five characters of all
//! user text, and logistic regression. It knows nothing of clients, turns or
//! words of software.

use std::collections::HashMap;

use super::{dice::shuffled, rows::Row, said};

/// Weights, as a power of two.
const BITS: u32 = 20;
const EPOCHS: u64 = 6;
const RATE: f32 = 0.5;
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=5;

/// What was learnt.
pub struct NGrams {
    weights: Vec<f32>,
    bias: f32,
}

impl NGrams {
    /// Learns from the rows that are scored and permissive, as planguard's own
    /// model did.
    pub fn train(rows: &[Row]) -> Self {
        let rows = rows.iter().filter(|row| row.permissive);
        let rows: Vec<_> = rows
            .filter_map(|row| Some((features(&said::by_user(row.body())), row.is_other()?)))
            .collect();
        let mut learnt = Self { weights: vec![0.0; 1 << BITS], bias: 0.0 };
        // AdaGrad: the sums of the squares of all gradients so far.
        let (mut squares, mut bias_square) = (vec![1e-3f32; 1 << BITS], 1.0f32);
        for at in (0..EPOCHS).flat_map(|epoch| shuffled(rows.len(), epoch)) {
            let (features, other) = &rows[at];
            let probability = 1.0 / (1.0 + (-learnt.weigh(features)).exp());
            let error = probability - f32::from(u8::from(*other));
            for (at, value) in features {
                let (at, gradient) = (*at as usize, error * value);
                squares[at] += gradient * gradient;
                learnt.weights[at] -= RATE * gradient / squares[at].sqrt();
            }
            bias_square += error * error;
            learnt.bias -= RATE * error / bias_square.sqrt();
        }
        learnt
    }

    /// The log odds of other work, by what it learnt.
    pub fn sum(&self, text: &str) -> f32 {
        self.weigh(&features(text))
    }

    fn weigh(&self, features: &[(u32, f32)]) -> f32 {
        features.iter().fold(self.bias, |sum, (at, value)| sum + self.weights[*at as usize] * value)
    }
}

/// Logarithms of counts, scaled so that a long text weighs as much as a short
/// one.
fn features(text: &str) -> Vec<(u32, f32)> {
    let text = text.to_lowercase();
    let mut counts: HashMap<u32, f32> = HashMap::new();
    let mut add = |seed: u64, piece: &str| *counts.entry(bucket(seed, piece)).or_default() += 1.0;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        add(1, word);
    }
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    for length in CHARACTERS {
        for run in ends.windows(length + 1) {
            add(length as u64, &text[run[0]..run[length]]);
        }
    }
    let mut features: Vec<_> = counts.into_iter().map(|(at, count)| (at, count.ln_1p())).collect();
    features.sort_unstable_by_key(|(at, _)| *at);
    let square: f32 = features.iter().map(|(_, value)| value * value).sum();
    features.iter_mut().for_each(|(_, value)| *value /= square.sqrt());
    features
}

/// FNV-1a, folded.
fn bucket(seed: u64, piece: &str) -> u32 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = piece
        .bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    ((hash ^ (hash >> 32)) & ((1 << BITS) - 1)) as u32
}
