//! What the model sees of a view: hashed words and pieces of words in slots,
//! and counts of what speaks of software or of other things.

mod counts;
mod lexicon;
#[cfg(test)]
mod tests;
mod token;

use std::sync::LazyLock;

pub use counts::DENSE;
pub(crate) use lexicon::{Lexicon, Term, Topic};

pub(crate) use token::is_cjk;

use self::{counts::Counts, token::tokens};
use super::View;

/// The buckets of each of the two hashed tables, as a power of two.
pub const BITS: u32 = 18;
/// The weights of hashed features: one table where each slot hashes apart, and
/// one that all slots share.
pub const HASHED: usize = 2 << BITS;

/// Where a text stands, and how much it weighs.
const SLOTS: [(u64, f32); 6] = [
    (0x9e37_79b9_7f4a_7c15, 1.0),
    (0xbf58_476d_1ce4_e5b9, 0.5),
    (0x94d0_49bb_1331_11eb, 0.5),
    (0xd6e8_feb8_6659_fd93, 0.5),
    (0xa076_1d64_78bd_642f, 0.3),
    (0xe703_7ed1_a0b4_28db, 0.5),
];
const NEWEST: usize = 0;
const EARLIER: usize = 1;
const SESSION: usize = 2;
const SYSTEM: usize = 3;
const RESULT: usize = 4;
const EDGES: usize = 5;
/// A text of so many letters says little by itself.
const LITTLE: usize = 24;
/// In a text longer than this (in bytes), what is asked for stands at an edge.
const LONG: usize = 240;
const EDGE_BYTES: usize = 120;
/// Occurrences beyond this many add nothing.
const MOST: u16 = 255;
/// Slots of the table that counts; a power of two, well above the features of
/// one slot.
const SCRATCH: usize = 1 << 14;

/// Features of one view, with room that is used again.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// Index below [`HASHED`], and value.
    pub hashed: Vec<(u32, f32)>,
    /// Counts, [`DENSE`] of them.
    pub dense: Vec<f32>,
    scratch: Scratch,
    /// Words of the list among the newest words.
    pub(crate) seen: Vec<Term>,
    /// What of the newest words looks like software, by name.
    pub(crate) structure: Vec<(&'static str, u32)>,
    /// The weight of what stands around the newest words.
    gate: f32,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    /// Hash and count; a count of zero is an empty place.
    places: Vec<(u64, u16)>,
    used: Vec<u32>,
}

impl Scratch {
    fn add(&mut self, hash: u64) {
        if self.used.len() >= SCRATCH / 2 {
            return;
        }
        let mut place = (hash >> 40) as usize & (SCRATCH - 1);
        while let Some((held, count)) = self.places.get_mut(place) {
            if *count == 0 {
                (*held, *count) = (hash, 1);
                self.used.push(place as u32);
                return;
            }
            if *held == hash {
                *count = (*count + 1).min(MOST);
                return;
            }
            place = (place + 1) & (SCRATCH - 1);
        }
    }
}

impl Features {
    /// Fills in the features of `view`.
    pub fn read(&mut self, view: &View, lexicon: &Lexicon) {
        self.hashed.clear();
        self.dense.clear();
        let mut newest = Counts::default();
        let mut around = Counts::default();
        self.slot(NEWEST, &[&view.newest], lexicon, &mut newest);
        self.gate = gate(&view.newest);
        if view.newest.len() > LONG {
            let (first, last) = edges(&view.newest);
            self.slot(EDGES, &[first, last], lexicon, &mut Counts::default());
        }
        let earlier: Vec<&str> = view.earlier.iter().map(String::as_str).collect();
        self.slot(EARLIER, &earlier, lexicon, &mut around);
        let session: Vec<&str> =
            view.calls.iter().chain(&view.answers).map(String::as_str).collect();
        self.slot(SESSION, &session, lexicon, &mut around);
        let mut system = Counts::default();
        self.slot(SYSTEM, &[&view.system], lexicon, &mut system);
        self.slot(RESULT, &[&view.result], lexicon, &mut around);
        self.structure = newest.structure_seen();
        self.seen = std::mem::take(&mut newest.seen);
        counts::dense(&newest, &around, &system, view, self.gate, &mut self.dense);
    }

    fn slot(&mut self, slot: usize, texts: &[&str], lexicon: &Lexicon, counts: &mut Counts) {
        static LOGARITHMS: LazyLock<[f32; MOST as usize + 1]> =
            LazyLock::new(|| std::array::from_fn(|count| (count as f32).ln_1p()));
        let logarithms = &*LOGARITHMS;
        let Some(&(seed, weight)) = SLOTS.get(slot) else { return };
        let gated = matches!(slot, EARLIER | SESSION | RESULT);
        let weight = if gated { weight * self.gate } else { weight };
        let scratch = &mut self.scratch;
        if scratch.places.is_empty() {
            scratch.places = vec![(0, 0); SCRATCH];
        }
        for text in texts {
            tokens(text, lexicon, counts, &mut |hash| scratch.add(hash));
        }
        if scratch.used.is_empty() {
            // That nothing is there says something too.
            self.push(mix(seed ^ 0x51ed), seed, 0.3 * weight);
            return;
        }
        let value = |count: u16| logarithms.get(usize::from(count)).copied().unwrap_or_default();
        let square: f32 = scratch
            .used
            .iter()
            .filter_map(|place| scratch.places.get(*place as usize))
            .map(|(_, count)| value(*count).powi(2))
            .sum();
        let scale = weight / square.sqrt();
        let used = std::mem::take(&mut scratch.used);
        for place in &used {
            let Some(held) = self.scratch.places.get_mut(*place as usize) else { continue };
            let (hash, count) = std::mem::take(held);
            self.push(hash, seed, value(count) * scale);
        }
        self.scratch.used = used;
        self.scratch.used.clear();
    }

    fn push(&mut self, hash: u64, seed: u64, value: f32) {
        let apart = mix(hash ^ seed) >> (64 - BITS);
        let shared = mix(hash) >> (64 - BITS);
        self.hashed.push((apart as u32, value));
        self.hashed.push((shared as u32 | 1 << BITS, value));
    }
}

/// Whether a turn means what was said before it: "go on".
pub(crate) fn says_little(text: &str) -> bool {
    letters(text) <= LITTLE
}

/// How much the session weighs beside the newest words: "go on" says nothing by
/// itself, a whole sentence hardly needs it.
fn gate(newest: &str) -> f32 {
    match letters(newest) {
        0..=LITTLE => 1.4,
        25..=60 => 0.1,
        _ => 0.0,
    }
}

/// How many letters of English say as much.
fn letters(text: &str) -> usize {
    let letters = |c| match c {
        '\u{4e00}'..='\u{9fff}' => 5,
        c if token::is_cjk(c) => 3,
        _ => 1,
    };
    text.chars().map(letters).sum()
}

/// The beginning of the first line and the end of the last one.
fn edges(text: &str) -> (&str, &str) {
    let first = text.lines().next().unwrap_or_default();
    let last = text.lines().next_back().unwrap_or_default();
    let at = |text: &str, from: usize| {
        (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
    };
    let head = first.get(..at(first, EDGE_BYTES.min(first.len()))).unwrap_or(first);
    let tail = last.get(at(last, last.len().saturating_sub(EDGE_BYTES))..).unwrap_or(last);
    (head, tail)
}

fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 29)
}
