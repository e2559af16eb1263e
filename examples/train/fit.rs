//! Logistic regression with AdaGrad and feature dropout, twice: over the
//! table where slots hash apart, and over the one that they share. Both have
//! the dense counts; the model is the mean of the two.

use planguard::workload::{Card, DENSE, HASHED, Model, ModelError};

use crate::rows::{Label, Row, Sparse};

#[derive(Clone, Copy)]
pub struct Settings {
    pub seed: u64,
    pub epochs: usize,
    pub dropout: f32,
    pub rate: f32,
    pub decay: f32,
}

pub struct Weights {
    pub hashed: Vec<f32>,
    pub dense: Vec<f32>,
    pub bias: f32,
}

impl Weights {
    /// The model of these weights, each in eight bits.
    pub fn quantise(&self, mut card: Card) -> Result<Model, ModelError> {
        let half = HASHED / 2;
        let mut hashed = Vec::with_capacity(HASHED);
        for (table, step) in self.hashed.chunks(half).zip(&mut card.steps) {
            let mut sizes: Vec<f32> = table.iter().map(|w| w.abs()).filter(|w| *w > 0.0).collect();
            sizes.sort_by(f32::total_cmp);
            // A few weights are cut, so that the many small ones are kept.
            let largest = sizes.get(sizes.len() * 9_995 / 10_000).copied().unwrap_or(1.0);
            *step = largest / 127.0;
            hashed.extend(table.iter().map(|w| (w / *step).round().clamp(-127.0, 127.0) as i8));
        }
        card.bias = self.bias;
        Model::new(card, hashed, self.dense.clone())
    }

    pub fn sum(&self, x: &Sparse, software: f32) -> f32 {
        let h: f32 = x.hashed.iter().map(|(i, v)| self.hashed[*i as usize] * v).sum();
        let d: f32 = x.dense.iter().map(|(i, v)| self.dense[*i as usize] * v).sum();
        let total = x.dense.iter().find(|(i, _)| *i as usize == DENSE - 6).map_or(0.0, |(_, v)| *v);
        self.bias + h + d - software * total
    }
}

struct Rng(u64);
impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

struct One {
    hashed: Vec<f32>,
    dense: Vec<f32>,
    bias: f32,
}

fn one(rows: &[&Row], s: &Settings, table: usize) -> One {
    let half = HASHED / 2;
    let base = (table * half) as u32;
    let (mut w, mut g) = (vec![0f32; half], vec![1e-3f32; half]);
    let (mut dw, mut dg) = (vec![0f32; DENSE], vec![1e-1f32; DENSE]);
    let (mut bias, mut bias_g) = (0f32, 1f32);
    let mut rng =
        Rng(s.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (table as u64 + 1) ^ 0x5555_5555);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let keep = ((1.0 - s.dropout) * 65536.0) as u64;
    let scale = 1.0 / (1.0 - s.dropout);
    let mut kept: Vec<(u32, f32)> = Vec::new();
    // The mean of the last half of all epochs' weights is the result.
    let (mut mean, mut dmean, mut bmean, mut n) = (vec![0f32; half], vec![0f32; DENSE], 0f32, 0f32);
    for epoch in 0..s.epochs {
        for i in (1..order.len()).rev() {
            order.swap(i, (rng.next() >> 11) as usize % (i + 1));
        }
        for at in &order {
            let row = rows[*at];
            kept.clear();
            let mut z = bias;
            let mut bits = 0u64;
            let mut left = 0;
            for (i, v) in row.features.hashed.iter().skip(table).step_by(2) {
                if left == 0 {
                    bits = rng.next();
                    left = 4;
                }
                let keep_it = bits & 0xffff < keep;
                bits >>= 16;
                left -= 1;
                if keep_it {
                    let i = i - base;
                    z += w[i as usize] * v * scale;
                    kept.push((i, v * scale));
                }
            }
            for (i, v) in &row.features.dense {
                z += dw[*i as usize] * v;
            }
            let p = 1.0 / (1.0 + (-z).exp());
            let y = if row.label == Label::NonCoding { 1.0 } else { 0.0 };
            let d = (p - y) * row.weight;
            for (i, v) in &kept {
                let i = *i as usize;
                let gr = d * v + s.decay * w[i];
                g[i] += gr * gr;
                w[i] -= s.rate * gr / g[i].sqrt();
            }
            for (i, v) in &row.features.dense {
                let i = *i as usize;
                let gr = d * v + s.decay * dw[i];
                dg[i] += gr * gr;
                dw[i] -= 0.3 * s.rate * gr / dg[i].sqrt();
            }
            bias_g += d * d;
            bias -= s.rate * d / bias_g.sqrt();
        }
        if 2 * (epoch + 1) > s.epochs {
            n += 1.0;
            for (m, w) in mean.iter_mut().zip(&w) {
                *m += w;
            }
            for (m, w) in dmean.iter_mut().zip(&dw) {
                *m += w;
            }
            bmean += bias;
        }
    }
    mean.iter_mut().for_each(|m| *m /= n);
    dmean.iter_mut().for_each(|m| *m /= n);
    One { hashed: mean, dense: dmean, bias: bmean / n }
}

pub fn fit(rows: &[&Row], s: &Settings) -> Weights {
    let (a, b) = std::thread::scope(|scope| {
        let a = scope.spawn(|| one(rows, s, 0));
        let b = one(rows, s, 1);
        (a.join().unwrap(), b)
    });
    let hashed = a.hashed.iter().chain(&b.hashed).map(|w| w / 2.0).collect();
    let dense = a.dense.iter().zip(&b.dense).map(|(a, b)| (a + b) / 2.0).collect();
    Weights { hashed, dense, bias: (a.bias + b.bias) / 2.0 }
}
