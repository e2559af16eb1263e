//! How well a number tells coding from other work.

/// The numbers of both sides, each in ascending order; the higher one is, the
/// more it speaks for other work.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    pub coding: Vec<f32>,
    pub other: Vec<f32>,
}

impl Sides {
    /// Of each row: whether it is other work, and its number.
    pub fn of(rows: impl IntoIterator<Item = (bool, f32)>) -> Self {
        let mut sides = Self::default();
        for (other, number) in rows {
            let side = if other { &mut sides.other } else { &mut sides.coding };
            side.push(number);
        }
        sides.coding.sort_by(f32::total_cmp);
        sides.other.sort_by(f32::total_cmp);
        sides
    }

    /// The lowest number that at most this share of the coding rows reaches.
    pub fn threshold(&self, share: f64) -> f32 {
        let above = (self.coding.len() as f64 * share).floor() as usize;
        let highest = self.coding.len().saturating_sub(above + 1);
        self.coding.get(highest).copied().map_or(0.0, just_above)
    }

    /// The share of the rows of one side that reach `at`: of other work that
    /// is recall.
    pub fn reached(&self, other: bool, at: f32) -> f64 {
        let numbers = if other { &self.other } else { &self.coding };
        let reached = numbers.len() - numbers.partition_point(|number| *number < at);
        reached as f64 / numbers.len().max(1) as f64
    }

    /// How often a row of other work has the higher number, of all pairs with
    /// a coding row; equal numbers are half a hit. None without such a pair.
    pub fn auc(&self) -> Option<f64> {
        let pairs = self.coding.len() as f64 * self.other.len() as f64;
        let won = self.other.iter().map(|number| {
            let below = self.coding.partition_point(|coding| coding < number);
            let not_above = self.coding.partition_point(|coding| coding <= number);
            (below + not_above) as f64 / 2.0
        });
        (pairs > 0.0).then(|| won.sum::<f64>() / pairs)
    }
}

/// The next number that there is (`f32::next_up` is of Rust 1.86).
fn just_above(number: f32) -> f32 {
    if number == 0.0 {
        f32::from_bits(1)
    } else if number > 0.0 {
        f32::from_bits(number.to_bits() + 1)
    } else {
        f32::from_bits(number.to_bits() - 1)
    }
}
