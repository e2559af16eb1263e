//! Things by name, looked up as fast among a thousand as among ten.

use std::{collections::HashMap, hash::BuildHasherDefault};

use siphasher::sip::SipHasher13;

/// No host name is longer.
const MAX_HOST: usize = 255;

/// Names of one length stand together, the longest ones first: lengths tell
/// most names apart.
#[derive(Debug)]
pub(super) struct ByName<T>(Vec<Shelf<T>>);

#[derive(Debug)]
struct Shelf<T> {
    /// The length of every name here.
    len: usize,
    named: Vec<(String, T)>,
    /// Where each of them stands. Whoever chooses the names chooses their
    /// profiles too, so the hash needs no secret.
    places: HashMap<String, usize, BuildHasherDefault<SipHasher13>>,
}

impl<T> ByName<T> {
    /// What is called `name`; made by `make` if there is no such thing.
    pub(super) fn entry(&mut self, name: &str, make: impl FnOnce() -> T) -> &mut T {
        let len = name.len();
        let at = self.0.binary_search_by(|shelf| len.cmp(&shelf.len)).unwrap_or_else(|at| {
            self.0.insert(at, Shelf { len, named: Vec::new(), places: HashMap::default() });
            at
        });
        let Shelf { named, places, .. } = &mut self.0[at];
        let place = *places.entry(name.to_owned()).or_insert_with(|| {
            named.push((name.to_owned(), make()));
            named.len() - 1
        });
        &mut named[place].1
    }

    /// What is called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.shelf(name.len())?.get(name)
    }

    /// What is called `name`, whatever the case of `name`, if all names are
    /// in lower case.
    pub(super) fn get_in_any_case(&self, name: &str) -> Option<&T> {
        let shelf = self.shelf(name.len())?;
        if let [(own, it)] = &*shelf.named {
            return own.eq_ignore_ascii_case(name).then_some(it);
        }
        let mut lower = [0; MAX_HOST];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        shelf.search(std::str::from_utf8(lower).ok()?)
    }

    /// What `pick` takes of what is called as the longest run of whole segments
    /// in front of `path`; if nothing, of the next longest.
    pub(super) fn in_front_of<'t, U>(
        &'t self,
        path: &str,
        pick: impl Fn(&'t T) -> Option<U>,
    ) -> Option<U> {
        self.0.iter().find_map(|shelf| {
            // The end of the segment first: it tells most places apart.
            match path.as_bytes().get(shelf.len) {
                None | Some(b'/') => pick(shelf.get(path.get(..shelf.len)?)?),
                Some(_) => None,
            }
        })
    }

    fn shelf(&self, len: usize) -> Option<&Shelf<T>> {
        self.0.iter().find(|shelf| shelf.len == len)
    }
}

impl<T> Shelf<T> {
    fn get(&self, name: &str) -> Option<&T> {
        match &*self.named {
            // As on most.
            [(own, it)] => (own == name).then_some(it),
            _ => self.search(name),
        }
    }

    #[inline(never)]
    fn search(&self, name: &str) -> Option<&T> {
        Some(&self.named.get(*self.places.get(name)?)?.1)
    }
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
