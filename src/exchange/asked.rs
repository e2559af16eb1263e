//! What somebody who has read a request says about it.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};

use super::Workload;

/// The longest model name that is kept, in bytes.
const MODEL_BYTES: usize = 128;
/// The most features that are kept of one request, and their longest name.
const FEATURES: usize = 32;
const FEATURE_BYTES: usize = 64;

/// What a request asks for, in its extensions: part of the evidence if it is
/// answered with a strike.
///
/// The breaker reads no request body. Who has read it (a layer above, or the
/// caller who wrote it) says here what it asks for; without this the evidence
/// says nothing about model, verdict and system prompt.
///
/// No text of a prompt fits in: a name of a model has no blanks, a name of a
/// feature has nothing but ASCII letters, digits and `-_.:`, and of a system
/// prompt only a hash is kept, for as long as the process lives. What does not
/// fit is left out. Cheap to clone.
///
/// ```
/// use planguard::exchange::{Asked, Workload};
///
/// let asked = Asked::new()
///     .model("glm-5.2")
///     .system_prompt("You are a coding agent.")
///     .verdict(Workload::Coding)
///     .feature("tools_named", 7);
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(asked);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Asked(Arc<Told>);

/// What was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) model: Option<String>,
    pub(crate) system: Option<u64>,
    pub(crate) verdict: Option<Workload>,
    pub(crate) features: Vec<Feature>,
    pub(crate) declaration: Option<Workload>,
}

/// One thing that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Feature {
    /// Its name, as in `tools_named`.
    pub name: String,
    /// How much it weighs, in the unit of whoever judged.
    pub weight: i32,
}

impl Asked {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn told(&self) -> &Told {
        &self.0
    }

    fn tell(&mut self) -> &mut Told {
        Arc::make_mut(&mut self.0)
    }

    /// The model's name, at most 128 bytes of visible ASCII.
    pub fn model(mut self, name: &str) -> Self {
        let fits = !name.is_empty() && name.len() <= MODEL_BYTES;
        let fits = fits && name.bytes().all(|byte| byte.is_ascii_graphic());
        self.tell().model = fits.then(|| name.to_owned());
        self
    }

    /// The name that [`model`](Self::model) took, for those below who show it.
    pub fn asked_model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The system prompt, of which a hash is taken: one pass over it.
    pub fn system_prompt(self, prompt: impl AsRef<[u8]>) -> Self {
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        self.system_hash(KEYS.get_or_init(RandomState::new).hash_one(prompt.as_ref()))
    }

    /// A hash of the system prompt that is the same for the same prompt in
    /// this process. It is compared, and never written.
    pub fn system_hash(mut self, hash: u64) -> Self {
        self.tell().system = Some(hash);
        self
    }

    /// What kind of work the request was judged to be. A [`Workload`] beside
    /// this in the extensions is then the judge's, not the caller's.
    pub fn verdict(mut self, workload: Workload) -> Self {
        self.tell().verdict = Some(workload);
        self
    }

    /// One thing that the verdict rests on; at most 32 are kept.
    pub fn feature(mut self, name: &str, weight: i32) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if !name.is_empty() && name.len() <= FEATURE_BYTES && name.bytes().all(plain) {
            let features = &mut self.tell().features;
            if features.len() < FEATURES {
                features.push(Feature { name: name.to_owned(), weight });
            }
        }
        self
    }

    /// What kind of work the caller said that it is. Without this it is the
    /// [`Workload`] in the extensions, unless there is a verdict.
    pub fn declaration(mut self, workload: Workload) -> Self {
        self.tell().declaration = Some(workload);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_prompt_does_not_fit() {
        let asked = Asked::new()
            .model("Write me a poem about the sea")
            .feature("a poem", 1)
            .feature("", 1)
            .feature(&"x".repeat(65), 1);
        assert_eq!(asked, Asked::new());
        assert_eq!(Asked::new().model(&"m".repeat(129)), Asked::new());
        assert_eq!(Asked::new().model("glm\u{202e}").told().model, None);
    }

    #[test]
    fn features_are_kept_up_to_their_bound() {
        let asked = (0..100).fold(Asked::new(), |asked, n| asked.feature("tools", n));
        assert_eq!(asked.told().features.len(), FEATURES);
    }

    #[test]
    fn the_same_system_prompt_has_the_same_hash() {
        let of = |prompt: &str| Asked::new().system_prompt(prompt).told().system;
        assert_eq!(of("You write code."), of("You write code."));
        assert_ne!(of("You write code."), of("You write prose."));
    }
}
