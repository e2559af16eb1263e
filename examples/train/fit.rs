//! From rows to a model: the mean of two tables, each of which is learnt alone.

use planguard::workload::{Card, HASHED, Model, ModelError};

use crate::{features::Sparse, rows::Row, table::learn};

/// Of all weights that are not zero this share is stored as it is; the few
/// largest are cut, so that the many small ones are kept.
const UNCUT: (usize, usize) = (9_995, 10_000);

/// How a table learns.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub seed: u64,
    pub epochs: u32,
    pub dropout: f32,
    pub rate: f32,
    pub decay: f32,
}

/// A model before its weights are cut to eight bits.
pub struct Weights {
    hashed: Vec<f32>,
    dense: Vec<f32>,
    bias: f32,
}

/// Learns from `rows`, both tables at once.
pub fn fit(rows: &[&Row], settings: &Settings) -> Weights {
    let (apart, shared) = std::thread::scope(|scope| {
        let apart = scope.spawn(|| learn(rows, settings, 0));
        let shared = learn(rows, settings, 1);
        (apart.join().expect("learning does not panic"), shared)
    });
    let hashed = apart.hashed.iter().chain(&shared.hashed).map(|weight| weight / 2.0).collect();
    let dense = apart.dense.iter().zip(&shared.dense).map(|(one, two)| (one + two) / 2.0).collect();
    Weights { hashed, dense, bias: (apart.bias + shared.bias) / 2.0 }
}

impl Weights {
    /// The sum of all weights for these features.
    pub fn sum(&self, features: &Sparse) -> f32 {
        let weigh = |weights: &[f32], features: &[(u32, f32)]| -> f32 {
            features.iter().map(|(at, value)| weights[*at as usize] * value).sum()
        };
        self.bias + weigh(&self.hashed, &features.hashed) + weigh(&self.dense, &features.dense)
    }

    /// The model of these weights, the hashed ones in eight bits; `card` says
    /// the rest.
    pub fn quantise(&self, mut card: Card) -> Result<Model, ModelError> {
        let mut hashed = Vec::with_capacity(HASHED);
        for (table, step) in self.hashed.chunks(HASHED / 2).zip(&mut card.steps) {
            let mut sizes: Vec<f32> =
                table.iter().map(|weight| weight.abs()).filter(|size| *size > 0.0).collect();
            sizes.sort_by(f32::total_cmp);
            let largest = sizes.get(sizes.len() * UNCUT.0 / UNCUT.1).copied().unwrap_or(1.0);
            *step = largest / 127.0;
            let eight_bits = |weight: &f32| (weight / *step).round().clamp(-127.0, 127.0) as i8;
            hashed.extend(table.iter().map(eight_bits));
        }
        card.bias = self.bias;
        Model::new(card, hashed, self.dense.clone())
    }
}
