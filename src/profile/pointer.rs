//! Where a rule looks in a JSON value: JSON pointers with two more kinds of
//! segment, `*` and `[key=text]` or `[key~text]`.

use std::collections::HashSet;

use super::{Leaves, Scalar};

/// A parsed pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    source: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// One key or index, escaped as in the source.
    Key(String),
    /// Any one key or index.
    Every,
    /// Any one whose own `key` is, or holds, a text.
    Selected { key: String, whole: bool, text: String },
}

impl Pointer {
    /// Parses RFC 6901 with `*` and at most one selector.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let bad = |why: &str| Err(format!("bad pointer `{source}`: {why}"));
        let Some(rest) = source.strip_prefix('/') else {
            return bad("it must start with `/`");
        };
        let mut segments = Vec::new();
        for segment in rest.split('/') {
            segments.push(match segment {
                "*" => Segment::Every,
                _ if segment.starts_with('[') => match selector(segment) {
                    Some(selector) => selector,
                    None => return bad("a selector is `[key=text]` or `[key~text]`"),
                },
                _ if !is_escaped(segment) => return bad("`~` stands only in `~0` and `~1`"),
                _ => Segment::Key(segment.to_owned()),
            });
        }
        if segments.iter().filter(|s| matches!(s, Segment::Selected { .. })).count() > 1 {
            return bad("at most one selector");
        }
        Ok(Self { source: source.to_owned(), segments })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    fn is_exact(&self) -> bool {
        self.segments.iter().all(|segment| matches!(segment, Segment::Key(_)))
    }

    /// The first scalar there.
    pub(super) fn first<'l>(&self, leaves: &'l Leaves) -> Option<&'l Scalar> {
        if self.is_exact() {
            return leaves.get(&self.source);
        }
        let chosen = self.chosen(leaves);
        leaves.iter().find(|(at, _)| self.reaches(at, &chosen, false)).map(|(_, scalar)| scalar)
    }

    /// Whether a scalar there passes `test`.
    pub(super) fn any(&self, leaves: &Leaves, test: impl Fn(&Scalar) -> bool) -> bool {
        if self.is_exact() {
            return leaves.get(&self.source).is_some_and(test);
        }
        let chosen = self.chosen(leaves);
        leaves.iter().any(|(at, scalar)| self.reaches(at, &chosen, false) && test(scalar))
    }

    /// Whether anything but `null` stands there or below.
    pub(super) fn stands(&self, leaves: &Leaves) -> bool {
        let chosen = self.chosen(leaves);
        let mut all = leaves.iter();
        all.any(|(at, scalar)| *scalar != Scalar::Null && self.reaches(at, &chosen, true))
    }

    /// The elements that the selector selects, by their pointers: one pass,
    /// so that a hostile array costs no quadratic time.
    fn chosen<'l>(&self, leaves: &'l Leaves) -> HashSet<&'l str> {
        let mut chosen = HashSet::new();
        let Some(index) = self.segments.iter().position(|s| matches!(s, Segment::Selected { .. }))
        else {
            return chosen;
        };
        let (before, selected) = self.segments.split_at(index);
        let Some(Segment::Selected { key, whole, text }) = selected.first() else {
            return chosen;
        };
        for (at, scalar) in leaves.iter() {
            let Some((element, last)) = at.rsplit_once('/') else { continue };
            let Some((array, _)) = element.rsplit_once('/') else { continue };
            let holds = last == key
                && scalar.text().is_some_and(|found| {
                    if *whole { found == text } else { found.contains(text.as_str()) }
                });
            if holds && walk(before, array, &HashSet::new()) == Some("") {
                chosen.insert(element);
            }
        }
        chosen
    }

    /// Whether `at` is this pointer, or, with `below`, under it.
    fn reaches(&self, at: &str, chosen: &HashSet<&str>, below: bool) -> bool {
        walk(&self.segments, at, chosen).is_some_and(|rest| below || rest.is_empty())
    }
}

/// What of `at` is left when all `segments` match its front.
fn walk<'a>(segments: &[Segment], at: &'a str, chosen: &HashSet<&str>) -> Option<&'a str> {
    let mut rest = at;
    for segment in segments {
        let tail = rest.strip_prefix('/')?;
        let end = tail.find('/').unwrap_or(tail.len());
        let (name, after) = tail.split_at(end);
        let fits = match segment {
            Segment::Key(key) => key == name,
            Segment::Every => true,
            Segment::Selected { .. } => {
                at.get(..at.len() - after.len()).is_some_and(|element| chosen.contains(element))
            }
        };
        if !fits {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

fn selector(segment: &str) -> Option<Segment> {
    let inner = segment.strip_prefix('[')?.strip_suffix(']')?;
    let split = inner.find(['=', '~'])?;
    let (key, test) = inner.split_at(split);
    let (whole, text) = (test.starts_with('='), test.get(1..)?);
    if key.is_empty() || text.is_empty() {
        return None;
    }
    Some(Segment::Selected { key: key.to_owned(), whole, text: text.to_owned() })
}

fn is_escaped(segment: &str) -> bool {
    segment.split('~').skip(1).all(|after| after.starts_with(['0', '1']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(of: &[(&str, &str)]) -> Leaves {
        let mut leaves = Leaves::default();
        for (at, text) in of {
            leaves.push((*at).to_owned(), Scalar::String((*text).to_owned()));
        }
        leaves
    }

    #[test]
    fn a_star_stands_for_every_element_and_nothing_deeper() {
        let pointer = Pointer::parse("/choices/*/finish_reason").unwrap();
        let is = |scalar: &Scalar| scalar.text() == Some("sensitive");
        assert!(pointer.any(&leaves(&[("/choices/7/finish_reason", "sensitive")]), is));
        assert!(!pointer.any(&leaves(&[("/choices/7/delta/finish_reason", "sensitive")]), is));
        assert!(!pointer.any(&leaves(&[("/choices/finish_reason", "sensitive")]), is));
    }

    #[test]
    fn a_selector_takes_the_element_whose_own_key_fits() {
        let pointer = Pointer::parse("/error/details/[@type~ErrorInfo]/reason").unwrap();
        let of = leaves(&[
            ("/error/details/0/@type", "google.rpc.RetryInfo"),
            ("/error/details/0/reason", "DECOY"),
            ("/error/details/1/reason", "TOS_VIOLATION"),
            ("/error/details/1/@type", "type.googleapis.com/google.rpc.ErrorInfo"),
        ]);
        assert_eq!(pointer.first(&of).and_then(Scalar::text), Some("TOS_VIOLATION"));
        assert!(!pointer.any(&of, |scalar| scalar.text() == Some("DECOY")));
    }

    #[test]
    fn null_does_not_stand_there_but_what_is_below_does() {
        let pointer = Pointer::parse("/error").unwrap();
        let mut null = Leaves::default();
        null.push("/error".to_owned(), Scalar::Null);
        assert!(!pointer.stands(&null));
        assert!(pointer.stands(&leaves(&[("/error/code", "1")])));
        assert!(!pointer.stands(&leaves(&[("/errors", "1")])));
    }

    #[test]
    fn a_bad_pointer_is_refused_with_a_reason() {
        for bad in ["", "error", "/a~2", "/a~", "/[x]", "/[=y]", "/[a=b]/[c=d]"] {
            assert!(Pointer::parse(bad).unwrap_err().starts_with("bad pointer"), "{bad}");
        }
    }
}
