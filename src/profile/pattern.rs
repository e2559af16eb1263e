//! Text tests that are compiled when they are first used, so that loading a
//! built-in profile costs no regex compilation.

use std::{fmt, sync::OnceLock};

use aho_corasick::{AhoCorasick, MatchKind, packed};
use regex::Regex;

/// A regex, compiled on first use.
pub(super) struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) fn new(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Compiles it: what a strict load does at once.
    pub(super) fn check(&self) -> Result<(), String> {
        Regex::new(&self.source).map(drop).map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("bad regex `{}`: {last}", self.source)
        })
    }

    /// Compiles it and demands a group of that name.
    pub(super) fn check_group(&self, group: &str) -> Result<(), String> {
        self.check()?;
        let named = |regex: &Regex| regex.capture_names().any(|name| name == Some(group));
        if self.regex().is_some_and(named) {
            return Ok(());
        }
        Err(format!("`{}` has no group named `{group}`", self.source))
    }

    /// The regex; none if it is bad, which only an unchecked one can be.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.source).ok()).as_ref()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.source).finish()
    }
}

/// A set of literals of which any one counts, compiled on first use.
pub(super) struct Words {
    words: Vec<String>,
    fold: bool,
    compiled: OnceLock<Option<Search>>,
}

enum Search {
    /// Vectorised, without an automaton around it.
    Packed(packed::Searcher),
    /// For letters in either case, more words than fit, or processors without
    /// vectors.
    Automaton(AhoCorasick),
}

impl Search {
    fn compile(words: &[String], fold: bool) -> Option<Self> {
        let packed = || packed::Config::new().builder().extend(words).build();
        if let Some(packed) = (!fold).then(packed).flatten() {
            return Some(Self::Packed(packed));
        }
        // Leftmost, because the standard kind has no SIMD prefilter.
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .ascii_case_insensitive(fold)
            .build(words);
        automaton.ok().map(Self::Automaton)
    }

    #[inline]
    fn is_in(&self, text: &[u8]) -> bool {
        match self {
            Self::Packed(packed) => packed.find(text).is_some(),
            Self::Automaton(automaton) => automaton.is_match(text),
        }
    }
}

impl Words {
    /// `fold` makes ASCII letters match in either case.
    pub(super) fn new(words: Vec<String>, fold: bool) -> Self {
        Self { words, fold, compiled: OnceLock::new() }
    }

    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether any of them stands in `text`. Linear in `text`.
    pub(super) fn is_in(&self, text: impl AsRef<[u8]>) -> bool {
        let compiled = self.compiled.get_or_init(|| Search::compile(&self.words, self.fold));
        compiled.as_ref().is_some_and(|search| search.is_in(text.as_ref()))
    }

    /// Whether a text that holds one of these always holds one of `other`.
    pub(super) fn implies(&self, other: &Self) -> bool {
        (other.fold || !self.fold) && self.words.iter().all(|word| other.is_in(word))
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words && self.fold == other.fold
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Words").field(&self.words).finish()
    }
}
