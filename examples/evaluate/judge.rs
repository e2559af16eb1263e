//! What planguard's own model makes of a request.

use std::sync::Arc;

use planguard::{
    exchange::{Evidence, Verdict, Workload},
    workload::{Classifier, Features, Limits, Model, OwnModel, Sensitivity, View},
};

pub const SENSITIVITIES: [(&str, Sensitivity); 3] = [
    ("careful", Sensitivity::Careful),
    ("balanced", Sensitivity::Balanced),
    ("strict", Sensitivity::Strict),
];

/// What was found.
#[derive(Clone)]
pub struct Judgement {
    /// None for a request that cannot be read: it is unclear, and passes.
    pub view: Option<View>,
    /// The log odds of other work. They tell rows apart whose probability is
    /// rounded to 1.
    pub odds: f32,
    pub probability: f32,
    /// Careful, balanced, strict.
    pub workloads: [Workload; 3],
    pub evidence: Arc<[Evidence]>,
}

impl Judgement {
    /// By the score alone.
    pub fn says_other(&self) -> bool {
        self.probability > 0.5
    }

    /// Whether it is taken for other work at a sensitivity, by its place.
    pub fn taken(&self, sensitivity: usize) -> bool {
        self.workloads[sensitivity] == Workload::NonCoding
    }

    /// Whether a person's turn begins with it: nothing else is ever blocked.
    pub fn turn_start(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.turn_start)
    }
}

/// Judges requests, one at a time.
pub struct Judge {
    model: &'static Model,
    /// One for each sensitivity.
    own: [OwnModel; 3],
    features: Features,
}

impl Judge {
    pub fn new() -> Self {
        Self {
            model: Model::built_in(),
            own: SENSITIVITIES.map(|(_, sensitivity)| OwnModel::new(sensitivity)),
            features: Features::default(),
        }
    }

    pub fn body(&mut self, body: &str) -> Judgement {
        match View::read(body.as_bytes(), Limits::default()) {
            Some(view) => self.view(view),
            None => Judgement {
                view: None,
                odds: 0.0,
                probability: 0.5,
                workloads: [Workload::Unclear; 3],
                evidence: Arc::new([]),
            },
        }
    }

    pub fn view(&mut self, view: View) -> Judgement {
        let odds = self.odds(&view);
        let verdicts = self.own.each_ref().map(|own| own.classify(&view));
        let workloads = verdicts.each_ref().map(|verdict| verdict.workload);
        let [Verdict { score, evidence, .. }, ..] = verdicts;
        let probability = score.unwrap_or(0.5);
        Judgement { view: Some(view), odds, probability, workloads, evidence }
    }

    /// The log odds alone, without evidence; none for what cannot be read.
    pub fn score(&mut self, body: &str) -> Option<f32> {
        let view = View::read(body.as_bytes(), Limits::default())?;
        Some(self.odds(&view))
    }

    fn odds(&mut self, view: &View) -> f32 {
        self.model.features(view, &mut self.features);
        self.model.estimate(&self.features).log_odds()
    }

    /// From which probability on a request is other work: careful, balanced,
    /// strict.
    pub fn thresholds(&self) -> [f32; 3] {
        self.model.card().non_coding
    }
}
