//! Features read in the plainest way: what the fast one has to agree with.

use std::collections::HashMap;

use super::super::{
    BITS, LONG, SCRATCH, SLOTS,
    counts::{Counts, dense, is_delimiter},
    edges, gate,
    lexicon::{Lexicon, is_extension},
    mix,
    token::{PIECE, SEED, WORD_CHARS, is_cjk, pair_hash, step, word_hash},
};
use crate::workload::View;

/// All features of `view`, those of no weight left out, and the counts.
pub(super) fn read(view: &View, lexicon: &Lexicon) -> (Vec<(u32, f32)>, Vec<f32>) {
    let gate = gate(&view.newest);
    let mut hashed = Vec::new();
    let [mut newest, mut around, mut system] = [(); 3].map(|()| Counts::default());
    let mut slot = |slot: usize, weight: f32, texts: &[&str], counts: &mut Counts| {
        let (seed, own) = SLOTS[slot];
        if weight > 0.0 {
            hashed.extend(of_slot(seed, own * weight, texts, lexicon, counts));
        }
    };
    slot(0, 1.0, &[&view.newest], &mut newest);
    if view.newest.len() > LONG {
        let (first, last) = edges(&view.newest);
        slot(5, 1.0, &[first, last], &mut Counts::default());
    }
    let earlier: Vec<&str> = view.earlier.iter().map(String::as_str).collect();
    slot(1, gate, &earlier, &mut around);
    let session: Vec<&str> = view.calls.iter().chain(&view.answers).map(String::as_str).collect();
    slot(2, gate, &session, &mut around);
    slot(3, 1.0, &[&view.system], &mut system);
    slot(4, gate, &[&view.result], &mut around);
    let mut all = Vec::new();
    dense(&newest, &around, &system, view, gate, &mut all);
    (hashed, all)
}

fn of_slot(
    seed: u64,
    weight: f32,
    texts: &[&str],
    lexicon: &Lexicon,
    counts: &mut Counts,
) -> Vec<(u32, f32)> {
    let index = |hash: u64, value: f32| {
        let apart = mix(hash ^ seed) >> (64 - BITS);
        let shared = mix(hash) >> (64 - BITS) | 1 << BITS;
        [(apart as u32, value), (shared as u32, value)]
    };
    let (mut order, mut often) = (Vec::new(), HashMap::<u64, f32>::new());
    for hash in texts.iter().flat_map(|text| tokens(text, lexicon, counts)) {
        if order.len() == SCRATCH / 2 {
            break;
        }
        let count = often.entry(hash).or_insert_with(|| {
            order.push(hash);
            0.0
        });
        *count = (*count + 1.0).min(255.0);
    }
    if order.is_empty() {
        return index(mix(seed ^ 0x51ed), 0.3 * weight).to_vec();
    }
    // In the order of the fast one, since sums of floats depend on theirs.
    let values: Vec<f32> = order.iter().map(|hash| often[hash].ln_1p()).collect();
    let scale = weight / values.iter().map(|value| value.powi(2)).sum::<f32>().sqrt();
    order.iter().zip(values).flat_map(|(hash, value)| index(*hash, value * scale)).collect()
}

/// The hashes of one text, in order; what else there is to count is counted.
pub(super) fn tokens(text: &str, lexicon: &Lexicon, counts: &mut Counts) -> Vec<u64> {
    structure(text, counts);
    let mut found = Vec::new();
    let mut previous = SEED;
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if is_cjk(c) {
            let run = chars[..=at].iter().rev().take_while(|c| is_cjk(**c)).count();
            for length in 1..=run.min(4) {
                let hash = word_hash(&String::from_iter(&chars[at + 1 - length..=at]));
                found.extend((length < 4).then_some(hash));
                counts.term(lexicon.term(hash).filter(|_| length > 1));
            }
            previous = SEED;
            at += 1;
        } else if is_letter(c) {
            let length = chars[at..].iter().take_while(|c| is_letter(**c)).count();
            let written = &chars[at..at + length];
            let word = spelled(written);
            counts.identifiers += u32::from(is_identifier(written));
            let hash = word_hash(&String::from_iter(&word));
            let pair = pair_hash(previous, hash);
            found.extend([hash, pair]);
            counts.term(lexicon.term(hash));
            counts.term(lexicon.term(pair));
            found.extend(pieces(&word));
            previous = hash;
            at += length;
        } else {
            if c == '\n' || !c.is_whitespace() {
                let hash = step(SEED ^ 1, c);
                let pair = pair_hash(previous, hash);
                found.push(pair);
                counts.term(lexicon.term(pair));
                previous = hash;
            }
            at += 1;
        }
    }
    found
}

