//! Counts of what speaks of software, or of something else.

use super::{
    super::View,
    lexicon::{TOPICS, Term, Topic},
};

/// From which count on one more indicator is on.
const STEPS: [u32; 5] = [1, 2, 3, 5, 8];
/// Counters of one text.
const COUNTERS: usize = TOPICS + STRUCTURE;
const STRUCTURE: usize = 10;
/// Lengths of the newest words, as powers of two.
const LENGTHS: usize = 10;

/// How many different words are remembered.
const SEEN: usize = 48;

/// How many counts there are of one view.
pub const DENSE: usize = 3 * COUNTERS * STEPS.len() + LENGTHS + 2 * LENGTHS + 6;

/// What was counted in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    topics: [u32; TOPICS],
    /// Which words they were, each once.
    pub(super) seen: Vec<Term>,
    /// `camelCase` and `snake_case`.
    pub(super) identifiers: u32,
    pub(super) extensions: u32,
    pub(super) paths: u32,
    pub(super) fences: u32,
    pub(super) backticks: u32,
    /// Lines that look like source code.
    pub(super) code_lines: u32,
    pub(super) operators: u32,
    pub(super) traces: u32,
    pub(super) diffs: u32,
    pub(super) calls: u32,
}

impl Counts {
    pub(super) fn term(&mut self, term: Option<Term>) {
        let Some(term) = term else { return };
        if let Some(count) = self.topics.get_mut(term.topic as usize) {
            *count += 1;
        }
        if self.seen.len() < SEEN && !self.seen.contains(&term) {
            self.seen.push(term);
        }
    }

    /// What lines and marks tell.
    pub(super) fn structure(&mut self, text: &str) {
        for line in text.lines() {
            self.line(line);
        }
        self.words_with_dots(text);
    }

    fn line(&mut self, line: &str) {
        let start = line.trim_start();
        let end = line.trim_end();
        if start.starts_with("```") {
            self.fences += 1;
        }
        self.backticks += (end.bytes().filter(|byte| *byte == b'`').count() / 2) as u32;
        let closes =
            end.ends_with(';') || end.ends_with('{') || end.ends_with('}') || end.ends_with("):");
        let opens = [
            "import ", "from ", "def ", "class ", "#include", "//", "return ", "fn ", "func ",
            "$ ", "@", "<?php", "let ", "const ", "var ", "public ", "private ",
        ]
        .iter()
        .any(|word| start.starts_with(word));
        if closes || (opens && start.len() > 4) {
            self.code_lines += 1;
        }
        let trace = start.starts_with("Traceback")
            || start.starts_with("at ") && start.contains('(')
            || start.starts_with("File \"")
            || start.contains("Error:")
            || start.contains("Exception")
            || start.starts_with("error") && start.contains(':')
            || start.contains("panicked at");
        if trace {
            self.traces += 1;
        }
        let diff = start.starts_with("@@ ")
            || start.starts_with("diff --git")
            || start.starts_with("+++ ")
            || start.starts_with("--- a");
        if diff {
            self.diffs += 1;
        }
    }

    /// Paths, names of files, calls and operators.
    fn words_with_dots(&mut self, text: &str) {
        for word in text.split(is_delimiter) {
            if word.len() < 3 || word.len() > 256 {
                continue;
            }
            let bytes = word.as_bytes();
            let word = word.trim_end_matches(['.', ',', ':', ';', '?', '!', ')', '*']);
            if let Some((stem, extension)) = word.rsplit_once('.') {
                if !stem.is_empty() && super::lexicon::is_extension(extension) {
                    self.extensions += 1;
                }
            }
            let slashes = bytes.iter().filter(|byte| matches!(byte, b'/' | b'\\')).count();
            if slashes > 1
                || (slashes == 1 && (word.starts_with(['/', '.', '~']) || word.contains('.')))
            {
                self.paths += 1;
            }
        }
        let bytes = text.as_bytes();
        for pair in bytes.windows(2) {
            let found = matches!(
                pair,
                [b'=', b'>' | b'=']
                    | [b'!' | b'+' | b'<' | b'>' | b'-' | b'*', b'=']
                    | [b':', b':']
                    | [b'-' | b'/', b'>']
                    | [b'&', b'&']
                    | [b'|', b'|']
                    | [b'<', b'/']
                    | [b'$', b'{']
                    | [b'(', b')']
            );
            self.operators += u32::from(found);
            self.calls += u32::from(pair == b"()");
        }
    }

    /// What of it looks like software, by name.
    pub(super) fn structure_seen(&self) -> Vec<(&'static str, u32)> {
        let all = [
            ("lines of source code", self.code_lines),
            ("names of files", self.extensions),
            ("paths", self.paths),
            ("identifiers", self.identifiers),
            ("error traces", self.traces),
            ("diffs", self.diffs),
            ("code fences", self.fences),
            ("operators", self.operators),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn all(&self) -> [u32; COUNTERS] {
        let mut all = [0; COUNTERS];
        let structure = [
            self.identifiers,
            self.extensions,
            self.paths,
            self.fences,
            self.backticks,
            self.code_lines,
            self.operators,
            self.traces,
            self.diffs,
            self.calls,
        ];
        for (to, from) in all.iter_mut().zip(self.topics.into_iter().chain(structure)) {
            *to = from;
        }
        all
    }

    /// Everything that speaks of software.
    fn software(&self) -> u32 {
        let terms: u32 =
            Topic::SOFTWARE.iter().filter_map(|topic| self.topics.get(*topic as usize)).sum();
        terms
            + self.identifiers
            + self.extensions
            + self.paths
            + self.fences
            + self.code_lines
            + self.traces
            + self.diffs
            + self.operators
    }
}

/// Whether a character ends a path.
pub(super) fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '"' | '\'' | '`' | '(' | '（' | '，' | '。' | '：')
}

/// The counts as indicators.
pub(super) fn dense(
    newest: &Counts,
    around: &Counts,
    system: &Counts,
    view: &View,
    gate: f32,
    into: &mut Vec<f32>,
) {
    let gate = gate.min(1.0);
    for (counts, weight) in [(newest, 1.0), (around, gate), (system, 1.0)] {
        for count in counts.all() {
            into.extend(STEPS.iter().map(|step| if count >= *step { weight } else { 0.0 }));
        }
    }
    let length = view.newest.chars().count();
    let bucket = (usize::BITS - length.leading_zeros()) as usize;
    let bucket = bucket.min(LENGTHS - 1);
    let total = (newest.software() as f32).ln_1p();
    let around_total = gate * (around.software() as f32).ln_1p();
    let one_hot = |value: f32| (0..LENGTHS).map(move |at| if at == bucket { value } else { 0.0 });
    into.extend(one_hot(1.0));
    into.extend(one_hot(total));
    into.extend(one_hot(around_total));
    into.push(total);
    into.push(around_total);
    into.push(gate * f32::from(u8::from(view.earlier.is_empty())));
    into.push(gate * f32::from(u8::from(view.calls.is_empty())));
    into.push(f32::from(u8::from(view.system.is_empty())));
    into.push(gate * f32::from(u8::from(view.result.is_empty())));
}
