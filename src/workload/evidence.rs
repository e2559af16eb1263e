//! What an estimate rests on, in words that a user understands.
//!
//! A line names words of planguard's own list. One that speaks for other work
//! is only there if the estimate moves towards unclear without them: that is
//! tried, not assumed. What speaks for coding is counted: most requests are
//! coding, and a second reading of each would cost what the first one did.

use super::{
    View,
    features::{Features, Term, Topic},
    model::{Estimate, Model},
};
use crate::exchange::Evidence;

/// How many topics are tried, and how many words a line names.
const LINES: usize = 1;
const WORDS: usize = 6;

/// What `estimate` of `view`, whose features these are, rests on.
pub(super) fn evidence(
    model: &Model,
    view: &View,
    estimate: Estimate,
    features: &mut Features,
) -> Vec<Evidence> {
    let other = estimate.log_odds() > 0.0;
    let seen = std::mem::take(&mut features.seen);
    let structure = std::mem::take(&mut features.structure);
    let mut lines = Vec::new();
    for topic in topics(&seen, other) {
        let named = seen.iter().filter(|term| term.topic == topic).map(|term| term.text);
        let words: Vec<_> = named.take(WORDS).collect();
        let line = |weight| Evidence::new(format!("words_of_{}", topic.name()), weight);
        if !other {
            lines.push(line(-(words.len() as i32)).words(words));
            continue;
        }
        let left = view.with_newest(without(&view.newest, &words));
        model.features(&left, features);
        let moved = estimate.log_odds() - model.estimate(features).log_odds();
        let weight = (100.0 * moved) as i32;
        if weight > 0 {
            lines.push(line(weight).words(words));
        }
    }
    if !other {
        let plain = |(name, count): (&str, u32)| {
            Evidence::new(name.replace(' ', "_"), -(count.min(99) as i32))
        };
        lines.extend(structure.into_iter().take(3).map(plain));
    } else if structure.is_empty() && !seen.iter().any(|term| Topic::SOFTWARE.contains(&term.topic))
    {
        let weight = (100.0 * estimate.log_odds()) as i32;
        lines.push(Evidence::new("nothing_that_speaks_of_software", weight));
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.weight.abs()));
    lines
}

/// The topics of one side with the most words.
fn topics(seen: &[Term], other: bool) -> Vec<Topic> {
    let mut counts: Vec<(Topic, usize)> = Vec::new();
    for term in seen {
        let software = Topic::SOFTWARE.contains(&term.topic) || term.topic == Topic::Computing;
        if software == other {
            continue;
        }
        match counts.iter_mut().find(|(topic, _)| *topic == term.topic) {
            Some((_, count)) => *count += 1,
            None => counts.push((term.topic, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(LINES);
    counts.into_iter().map(|(topic, _)| topic).collect()
}

/// `text` with every occurrence of `words` taken out.
pub(super) fn without(text: &str, words: &[&str]) -> String {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let lower: Vec<char> =
        letters.iter().map(|(_, c)| c.to_lowercase().next().unwrap_or(*c)).collect();
    let mut gone = vec![false; lower.len()];
    for word in words {
        let word: Vec<char> = word.chars().collect();
        let alone = word.first().is_some_and(|c| !super::features::is_cjk(*c));
        let joins =
            |at: Option<&char>| alone && at.is_some_and(|c| c.is_alphanumeric() || *c == '_');
        for at in 0..lower.len().saturating_sub(word.len().saturating_sub(1)) {
            let end = at + word.len();
            let here = lower.get(at..end) == Some(word.as_slice());
            if here
                && !joins(at.checked_sub(1).and_then(|at| lower.get(at)))
                && !joins(lower.get(end))
            {
                gone.iter_mut().take(end).skip(at).for_each(|gone| *gone = true);
            }
        }
    }
    letters.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|((_, c), _)| *c).collect()
}