fn is_letter(c: char) -> bool {
    (c.is_alphanumeric() || c == '_') && !is_cjk(c)
}

/// In lower case, each run of digits as one.
fn spelled(written: &[char]) -> Vec<char> {
    let mut word = Vec::new();
    for (at, c) in written.iter().enumerate() {
        match c.is_numeric() {
            true if at > 0 && written[at - 1].is_numeric() => {}
            true => word.push('0'),
            false => word.push(c.to_lowercase().next().unwrap()),
        }
    }
    word
}

fn is_identifier(word: &[char]) -> bool {
    let lower = word.iter().position(char::is_ascii_lowercase);
    let upper = word.iter().rposition(char::is_ascii_uppercase);
    word.contains(&'_') || lower.zip(upper).is_some_and(|(lower, upper)| lower < upper)
}

fn pieces(word: &[char]) -> Vec<u64> {
    let mut found = Vec::new();
    if word.len() >= 3 {
        let mut marked = vec!['<'];
        marked.extend(&word[..word.len().min(WORD_CHARS)]);
        marked.push('>');
        let piece = |chars: &[char]| chars.iter().fold(PIECE, |hash, c| step(hash, *c));
        for end in 3..=marked.len() {
            found.push(piece(&marked[end - 3..end]));
            found.extend((end > 3).then(|| piece(&marked[end - 4..end])));
        }
    }
    found
}

fn structure(text: &str, counts: &mut Counts) {
    for line in text.lines() {
        let (start, end) = (line.trim_start(), line.trim_end());
        let starts = |words: &[&str]| words.iter().any(|word| start.starts_with(word));
        let closes = [";", "{", "}", "):"].iter().any(|word| end.ends_with(word));
        let opens = starts(&[
            "import ", "from ", "def ", "class ", "#include", "//", "return ", "fn ", "func ",
            "$ ", "@", "<?php", "let ", "const ", "var ", "public ", "private ",
        ]);
        let trace = starts(&["Traceback", "File \""])
            || starts(&["at "]) && start.contains('(')
            || starts(&["error"]) && start.contains(':')
            || ["Error:", "Exception", "panicked at"].iter().any(|word| start.contains(word));
        counts.fences += u32::from(starts(&["```"]));
        counts.backticks += end.matches('`').count() as u32 / 2;
        counts.code_lines += u32::from(closes || opens && start.len() > 4);
        counts.traces += u32::from(trace);
        counts.diffs += u32::from(starts(&["@@ ", "diff --git", "+++ ", "--- a"]));
    }
    for word in text.split(is_delimiter).filter(|word| (3..=256).contains(&word.len())) {
        let slashes = word.matches(['/', '\\']).count();
        let word = word.trim_end_matches(['.', ',', ':', ';', '?', '!', ')', '*']);
        if let Some((stem, extension)) = word.rsplit_once('.') {
            counts.extensions += u32::from(!stem.is_empty() && is_extension(extension));
        }
        let alone = word.starts_with(['/', '.', '~']) || word.contains('.');
        counts.paths += u32::from(slashes > 1 || slashes == 1 && alone);
    }
    const OPERATORS: [&str; 16] = [
        "=>", "==", "!=", "+=", "<=", ">=", "-=", "*=", "::", "->", "/>", "&&", "||", "</", "${",
        "()",
    ];
    for pair in text.as_bytes().windows(2) {
        counts.operators += u32::from(OPERATORS.iter().any(|word| word.as_bytes() == pair));
        counts.calls += u32::from(pair == b"()");
    }
}
