//! The model: a weight for each feature, and what their sum means.

use std::{io, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    View,
    features::{DENSE, Features, HASHED, Lexicon},
};

#[cfg(test)]
mod tests;

/// The first bytes of a model's file.
const MAGIC: &[u8] = b"planguard workload model 1\n";

/// A linear model over the features of a view.
#[derive(Clone, Debug)]
pub struct Model {
    card: Card,
    hashed: Vec<i8>,
    dense: Vec<f32>,
    lexicon: Lexicon,
}

/// What a model's file says besides its weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What one step of a weight is worth in the table where slots hash apart,
    /// and in the shared one.
    pub steps: [f32; 2],
    /// The sum for a view without any feature.
    pub bias: f32,
    /// From a sum to the log odds of non-coding: `slope * sum + offset`.
    pub slope: f32,
    /// See `slope`.
    pub offset: f32,
    /// At this probability and above it is non-coding: careful, balanced,
    /// strict.
    pub non_coding: [f32; 3],
    /// Up to this probability it is coding.
    pub coding: f32,
}

impl Card {
    fn is_finite(&self) -> bool {
        let Self { steps, bias, slope, offset, non_coding, coding } = self;
        let ones = [bias, slope, offset, coding];
        steps.iter().chain(non_coding).chain(ones).all(|number| number.is_finite())
    }
}

/// Why a model cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this is no workload model: {0}")]
pub struct ModelError(String);

/// What a model makes of a view.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The sum of all weights.
    pub sum: f32,
    /// The calibrated probability of non-coding.
    pub probability: f32,
    odds: f32,
}

impl Estimate {
    /// The logarithm of the odds of non-coding.
    pub fn log_odds(&self) -> f32 {
        self.odds
    }
}

impl Model {
    /// A model of these weights: [`HASHED`] of them, then [`DENSE`].
    ///
    /// # Errors
    ///
    /// [`ModelError`] if their numbers are others, or one of them or of the card
    /// is no finite number.
    pub fn new(card: Card, hashed: Vec<i8>, dense: Vec<f32>) -> Result<Self, ModelError> {
        if hashed.len() != HASHED || dense.len() != DENSE {
            return Err(ModelError(format!(
                "{} and {} weights instead of {HASHED} and {DENSE}",
                hashed.len(),
                dense.len()
            )));
        }
        if !card.is_finite() || !dense.iter().all(|weight| weight.is_finite()) {
            return Err(ModelError("a weight or a threshold is not finite".to_owned()));
        }
        Ok(Self { card, hashed, dense, lexicon: Lexicon::built_in() })
    }

    /// Reads a model's file.
    ///
    /// # Errors
    ///
    /// [`ModelError`] if it is of another version, cut, or longer, or if its card
    /// is wrong; and those of [`new`](Self::new).
    pub fn read(file: &[u8]) -> Result<Self, ModelError> {
        let error = |what: &str| ModelError(what.to_owned());
        let rest = file.strip_prefix(MAGIC).ok_or_else(|| error("another beginning"))?;
        let end = memchr::memchr(b'\n', rest).ok_or_else(|| error("no end of its card"))?;
        let (card, rest) = rest.split_at(end);
        let card = serde_json::from_slice(card).map_err(|why| ModelError(why.to_string()))?;
        let weights = rest.get(1..).unwrap_or_default();
        let (hashed, dense) = weights.split_at_checked(HASHED).ok_or_else(|| error("it is cut"))?;
        let hashed = hashed.iter().map(|byte| i8::from_le_bytes([*byte])).collect();
        let weights = dense.chunks(4).map(|four| <[u8; 4]>::try_from(four).map(f32::from_le_bytes));
        let dense = weights.collect::<Result<_, _>>().map_err(|_| error("it is cut"))?;
        Self::new(card, hashed, dense)
    }

    /// Writes the file that [`read`](Self::read) reads.
    ///
    /// # Errors
    ///
    /// Those of `to`.
    pub fn write(&self, mut to: impl io::Write) -> io::Result<()> {
        to.write_all(MAGIC)?;
        serde_json::to_writer(&mut to, &self.card)?;
        to.write_all(b"\n")?;
        let hashed: Vec<u8> = self.hashed.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        to.write_all(&hashed)?;
        for weight in &self.dense {
            to.write_all(&weight.to_le_bytes())?;
        }
        Ok(())
    }

    /// The model that comes with planguard; without feature `workload` one
    /// that knows nothing.
    pub fn built_in() -> &'static Self {
        static MODEL: LazyLock<Model> = LazyLock::new(|| {
            #[cfg(feature = "workload")]
            let file: &[u8] = include_bytes!("model.bin");
            #[cfg(not(feature = "workload"))]
            let file: &[u8] = b"";
            // That ours can be read is a test.
            Model::read(file).unwrap_or_else(|_| Model::blank())
        });
        &MODEL
    }

    /// A model that knows nothing.
    pub fn blank() -> Self {
        let card = Card { non_coding: [2.0; 3], coding: -1.0, ..Card::default() };
        let (hashed, dense) = (vec![0; HASHED], vec![0.0; DENSE]);
        Self { card, hashed, dense, lexicon: Lexicon::built_in() }
    }

    /// What the file says besides the weights.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The features of `view`.
    pub fn features(&self, view: &View, into: &mut Features) {
        into.read(view, &self.lexicon);
    }

    /// What these features say.
    pub fn estimate(&self, features: &Features) -> Estimate {
        let [apart, shared] = self.card.steps;
        let mut sums = [0.0f32; 2];
        for pair in features.hashed.chunks_exact(2) {
            for ((index, value), sum) in pair.iter().zip(&mut sums) {
                let weight = self.hashed.get(*index as usize).copied().unwrap_or_default();
                *sum += f32::from(weight) * value;
            }
        }
        let [first, second] = sums;
        let dense: f32 = self.dense.iter().zip(&features.dense).map(|(w, x)| w * x).sum();
        let sum = self.card.bias + first * apart + second * shared + dense;
        let odds = self.card.slope * sum + self.card.offset;
        Estimate { sum, probability: 1.0 / (1.0 + (-odds).exp()), odds }
    }
}
