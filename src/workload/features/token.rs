//! From a text to hashes of its words, pairs of words and pieces of words.

use super::{counts::Counts, lexicon::Lexicon};

/// Of a longer word only this many characters are cut into pieces.
pub(super) const WORD_CHARS: usize = 24;
pub(super) const SEED: u64 = 0x2545_f491_4f6c_dd1d;
/// Kinds of features, which never share a hash.
const PAIR: u64 = 0x1000_0000_01b3;
pub(super) const PIECE: u64 = 0x0100_0193_0001;

/// Whether a character belongs to a script that is written without blanks, or
/// in syllables: each is a word of its own.
pub(crate) fn is_cjk(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0e7f | 0x1100..=0x11ff | 0x2e80..=0x2fdf | 0x3005..=0x30ff | 0x3130..=0x318f
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x2ffff)
}

/// One step of a word's hash.
pub(super) fn step(hash: u64, c: char) -> u64 {
    (hash.rotate_left(5) ^ u64::from(u32::from(c))).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// The hash of a whole word in lower case, as the lexicon holds it.
pub(super) fn word_hash(word: &str) -> u64 {
    word.chars().fold(SEED, step)
}

/// The hash of a character that stands in no word.
pub(super) fn mark_hash(c: char) -> u64 {
    step(SEED ^ 1, c)
}

/// The hash of two words or marks next to each other.
pub(super) fn pair_hash(first: u64, second: u64) -> u64 {
    (first.rotate_left(23) ^ second).wrapping_mul(PAIR)
}

fn lower(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) }
}

/// Gives every feature of `text` to `add`, and counts what the lexicon knows.
pub(super) fn tokens(
    text: &str,
    lexicon: &Lexicon,
    counts: &mut Counts,
    add: &mut impl FnMut(u64),
) {
    counts.structure(text);
    let mut reader = Reader { lexicon, counts, add, previous: SEED, word: Vec::new(), cjk: [0; 4] };
    let mut digits = false;
    let mut case = Case::default();
    for c in text.chars() {
        if is_cjk(c) {
            reader.end(&mut case);
            reader.character(c);
            digits = false;
            continue;
        }
        reader.cjk = [0; 4];
        if c.is_alphanumeric() || c == '_' {
            case.see(c);
            // How many digits there are says little.
            if c.is_numeric() {
                if !digits {
                    reader.word.push('0');
                }
                digits = true;
            } else {
                digits = false;
                reader.word.push(lower(c));
            }
            continue;
        }
        digits = false;
        reader.end(&mut case);
        if c == '\n' || !c.is_whitespace() {
            reader.mark(c);
        }
    }
    reader.end(&mut case);
}

/// How a word is written.
#[derive(Default)]
struct Case {
    lower: bool,
    inner_upper: bool,
    underscore: bool,
}

impl Case {
    fn see(&mut self, c: char) {
        if c.is_ascii_lowercase() {
            self.lower = true;
        } else if c.is_ascii_uppercase() {
            self.inner_upper |= self.lower;
        } else if c == '_' {
            self.underscore = true;
        }
    }
}

struct Reader<'a, F> {
    lexicon: &'a Lexicon,
    counts: &'a mut Counts,
    add: &'a mut F,
    /// The hash of the token before.
    previous: u64,
    /// The word under way.
    word: Vec<char>,
    /// Hashes of the runs of one to four characters that end here.
    cjk: [u64; 4],
}

impl<F: FnMut(u64)> Reader<'_, F> {
    /// A character of a script without blanks.
    fn character(&mut self, c: char) {
        let [one, two, three, _] = self.cjk;
        let longer = |hash: u64| if hash == 0 { 0 } else { step(hash, c) };
        self.cjk = [step(SEED, c), longer(one), longer(two), longer(three)];
        for (length, hash) in self.cjk.into_iter().enumerate() {
            if hash == 0 {
                break;
            }
            if length < 3 {
                (self.add)(hash);
            }
            if length > 0 {
                self.counts.term(self.lexicon.term(hash));
            }
        }
        self.previous = SEED;
    }

    fn mark(&mut self, c: char) {
        let hash = mark_hash(c);
        let pair = pair_hash(self.previous, hash);
        (self.add)(pair);
        self.counts.term(self.lexicon.term(pair));
        self.previous = hash;
    }

    /// The word under way is over.
    fn end(&mut self, case: &mut Case) {
        if self.word.is_empty() {
            return;
        }
        let written = std::mem::take(case);
        if written.inner_upper || written.underscore {
            self.counts.identifiers += 1;
        }
        let hash = self.word.iter().fold(SEED, |hash, c| step(hash, *c));
        let pair = pair_hash(self.previous, hash);
        (self.add)(hash);
        (self.add)(pair);
        self.counts.term(self.lexicon.term(hash));
        self.counts.term(self.lexicon.term(pair));
        self.pieces();
        self.previous = hash;
        self.word.clear();
    }

    /// Runs of three and four characters, with marks where the word begins and
    /// ends.
    fn pieces(&mut self) {
        let word = self.word.get(..WORD_CHARS.min(self.word.len())).unwrap_or_default();
        if word.len() < 3 {
            return;
        }
        let (mut a, mut b, mut c) = ('<', '\0', '\0');
        for (at, next) in (1..).zip(word.iter().copied().chain(['>'])) {
            match at {
                1 => b = next,
                2 => {
                    c = next;
                    (self.add)(piece(&[a, b, c]));
                }
                _ => {
                    (self.add)(piece(&[b, c, next]));
                    (self.add)(piece(&[a, b, c, next]));
                    (a, b, c) = (b, c, next);
                }
            }
        }
    }
}

fn piece(chars: &[char]) -> u64 {
    chars.iter().fold(PIECE, |hash, c| step(hash, *c))
}
