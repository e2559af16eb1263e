//! One table of weights under training: logistic regression with AdaGrad and
//! feature dropout. The counts (dense features) are learnt beside it.

use planguard::workload::{DENSE, HASHED};

use crate::{fit::Settings, rows::Row};

/// Weights of one table of hashed features.
const HALF: usize = HASHED / 2;
/// Counts are few and strong: they learn more slowly.
const DENSE_RATE: f32 = 0.3;

/// What one table has learnt.
pub struct Learnt {
    pub hashed: Vec<f32>,
    pub dense: Vec<f32>,
    pub bias: f32,
}

/// Learns `table` from `rows`: 0 is the one where slots hash apart, 1 the
/// shared one. The weights are the mean of those after each of the later
/// epochs.
pub fn learn(rows: &[&Row], settings: &Settings, table: usize) -> Learnt {
    let mut hashed = Weights::new(HALF, 1e-3);
    let mut dense = Weights::new(DENSE, 1e-1);
    let mut bias = Weights::new(1, 1.0);
    let mut dice = Dice::new(settings.seed, table);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // What was dropped is made up for by what was kept.
    let scale = 1.0 / (1.0 - settings.dropout);
    let mut kept = Vec::new();
    for epoch in 0..settings.epochs {
        dice.shuffle(&mut order);
        for row in order.iter().map(|at| rows[*at]) {
            dice.drop_out(row, settings.dropout, table, &mut kept);
            let mut sum = bias.now[0];
            for (at, value) in &kept {
                sum += hashed.now[*at] * value * scale;
            }
            for (at, value) in &row.features.dense {
                sum += dense.now[*at as usize] * value;
            }
            let probability = 1.0 / (1.0 + (-sum).exp());
            let truth = if row.other { 1.0 } else { 0.0 };
            let error = (probability - truth) * row.weight;
            for (at, value) in &kept {
                let gradient = error * (value * scale) + settings.decay * hashed.now[*at];
                hashed.step(*at, gradient, settings.rate);
            }
            for (at, value) in &row.features.dense {
                let at = *at as usize;
                let gradient = error * value + settings.decay * dense.now[at];
                dense.step(at, gradient, DENSE_RATE * settings.rate);
            }
            bias.step(0, error, settings.rate);
        }
        if 2 * (epoch + 1) > settings.epochs {
            hashed.remember();
            dense.remember();
            bias.remember();
        }
    }
    Learnt { hashed: hashed.mean(), dense: dense.mean(), bias: bias.mean()[0] }
}

/// Weights, each with its own rate.
struct Weights {
    now: Vec<f32>,
    /// The sums of the squares of all gradients so far.
    squares: Vec<f32>,
    /// The sums of what was remembered.
    sums: Vec<f32>,
    remembered: f32,
}

impl Weights {
    fn new(length: usize, square: f32) -> Self {
        let (now, sums) = (vec![0.0; length], vec![0.0; length]);
        Self { now, squares: vec![square; length], sums, remembered: 0.0 }
    }

    fn step(&mut self, at: usize, gradient: f32, rate: f32) {
        self.squares[at] += gradient * gradient;
        self.now[at] -= rate * gradient / self.squares[at].sqrt();
    }

    fn remember(&mut self) {
        self.remembered += 1.0;
        self.sums.iter_mut().zip(&self.now).for_each(|(sum, now)| *sum += now);
    }

    fn mean(self) -> Vec<f32> {
        self.sums.into_iter().map(|sum| sum / self.remembered).collect()
    }
}

/// Xorshift: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, table: usize) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (table as u64 + 1) ^ 0x5555_5555)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, (self.roll() >> 11) as usize % (last + 1));
        }
    }

    /// The features of `row` in `table`, of which each is dropped with
    /// probability `share`.
    fn drop_out(&mut self, row: &Row, share: f32, table: usize, kept: &mut Vec<(usize, f32)>) {
        let keep = ((1.0 - share) * 65536.0) as u64;
        let base = (table * HALF) as u32;
        kept.clear();
        let mut bits = 0;
        for (place, (at, value)) in row.features.hashed.iter().skip(table).step_by(2).enumerate() {
            // One number serves four features.
            if place % 4 == 0 {
                bits = self.roll();
            }
            if bits & 0xffff < keep {
                kept.push(((at - base) as usize, *value));
            }
            bits >>= 16;
        }
    }
}
