//! What the model sees of a row.

use planguard::workload::{DENSE, Features, Limits, Model, View};

use crate::rows::Row;

/// Features by their index; those that are not here are zero.
#[derive(Clone, Debug, Default)]
pub struct Sparse {
    /// In pairs: one of the table where slots hash apart, one of the shared
    /// table.
    pub hashed: Vec<(u32, f32)>,
    pub dense: Vec<(u32, f32)>,
}

impl Sparse {
    /// The dense features with their zeros.
    pub fn all_dense(&self) -> Vec<f32> {
        let mut all = vec![0.0; DENSE];
        self.dense.iter().for_each(|(at, value)| all[*at as usize] = *value);
        all
    }
}

/// Reads the features of all rows, and drops the rows that have no view.
/// Gives the number of those.
pub fn read(rows: &mut Vec<Row>) -> usize {
    let before = rows.len();
    // What a feature is does not depend on any weight.
    let model = Model::blank();
    let mut features = Features::default();
    rows.retain_mut(|row| {
        let body = std::mem::take(&mut row.body);
        let Some(view) = View::read(&body, Limits::default()) else { return false };
        model.features(&view, &mut features);
        row.features.hashed.clone_from(&features.hashed);
        row.features.dense = (0..)
            .zip(&features.dense)
            .filter(|(_, value)| **value != 0.0)
            .map(|(at, value)| (at, *value))
            .collect();
        true
    });
    before - rows.len()
}
