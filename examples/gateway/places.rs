//! Where each setting stands, so that one that is wrong can be found.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// Places of settings by their keys: `listen`, `timeouts.idle_secs`,
/// `upstream.0`.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeMap<String, String>);

impl Places {
    /// Those of all settings in `text`, a file that is called `name`.
    pub fn in_file(name: &str, text: &str) -> Self {
        let mut places = Self::default();
        if let Ok(table) = DeTable::parse(text) {
            let place = |at: usize| format!("{name}, line {}", before(text, at).1);
            places.add("", table.get_ref(), &place);
        }
        places
    }

    fn add(&mut self, prefix: &str, table: &DeTable<'_>, place: &impl Fn(usize) -> String) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            self.0.insert(key.clone(), place(name.span().start));
            match value.get_ref() {
                DeValue::Table(table) => self.add(&format!("{key}."), table, place),
                DeValue::Array(elements) => {
                    for (number, element) in elements.iter().enumerate() {
                        self.0.insert(format!("{key}.{number}"), place(element.span().start));
                    }
                }
                _ => {}
            }
        }
    }

    /// `key`, and all that is within it, stands in this variable instead.
    pub fn replace(&mut self, key: &str, variable: String) {
        self.0.retain(|known, _| !known.starts_with(&format!("{key}.")));
        self.0.insert(key.to_owned(), variable);
    }

    /// Where `key` stands, or what it is within.
    pub fn find(&self, key: &str) -> Option<&str> {
        let outer = || self.find(key.rsplit_once('.')?.0);
        self.0.get(key).map(String::as_str).or_else(outer)
    }
}

/// What stands before the byte `at`, and the number of its line.
pub fn before(text: &str, at: usize) -> (&str, usize) {
    let before = text.get(..at).unwrap_or_default();
    (before, before.matches('\n').count() + 1)
}
