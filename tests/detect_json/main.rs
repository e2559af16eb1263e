//! The JSON walker: beside serde_json here, and alone in the modules.

mod bounds;
mod kept;
mod says;
mod text;

use planguard::{
    detect::json::{Mode, Progress, Walker},
    profile::{Leaves, Scalar},
};
use proptest::prelude::*;
use serde_json::Value;

fn walk(mode: Mode, json: &[u8], size: usize) -> Walker {
    let mut walker = Walker::new(mode);
    for chunk in json.chunks(size.max(1)) {
        walker.feed(chunk);
    }
    walker.finish();
    walker
}

fn flatten(at: &str, value: &Value, depth: usize, out: &mut Vec<(String, Scalar)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            flatten(&format!("{at}/{key}"), value, depth + 1, out);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| {
            flatten(&format!("{at}/{index}"), value, depth + 1, out);
        }),
        _ if depth > 8 => {}
        Value::String(text) => out.push((at.to_owned(), Scalar::String(text.clone()))),
        Value::Number(number) => out.push((at.to_owned(), Scalar::Number(number.to_string()))),
        Value::Bool(flag) => out.push((at.to_owned(), Scalar::Bool(*flag))),
        Value::Null => out.push((at.to_owned(), Scalar::Null)),
    }
}

fn leaves(leaves: &Leaves) -> Vec<(String, Scalar)> {
    leaves.iter().map(|(at, value)| (at.to_owned(), value.clone())).collect()
}

fn any_json() -> impl Strategy<Value = Value> {
    let text =
        || proptest::string::string_regex("[a-c~/\"\\\\\n\u{e9}\u{4e00}\u{1f600}]{0,6}").unwrap();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(12, 100, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(text(), inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn every_scalar_of_any_json_is_kept_under_its_pointer(value in any_json(), size in 1..9usize, pretty in any::<bool>()) {
        let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let mut expected = Vec::new();
        flatten("", &value, 0, &mut expected);
        let walker = walk(Mode::Everything, json.as_bytes(), size);
        prop_assert_eq!(walker.progress(), Progress::Complete);
        prop_assert_eq!(leaves(walker.leaves()), expected);
    }

    #[test]
    fn escaped_text_reads_as_serde_reads_it(text in ".{0,20}", size in 1..9usize) {
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let walker = walk(Mode::Everything, format!(r#"{{"{escaped}":"{escaped}"}}"#).as_bytes(), size);
        let pointer = format!("/{}", text.replace('~', "~0").replace('/', "~1"));
        prop_assert_eq!(walker.leaves().get(&pointer), Some(&Scalar::String(text)));
    }

    #[test]
    fn what_is_kept_of_a_success_is_part_of_everything(value in any_json(), size in 1..9usize) {
        let json = serde_json::to_string(&value).unwrap();
        let all = leaves(walk(Mode::Everything, json.as_bytes(), size).leaves());
        let walker = walk(Mode::Signals, json.as_bytes(), size);
        prop_assert_eq!(walker.progress(), Progress::Complete);
        prop_assert!(leaves(walker.leaves()).iter().all(|leaf| all.contains(leaf)));
    }

    #[test]
    fn the_walk_stops_at_the_end_of_the_value(value in any_json(), tail in "[ x{}\"]{0,5}") {
        prop_assume!(value.is_object() || value.is_array() || value.is_string());
        let json = serde_json::to_string(&value).unwrap();
        let mut walker = Walker::new(Mode::Everything);
        prop_assert_eq!(walker.feed(format!("{json}{tail}").as_bytes()), json.len());
        prop_assert!(walker.progress() == Progress::Complete);
    }
}

#[test]
fn what_is_no_json_is_broken_where_it_stops_being_json() {
    for (json, at) in [
        ("{'a':1}", 1),
        ("{\"a\" 1}", 5),
        ("{\"a\":tru }", 8),
        ("{\"a\":1]", 6),
        ("[1}", 2),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{,}", 1),
        ("<html>", 0),
        ("nul!", 3),
    ] {
        let mut walker = Walker::new(Mode::Everything);
        assert_eq!(walker.feed(json.as_bytes()), at, "{json}");
        assert_eq!(walker.progress(), Progress::Broken, "{json}");
    }
}
