//! Words by topic.

use std::collections::HashMap;

use super::token::{is_cjk, mark_hash, pair_hash, word_hash};

/// What a word speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Topic {
    /// Terms of programming.
    Code,
    /// Languages, frameworks, products.
    Tech,
    /// What is said of software and of much else.
    Computing,
    /// What is done to software.
    Acts,
    /// Terms of programming in other languages than English.
    Abroad,
    /// Stories and verse.
    Fiction,
    /// Speaking as somebody else.
    Role,
    /// Love, friends, moods.
    Feelings,
    /// Trips.
    Travel,
    /// Cooking and eating.
    Food,
    /// Body and mind.
    Health,
    /// Law and politics.
    Law,
    /// Savings and taxes.
    Money,
    /// School and homework.
    School,
    /// The world, arts and sports.
    Science,
    /// Offices, shops, advertising.
    Business,
    /// Translating and rewriting.
    Language,
    /// Everyday life.
    Life,
}

/// How many topics there are.
pub(super) const TOPICS: usize = 18;

const NAMES: [&str; TOPICS] = [
    "code",
    "tech",
    "computing",
    "acts",
    "abroad",
    "fiction",
    "role",
    "feelings",
    "travel",
    "food",
    "health",
    "law",
    "money",
    "school",
    "science",
    "business",
    "language",
    "life",
];

impl Topic {
    const ALL: [Self; TOPICS] = [
        Self::Code,
        Self::Tech,
        Self::Computing,
        Self::Acts,
        Self::Abroad,
        Self::Fiction,
        Self::Role,
        Self::Feelings,
        Self::Travel,
        Self::Food,
        Self::Health,
        Self::Law,
        Self::Money,
        Self::School,
        Self::Science,
        Self::Business,
        Self::Language,
        Self::Life,
    ];
    /// Those that speak of software.
    pub(crate) const SOFTWARE: [Self; 4] = [Self::Code, Self::Tech, Self::Acts, Self::Abroad];

    /// The name as it stands in evidence.
    pub(crate) fn name(self) -> &'static str {
        NAMES.get(self as usize).copied().unwrap_or_default()
    }

    fn named(name: &str) -> Option<Self> {
        let at = NAMES.iter().position(|known| *known == name)?;
        Self::ALL.get(at).copied()
    }
}

/// All words that are known, by hash.
#[derive(Clone, Debug, Default)]
pub struct Lexicon(HashMap<u64, Term, std::hash::BuildHasherDefault<Ready>>);

/// A word of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) topic: Topic,
    pub(crate) text: &'static str,
}

/// The keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ready(u64);

impl std::hash::Hasher for Ready {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Lexicon {
    /// The words that come with planguard.
    pub fn built_in() -> Self {
        Self::parse(include_str!("lexicon.txt"))
    }

    fn parse(text: &'static str) -> Self {
        let mut words = Self::default();
        let mut topic = None;
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                topic = Topic::named(name);
                continue;
            }
            let terms = line.split(',').map(str::trim).filter(|term| !term.is_empty());
            for text in terms {
                if let Some((topic, hash)) = topic.zip(term_hash(text)) {
                    // The first topic that names a word has it.
                    words.0.entry(hash).or_insert(Term { topic, text });
                }
            }
        }
        words
    }

    pub(crate) fn term(&self, hash: u64) -> Option<Term> {
        self.0.get(&hash).copied()
    }
}

/// What a text that holds `term` is found to hold; none for a term that is
/// too long or too short for that.
fn term_hash(term: &str) -> Option<u64> {
    if term.chars().any(is_cjk) {
        let fits = term.chars().all(is_cjk) && (2..=4).contains(&term.chars().count());
        return fits.then(|| word_hash(term));
    }
    let (mut hashes, mut word) = (Vec::new(), String::new());
    for c in term.chars().chain([' ']) {
        match c {
            // A run of digits is one.
            c if c.is_numeric() && word.ends_with('0') => {}
            c if c.is_numeric() => word.push('0'),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            _ => {
                let word = std::mem::take(&mut word);
                hashes.extend((!word.is_empty()).then(|| word_hash(&word)));
                hashes.extend((!c.is_whitespace()).then(|| mark_hash(c)));
            }
        }
    }
    match hashes[..] {
        [one] => Some(one),
        [one, two] => Some(pair_hash(one, two)),
        _ => None,
    }
}

/// Whether a file of this kind belongs to software.
pub(super) fn is_extension(extension: &str) -> bool {
    const EXTENSIONS: [&str; 74] = [
        "rs",
        "py",
        "js",
        "ts",
        "tsx",
        "jsx",
        "mjs",
        "cjs",
        "go",
        "java",
        "kt",
        "kts",
        "c",
        "h",
        "cc",
        "cpp",
        "hpp",
        "cs",
        "rb",
        "php",
        "swift",
        "scala",
        "sh",
        "bash",
        "zsh",
        "ps1",
        "sql",
        "html",
        "css",
        "scss",
        "less",
        "vue",
        "svelte",
        "json",
        "jsonl",
        "yaml",
        "yml",
        "toml",
        "ini",
        "cfg",
        "conf",
        "lock",
        "xml",
        "proto",
        "graphql",
        "gradle",
        "md",
        "rst",
        "ipynb",
        "lua",
        "dart",
        "ex",
        "exs",
        "erl",
        "hs",
        "ml",
        "r",
        "jl",
        "m",
        "mm",
        "asm",
        "s",
        "v",
        "sv",
        "vhd",
        "tf",
        "dockerfile",
        "env",
        "log",
        "wasm",
        "so",
        "dll",
        "exe",
        "patch",
    ];
    EXTENSIONS.contains(&extension)
}
