//! Things by name, looked up as fast among a thousand as among ten.

use std::cmp::Ordering;

/// Names of one length stand together, the longest ones first: lengths tell
/// most names apart.
#[derive(Debug)]
pub(super) struct ByName<T>(Vec<Shelf<T>>);

#[derive(Debug)]
struct Shelf<T> {
    /// The length of every name here.
    len: usize,
    /// In the order of the names.
    named: Vec<(String, T)>,
}

impl<T> ByName<T> {
    /// What is called `name`; made by `make` if there is no such thing.
    pub(super) fn entry(&mut self, name: &str, make: impl FnOnce() -> T) -> &mut T {
        let len = name.len();
        let at = self.0.binary_search_by(|shelf| len.cmp(&shelf.len)).unwrap_or_else(|at| {
            self.0.insert(at, Shelf { len, named: Vec::new() });
            at
        });
        let named = &mut self.0[at].named;
        let at = named.binary_search_by(|(own, _)| (**own).cmp(name)).unwrap_or_else(|at| {
            named.insert(at, (name.to_owned(), make()));
            at
        });
        &mut named[at].1
    }

    /// What is called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.shelf(name.len())?.get(name)
    }

    /// What is called `name`, whatever the case of `name`, if all names are
    /// in lower case.
    pub(super) fn get_in_any_case(&self, name: &str) -> Option<&T> {
        let lower = || name.bytes().map(|byte| byte.to_ascii_lowercase());
        self.shelf(name.len())?.search(|own| own.bytes().cmp(lower()))
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
            _ => self.search(|own| own.cmp(name)),
        }
    }

    #[inline(never)]
    fn search(&self, order: impl Fn(&str) -> Ordering) -> Option<&T> {
        let at = self.named.binary_search_by(|(own, _)| order(own)).ok()?;
        Some(&self.named.get(at)?.1)
    }
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
