//! For tests: one JSON value in any of the spellings that mean the same.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;

/// Decides what JSON leaves open: blanks, escapes, the order of keys.
#[derive(Debug)]
pub(super) struct Spelling {
    choices: Vec<u8>,
    next: usize,
}

impl Spelling {
    /// Makes these choices, over and over.
    pub(super) fn new(choices: Vec<u8>) -> Self {
        Self { choices, next: 0 }
    }

    pub(super) fn any() -> impl Strategy<Value = Self> {
        proptest::collection::vec(any::<u8>(), 1..64).prop_map(Self::new)
    }

    fn choose(&mut self, among: usize) -> usize {
        self.next += 1;
        self.choices
            .get((self.next - 1) % self.choices.len())
            .map_or(0, |byte| *byte as usize % among)
    }

    pub(super) fn write(&mut self, value: &Value) -> Vec<u8> {
        let mut out = String::new();
        self.value(value, &mut out);
        out.into_bytes()
    }

    fn value(&mut self, value: &Value, out: &mut String) {
        self.blank(out);
        match value {
            Value::String(text) => self.string(text, out),
            Value::Array(all) => {
                out.push('[');
                for (at, one) in all.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    self.value(one, out);
                }
                self.blank(out);
                out.push(']');
            }
            Value::Object(all) => {
                let mut all: Vec<_> = all.iter().collect();
                let first = self.choose(all.len().max(1));
                all.rotate_left(first);
                out.push('{');
                for (at, (key, one)) in all.into_iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    self.blank(out);
                    self.string(key, out);
                    self.blank(out);
                    out.push(':');
                    self.value(one, out);
                }
                self.blank(out);
                out.push('}');
            }
            plain => write!(out, "{plain}").unwrap(),
        }
        self.blank(out);
    }

    fn blank(&mut self, out: &mut String) {
        out.push_str(["", "", "", " ", "\n", "\t \r\n"][self.choose(6)]);
    }

    fn string(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match (self.choose(8), c) {
                (0, c) => units(c, |unit| write!(out, "\\u{unit:04x}").unwrap()),
                (1, c) => units(c, |unit| write!(out, "\\u{unit:04X}").unwrap()),
                (2, '/') => out.push_str("\\/"),
                (_, '"') => out.push_str("\\\""),
                (_, '\\') => out.push_str("\\\\"),
                (_, '\n') => out.push_str("\\n"),
                (_, '\r') => out.push_str("\\r"),
                (_, '\t') => out.push_str("\\t"),
                (_, c) if u32::from(c) < 0x20 => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
                (_, c) => out.push(c),
            }
        }
        out.push('"');
    }
}

fn units(c: char, mut each: impl FnMut(u16)) {
    c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| each(*unit));
}

/// Any small JSON value.
pub(super) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<i16>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Any short text, of what is hard in JSON more often than not.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\"\\\\{}\\[\\]:,\n\t/<>a\u{e9}\u{4e2d}\u{1f980}]{0,12}",
        "\\PC{0,12}",
        proptest::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
    ]
}
