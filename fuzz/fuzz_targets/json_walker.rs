//! The JSON walker: the same facts at any chunking, and those that serde_json
//! finds wherever that can parse.
#![no_main]

use libfuzzer_sys::fuzz_target;
use planguard::{
    detect::json::{Mode, Progress, Walker},
    profile::Scalar,
};
use planguard_fuzz::pieces;
use serde_json::Value;

fn walk(mode: Mode, pieces: &[&[u8]]) -> Walker {
    let mut walker = Walker::new(mode);
    for piece in pieces {
        walker.feed(piece);
    }
    walker.finish();
    walker
}

fn says_the_same(ours: &Scalar, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Scalar::String(ours), Value::String(theirs)) => theirs.starts_with(&**ours),
        // serde_json rounds numbers: only that it is one can be compared.
        (Scalar::Number(_), Value::Number(_)) | (Scalar::Null, Value::Null) => true,
        (Scalar::Bool(ours), Value::Bool(theirs)) => ours == theirs,
        _ => false,
    }
}

fn scalars(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.iter().map(scalars).sum(),
        Value::Object(all) => all.values().map(scalars).sum(),
        _ => 1,
    }
}

fuzz_target!(|input: (bool, Vec<u8>, &[u8])| {
    let (everything, lengths, body) = input;
    let mode = if everything { Mode::Everything } else { Mode::Signals };
    let whole = walk(mode, &[body]);
    for lengths in [&lengths[..], &[1]] {
        let cut = walk(mode, &pieces(body, lengths));
        assert_eq!(cut.leaves(), whole.leaves(), "in pieces of {lengths:?}");
        assert_eq!(cut.progress(), whole.progress());
        assert_eq!((cut.head(), cut.is_error()), (whole.head(), whole.is_error()));
        assert_eq!(cut.is_whole(), whole.is_whole());
    }
    assert!(whole.leaves().len() <= 256);

    let Ok(value) = serde_json::from_slice::<Value>(body) else { return };
    assert_eq!(whole.progress(), Progress::Complete, "serde_json can read it");
    // Fewer: some object has a key twice, of which the walker counts the first
    // one and serde_json the last.
    let comparable = scalars(&value) == whole.leaves().len();
    if everything && whole.is_whole() && comparable {
        for (pointer, scalar) in whole.leaves().iter() {
            let theirs = value.pointer(pointer).expect("serde_json has it too");
            assert!(says_the_same(scalar, theirs), "{pointer}: {scalar:?}, not {theirs}");
        }
    }
});
